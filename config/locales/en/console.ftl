# What every page of the console says.
skip = Skip to the page
nav = Pages
nav-queue = Queue
language-other = हिन्दी
theme-light = Light
theme-dark = Dark
sign-in = Sign in
sign-out = Sign out
stop = Stop
back = Back
pages = Further pages
page-first = To the start
page-before = Earlier
page-after = Next
filter-state = State
filter-bank = Bank
filter-do = Show
demo-band = This is a demo: every bank, case and person here is invented, and nothing leaves this machine.
closed-stopped = Nothing is sent: the stop switch is pressed.
closed-tripped = Nothing is sent: the breaker has tripped.
closed-restored = Nothing is sent: the ledger was restored and nobody has accepted it yet.
closed-more = More

role-officer = officer
role-approver = approver
role-auditor = auditor
role-administrator = administrator
role-does-officer = works the queue and the call desk, edits wording
role-does-approver = approves posts, signs standing orders, stops everything
role-does-auditor = reads everything, verifies the record
role-does-administrator = people, accounts, configuration

language-en = English
language-hi = Hindi

month-1 = Jan
month-2 = Feb
month-3 = Mar
month-4 = Apr
month-5 = May
month-6 = Jun
month-7 = Jul
month-8 = Aug
month-9 = Sep
month-10 = Oct
month-11 = Nov
month-12 = Dec
unit-days = { $n ->
    [one] { $n } day
   *[other] { $n } days
 }
unit-hours = { $n ->
    [one] { $n } hour
   *[other] { $n } hours
 }
unit-minutes = { $n } min
unit-moment = a moment
span-in = in { $span }
span-ago = { $span } ago
n-cases = { $n ->
    [one] { $n } case
   *[other] { $n } cases
 }
n-actions = { $n ->
    [one] { $n } action
   *[other] { $n } actions
 }
overdue-at-least = the oldest overdue by at least { $n ->
    [one] { $n } hour
   *[other] { $n } hours
 }
as-of = As of
expires = Expires

problem-sign-in = Please sign in
problem-sign-in-do = This page is for people of the unit.
problem-must = Something comes first
problem-must-do = Follow the page that opens.
problem-role = Your role does not allow this
problem-role-do = Ask somebody who may, or an administrator if your role should be another.
problem-your-role = You are signed in as: { $role }.
problem-not-found = There is nothing here
problem-not-found-do = It may have been written differently. Go back and choose from the list.
problem-changed = Somebody else was faster
problem-changed-do = Nothing was done. Look at it again as it stands now.
problem-refused = This was not done
problem-refused-do = Nothing was changed. Go back, and mend what stands against it.
problem-wrong = Something in the form is not right
problem-wrong-do = Nothing was changed. Go back and correct it.
problem-missing = Please fill in: { $field }
problem-no-time = “{ $text }” is no time.
problem-stale-form = This form is too old
problem-stale-form-do = Nothing was changed. Go back, load the page again, and repeat.
problem-too-large = That was too much
problem-too-large-do = Nothing was changed. Send less, or a smaller file.
problem-throttled = Too many tries
problem-throttled-do = Wait a minute, then try again.
problem-other-host = This console has another address
problem-other-host-do = Ask the administrator for its address.
problem-failed = The console could not do this
problem-failed-do = Nothing half-done is left behind. Try again; if it stays so, tell the administrator: the service's log says why.

sign-in-wrong = The person, the passphrase or the code is wrong.
sign-in-nobody = Nobody is known here yet. The first administrator is made by the link that “takaza serve” printed when it started.
sign-in-demo = Choose who you want to be:
sign-in-person = Name you sign with
sign-in-passphrase = Passphrase
oidc-or = Or without a passphrase:
oidc-with = Sign in with { $service }
oidc-foreign = That took too long, or it was begun in another browser. Please begin anew.
oidc-declined = The sign-in service did not let you in. Begin anew, or sign in with your passphrase.
oidc-down = The sign-in service cannot be reached now. Sign in with your passphrase.
oidc-invalid = What the sign-in service answered does not hold. Sign in with your passphrase, and tell an administrator: the log says why.
oidc-stranger = By that account nobody can sign in here. An administrator can see why in the log.
oidc-code = One-time code
oidc-code-means = The sign-in service knows you. Now the six digits of your app, or a recovery code.
oidc-code-wrong = That code is wrong, or was used before.
arrived = Back at the console
arrived-go = Go on
first-title = The first administrator
first-means = Nobody is known here yet. You become the administrator, who adds the others. An administrator approves nothing.
first-name = Name and rank
first-do = Begin
passphrase-title = Change your passphrase
passphrase-first = Somebody else chose your passphrase. Choose your own before anything else.
passphrase-present = Present passphrase
passphrase-new = New passphrase (12 characters or more: four random words do well)
passphrase-again = The new one once more
passphrase-do = Change it
passphrase-too-short = A passphrase has at least 12 characters: four random words do well.
passphrase-not-new = That is the passphrase you have; choose another.
passphrases-differ-here = The two new passphrases differ.
passphrase-done = Your new passphrase is in force; your other sessions have ended.{ $what }
me-title = You
me-sessions = Where you are signed in
me-session-seen = Last page
me-session-since = Since
me-session-from = From
me-session-this = this one
me-session-end = End
me-sessions-end-others = End all others
me-sessions-ended = Sessions ended: { $what }

stop-title = The stop switch
stop-means = When it is pressed, nothing is sent any more, within a second and in every process, until an approver lifts it. What was approved is held again afterwards.
stop-why = Why
stop-do = Stop all sending now
stop-done = Stopped: nothing is sent until an approver lifts it.{ $what }
resume-means = Lifting it also resets the breaker. Everything that waited is held again and needs a new approval.
resume-do = Lift the stop switch
resume-who = An approver can lift it.
resume-done = Sending may go on. Held again: { $what }
