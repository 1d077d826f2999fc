# Posts: every delivery, one post's whole history, hand-offs, and how a wrong post is set right.
nav-posts = Posts
posts-all = all
posts-account = Account
posts-sender = Posted
posts-sender-api = by the program
posts-sender-hand-off = by hand
posts-approved-only = only what is approved
posts-to-do = To post by hand
posts-in-doubt = In doubt
posts-everything = Everything
posts-empty = There is no such post.
posts-latest = Latest
posts-older = Older
posts-not-approved = not approved yet
posts-asks = asks a person
posts-attempts = { $n ->
    [0] not tried yet
    [one] { $n } attempt
   *[other] { $n } attempts
 }
posts-costs = costs { $usd }
posts-cost = cost { $usd }
posts-open = Open the post
posts-drafted = drafted { $at }
posts-posted = posted { $at }

posts-state-waiting = waiting
posts-state-sending = being sent
posts-state-delivered = posted
posts-state-retracted = retracted
posts-state-withdrawn = withdrawn
posts-state-refused = refused
posts-state-uncertain = uncertain
posts-state-open = unfinished
posts-outcome-accepted = accepted
posts-outcome-not-sent = not sent
posts-outcome-throttled = told to wait
posts-outcome-account-blocked = account blocked
posts-outcome-refused = refused
posts-outcome-unknown = unknown
posts-outcome-put-off = put off
posts-outcome-withdrawn = withdrawn
posts-kind-reply = { $n ->
    [one] { $n } reply
   *[other] { $n } replies
 }
posts-kind-like = { $n ->
    [one] { $n } like
   *[other] { $n } likes
 }
posts-kind-repost = { $n ->
    [one] { $n } repost
   *[other] { $n } reposts
 }
posts-kind-quote = { $n ->
    [one] { $n } quote
   *[other] { $n } quotes
 }
posts-voice-bank = the bank’s verified account
posts-voice-look-alike = a LOOK-ALIKE of the bank’s account
posts-voice-other = others
posts-came = { $what } by { $voice }
posts-answer-reply = A reply by { $voice }
posts-answer-quote = A quote by { $voice }
posts-answer-unkept = Its text is not kept, or was erased under a rule.

posts-texts = Texts and where they are
posts-text-n = Text { $n }
posts-as-drafted = As it was drafted
posts-spoiler = Content warning
posts-deletes = Deletes the post { $what }.
posts-waits = Waits for
posts-why-held = an approver, or a standing order.
posts-why-held-link = See it in the queue
posts-why-pass = the next pass of the service.
posts-why-officer = somebody who takes it and posts it by hand.
posts-why-put-off = the time that it was put off to: { $at }.
posts-why-stopped = the stop switch to be lifted.
posts-why-tripped = the breaker to be reset. It has tripped: { $reason }
posts-why-restored = the restored ledger to be accepted.
posts-why-shadow = the end of the shadow running: nothing is sent.
posts-why-quiet = the end of the quiet hours, { $until }.
posts-why-bank-cap = the bank’s cap for a day, which is used up until { $until }.
posts-why-bank-interval = the least time between two posts about this bank, until { $until }.
posts-why-account-cap = the account’s cap, which is used up until { $until }.
posts-why-account-interval = the least time between two posts of this account, until { $until }.
posts-why-month = money: posting it costs { $price }, and { $account } has { $left } left for posts until { $until }.
posts-why-prices = a price list: the one of { $account } expired on { $expired }.
posts-why-batch = the next pass of the service; this one was full.
posts-why-not-live = the account { $account } to be turned live by a named person.
posts-why-paused = the account { $account }, which is paused: { $reason }
posts-why-silence = the end of the silence under { $label }, { $until }.
posts-why-authority = a new approval. The earlier one ended: { $reason }
posts-why-handle = the bank’s handle to be verified: { $reason }
posts-ends = It does not go out: { $why }
posts-being-sent = Being sent by { $holder }, until { $until }.
posts-doubt = Nobody saw how the attempt ended: { $why }
posts-doubt-since = In doubt since { $at }. Nothing is sent again until it is known.
posts-doubt-looks = takaza looks for it in the account’s own timeline: { $at }.
posts-doubt-empty = { $n ->
    [one] { $n } look has found nothing so far.
   *[other] { $n } looks have found nothing so far.
 }
posts-doubt-asks = Looking cannot tell: a person must. Look at the account yourself. If the post is there, enter its address here; if not, an approver says so.
posts-doubted-lease = its time ran out
posts-doubted-resend = it waited too long to be repeated safely
posts-doubted-restore = the ledger was restored

posts-attempts-of = Attempts
posts-attempt-n = No.
posts-attempt-claimed = Begun
posts-attempt-holder = By
posts-attempt-ended = Ended
posts-attempt-outcome = How
posts-attempt-open = its end is not recorded

posts-take = Take it: I post it by hand
posts-take-means = It is checked once more, counts against the limits, and is yours for { $length }.
posts-taken = It is yours. Post the text unchanged, and bring the post’s address back.{ $what }
posts-taken-by = { $holder } posts it by hand, until { $until }.
posts-text-to-post = The text, to be posted unchanged
posts-copy = Copy the text
posts-picture-alt = What the picture says
posts-picture-to-post = Its picture goes with it; this is the picture’s alternative text
posts-picture-download = Download the picture
posts-picture-copy = Copy the alternative text
posts-composer = Open the platform’s composer with it
posts-no-composer = This platform has no link that opens its composer: copy the text.
posts-from-account = From the account { $account } (@{ $handle }).
posts-permalink = The post’s own address
posts-done = It is posted
posts-done-approved = Noted. The post was read back, and its text is the approved one.{ $what }
posts-done-altered = Noted. ATTENTION: the post was read back, and its text is NOT the approved one. Correct or retract it.{ $what }
posts-done-unread = Noted. The post could not be read back: compare it with the approved text yourself.{ $what }
posts-done-unclaimed = ATTENTION: nobody had taken this text, so it went out unchecked. Sending has stopped. What is not true has to be set right.{ $what }
posts-done-second = ATTENTION: this is a second post for the same text. Sending has stopped. Delete one of the two.{ $what }
posts-not-posted = It was not posted
posts-not-posted-means = Say this only if you are sure: it may then be posted again, and the same accusation would stand there twice.
posts-not-posted-sure = I have looked at the account: the post is not there
posts-not-posted-done = Noted: { $what } was not posted, and waits again.
posts-refused-must-not = It must not be posted: { $why }
posts-refused-taker = Only who took it, or an approver, can say that it was not posted.
posts-refused-there = It is there: { $link } – enter this address instead.
posts-refused-blind = The account could not be read: { $why } Try again in a moment.
posts-refused-no-link = That is not a link to a post. Copy the address from the post itself.
posts-refused-elsewhere = That link does not lead to { $platform }.
posts-refused-other-account = That link leads to a post of another account than { $account }.
posts-refused-nothing = Nothing of { $what } was posted, so there is nothing to set right.
posts-refused-text = The drafted text may not be said: { $why } An administrator mends its template.

posts-set-right = Set it right
posts-set-right-means = Both are drafts: they go out when an approver clears them.
posts-retract = Retract
posts-retract-means = Deletes every post of this text, for everybody. The record keeps it.
posts-retract-do = Draft the retraction
posts-correct = Correct
posts-correct-means = A second post says what was wrong; the first one stays.
posts-correct-do = Draft the correction
posts-reason = Why, for the record
posts-reason-long = The reason is too long: 300 characters are the most.
posts-retract-drafted = { $what } is drafted: it deletes the posts. An approver must clear it.
posts-correct-drafted = { $what } is drafted: it corrects the post. An approver must clear it.
posts-about = It speaks of an earlier post
posts-sequels = What was drafted about it since

posts-authority = Words and authority
posts-written = Written by
posts-templates = the templates
posts-version = Wording
posts-drafted-at = Drafted
posts-cleared = Cleared
posts-cleared-by = { $who }, for exactly this text
posts-cleared-order = the standing order “{ $order }”, signed by { $who }
posts-cleared-past = past the stop switch
posts-cleared-until = Good until
posts-uncleared = by nobody
posts-outcome = Outcome
posts-hash = Hash

posts-annex = Annex for the bank’s nodal officer
posts-annex-means = Which cases the post speaks of. That you look at it goes on the record, with your name.
posts-annex-do = Show the annex
posts-annex-warning = For the bank’s verified nodal address only, by the unit’s own mail. Never in a reply, a direct message or a public text. That you saw this is on the record.
posts-annex-empty = No rows: they were erased under a rule, or it rests on none.
posts-annex-case = Case
posts-annex-kind = Asked for
posts-annex-amount = Amount
posts-annex-requested = Requested
posts-annex-delivered = Reached the bank
posts-annex-due = Due
posts-action-lien = lien
posts-action-hold = hold
posts-action-statement = statement
posts-action-kyc = KYC papers
posts-action-cctv = CCTV footage
posts-action-restore = restoring the money

posts-history = What happened
posts-leaf = leaf { $leaf }
posts-unsealed = not sealed yet
posts-by = by { $who }
posts-on = on { $authority }
posts-told-drafted = drafted, facts and { $texts } texts, hash { $hash }…
posts-told-edited = new wording, hash { $hash }…
posts-told-approved = approved for hash { $hash }…
posts-told-cleared = cleared under a standing order, hash { $hash }…
posts-told-rejected = rejected: { $why }
posts-told-held-again = held again: { $why }
posts-told-sent-back = sent back for better words: { $why }
posts-told-held-back = held back
posts-told-disputed = disputed: { $ground }
posts-told-dispute-stands = the dispute stands
posts-told-dispute-fails = the dispute does not stand
posts-told-closed = closed: everything of it has ended
posts-told-expired = expired
posts-told-escalation-withdrawn = withdrawn: { $why }
posts-told-avoided = the bank acted before it went out: { $why }
posts-told-bank-acted = the bank has acted since on something that it asked for
posts-told-unsent-withdrawn = what was not sent of it is withdrawn
posts-told-annex-shown = annex of { $rows } rows shown
posts-told-claimed = attempt { $attempt } claimed
posts-told-rechecked = rechecked: { $members } actions, each as the text says
posts-told-attempted = attempt ended { $outcome }, now { $state } { $so }
posts-told-rechecked-attempted = rechecked: { $members } actions, each as the text says; attempt ended { $outcome }, now { $state } { $so }
posts-told-put-off = put off: { $why }
posts-told-withdrawn = withdrawn: { $why }
posts-told-uncertain = uncertain ({ $why })
posts-told-looked-found = looked: found it: { $link }, now { $state }
posts-told-looked-blind = looked: could not look: { $reason }, now { $state }
posts-told-looked-no-way = looked: this account cannot be read, now { $state }
posts-told-looked-nothing = looked: it is not there, now { $state }
posts-told-decided-not-posted = decided: it was not posted
posts-told-unclaimed = it was posted though nobody had taken it: { $link }
posts-told-late-receipt = a receipt came late: { $link }
posts-told-heard = heard: { $counts }
posts-told-erased = texts erased under a rule: { $texts }
posts-told-other = { $act }
posts-told-other-why = { $act }: { $why }
