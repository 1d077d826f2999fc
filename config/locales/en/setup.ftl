# What `takaza setup` says in English. Every message here stands in hi.ftl too, with the same variables.

hello =
    This asks its way to a first post of your unit to its own test account. The post names no bank.
    You can stop at any question (Ctrl-C) and run the same command again: what is done is not asked again.
interrupted = The answers ended here. Run `takaza setup` again: it goes on where it stopped.
not-done = That did not work: { $reason }
say-yes-or-no = Please answer yes or no.
needs-answer = An answer is needed here.
step-folder = — The folder
folder-why = Everything of one unit lies in one folder: its configuration, its ledger, its keys. Nobody else should be able to read it.
folder-ask = Which folder? (Enter: { $default })
folder-is = Folder: { $folder }
step-unit = — The unit
unit-why = The unit's names stand in every public text. The reference prefix begins each reference (EXD in EXD-7F3K2). They go into { $file }; what stands there already is kept.
name-en-ask = The unit's name in English?
name-hi-ask = The unit's name in Hindi?
prefix-ask = Reference prefix? (two to six capital letters A to Z)
step-people = — The people
people-why = Three people: an administrator manages people and accounts, an approver approves each post, and a third confirms the approver. Nobody makes themselves an approver. A passphrase has 12 characters at least.
admin-why = First the administrator. They approve nothing.
approver-why = Now the approver (the DCP, say). The administrator gives a first passphrase, and the approver replaces it by their own before anything else.
second-why = Now a third person, an auditor: they read everything, change nothing, and confirm the approver's role.
id-ask = The short name they sign with? (lower-case letters, digits, dots, dashes; Enter: { $default })
person-name-ask = Their name and rank?
order-ask = The number of the order that makes them approver?
first-passphrase-ask = A first passphrase for { $person }
new-passphrase-ask = { $person }, your own new passphrase
again-ask = Once more
passphrase-ask = Passphrase of { $person }
own-passphrase-why = { $person } must now come to the keyboard: the first passphrase is good for one act, choosing one's own.
passphrases-differ = The two differ.
person-added = { $person } is in the ledger as { $role }.
confirmed = { $person }'s role is confirmed and in force.
people-are = People: { $admin } (administrator), { $approver } (approver), { $second } (confirms)
step-authority = — The authority
authority-why = No account goes live without the number of the state's social-media policy and of the DCP's written authorisation to post. A test account is no exception.
policy-ask = The policy's number? (Enter: not there yet)
authorisation-ask = The number of the written authorisation? (Enter: not there yet)
authority-missing = Without both numbers this ends here. Run `takaza setup` again once you have them.
step-account = — The test account
account-why = The first post goes to an account of the unit's own that the public cannot read. It is kept in a ledger of its own, { $folder }, with no bank in it: nothing about a real case can go to the test account, and the test account cannot get into the real ledger.
platform-ask = Which platform: mastodon, bluesky, x, or hand-off (an officer posts by hand)? (Enter: mastodon)
platform-unknown = Please write mastodon, bluesky, x or hand-off.
by-hand-ask = On which platform does the officer post? (Enter: x)
server-ask = The address of the server, with https:// ?
handle-ask = The account's handle?
token-why = Now its token (Mastodon: Settings, Development, a new application with read and write; Bluesky: an app password). It is kept in { $file }, readable by you alone. Or name a file that holds it: file:PATH
token-ask = The token (it is not shown)
protection-mastodon = Posts go to followers only (visibility “private”). See that nobody follows the account who should not read the test.
protection-x = On X only a protected account hides its posts: Settings, Privacy and safety, Audience and tagging, “Protect your posts”. Its profile then shows a lock. X does not tell takaza so.
protection-bluesky = Bluesky has no protected accounts: everybody can read the test post. It names no bank, and you can delete it right after.
protection-hand-off = What an officer posts by hand is protected if the account is: set it to followers only, or protected, first.
protection-ask-x = Is the account protected? (yes/no)
protection-ask-bluesky = Post it although everybody can read it? (yes/no)
protection-ask-hand-off = Is the account protected? (yes/no)
protection-no = Then nothing is posted. Run `takaza setup` again when it is so.
x-client-why = X asks every program who it is. In X's developer console make an app for the unit: type “Native App”, permission to read and write, callback address { $redirect }. Its client id is no secret and goes into [x] of takaza.toml. (A confidential client has a secret besides: write x.client_secret_from there first.)
x-client-ask = The app's OAuth 2.0 client id? (Enter: not there yet)
x-client-missing = Without the client id the account cannot be connected. Run `takaza setup` again once you have it, or choose hand-off.
x-browser-ask = The account now says yes in a browser. Is that browser on this machine? (yes/no)
x-open =
    Open this address in the browser, as the test account, and say yes:

    { $address }

    It is waited for { $minutes } minutes.
x-open-elsewhere =
    Open this address in a browser on another machine, as the test account, and say yes:

    { $address }

    The browser then ends at an address that it cannot open. Copy that address whole.
x-paste-ask = The address that the browser ended at (it is not shown)
x-again-ask = Once more? (yes/no)
x-later = The account is not connected. Run `takaza setup` again when you want to.
x-busy = { $address } cannot be listened on ({ $reason }). End what uses it, or answer that the browser is on another machine.
x-nobody = nobody came back within { $seconds } seconds.
x-nothing-pasted = nothing was pasted.
x-refused = access was not granted ({ $reason }). Nothing was stored.
x-foreign = this is no answer to the address that was just printed. Copy the whole address that the browser ended at. Nothing was stored.
x-code-late = X did not take the code ({ $reason }). It lives for half a minute: be quicker.
x-code-not-now = the code could not be exchanged ({ $reason }). Look at [x] in takaza.toml and at the network.
x-code-lost = X's answer was lost ({ $reason }), and nothing is stored. The account's connected apps then show takaza once.
x-missing-scopes = X did not grant all that was asked for (missing: { $scopes }). Look at x.scopes in takaza.toml and at the app's permissions.
x-nameless = X did not say whose the grant is ({ $reason }).
x-other-account = the browser was signed in as @{ $handle }, and the account is @{ $meant }. Sign in there as @{ $meant }.
x-new-ended = X ended the new grant again; nothing of it stands.
x-new-stands = THE NEW GRANT COULD NOT BE ENDED ({ $reason }): on X, as that account, take takaza out of the connected apps.
prefix-wrong = a prefix has two to six capital letters A to Z.
passphrase-wrong = the passphrase is wrong.
passphrase-short = a passphrase has { $least } characters at least; four random words do well.
passphrase-same = that is the passphrase you have. Choose another.
id-wrong = a name to sign with has lower-case letters, digits, dots and dashes, 40 at most, and begins with a letter.
platform-none = there is no such platform; there are: { $all }
not-confirmed = { $server } did not confirm the token ({ $reason }). Check the address and the token: it needs to read and write, and belongs to the unit's own account.
no-such-file = { $file } cannot be read ({ $reason }).
why-no-answer = there is no answer yet
why-failed = the work on it failed ({ $reason })
why-withdrawn = it was withdrawn before it went ({ $reason })
why-refused = the platform refused it ({ $reason })
why-uncertain = nobody knows yet whether it went ({ $reason })
why-waiting = it waits ({ $reason })
checking = Asking the server whose token it is …
account-is = Test account: @{ $handle } on { $platform }
live-why = The approver turns the test account live. Only from then on can anything go out from it.
live-now = { $account } is live, by { $person }.
stop-before-post = Stopped before the post, as asked (--no-post).
step-post = — The first post
post-why = The post takes the one way that every post takes: three invented cases, a draft, an approval of its exact bytes, one attempt, the record. It says that it is a test, and names no bank.
post-shows = Exactly this goes out, from @{ $handle }, visible to: { $visibility }
visible-private = followers only
visible-public = whoever can read the account
post-ask = { $person }, do you approve this text, and shall it go out now? (yes/no)
post-no = Nothing was posted. Run `takaza setup` again when you want to.
post-sending = Sending …
post-is = The first post is out: { $link }
post-not-yet = It is not known to have gone as it should: { $reason }. Run `takaza setup` again: it looks again, and sends nothing twice. What is known: `takaza post list --data { $folder }`
post-none = No post could be drafted: `takaza cases silenced --data { $folder }` says why.
post-by-hand =
    An officer posts it by hand; the approver can do it here, too:
      takaza handoff take { $reference } --language { $language } --as { $person } --data { $folder }
      takaza handoff done { $reference } --language { $language } --permalink LINK --as { $person } --data { $folder }
delete-ask = Delete the post again? It goes by the same way. (yes/no)
deleted = The post is deleted. Its history stays in the record.
kept = The post stays.
was-deleted = The first post was made and deleted: { $link }
next =
    That was the whole way. What comes next:
      takaza doctor --data { $folder }            what is still missing, and what to do
      takaza cases import FILE --mapping MAPPING --dry-run --data { $folder }
      takaza account add … --data { $folder }     the unit's real account
      takaza serve --shadow --data { $folder }    everything but sending
