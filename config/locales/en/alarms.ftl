# Alarms: what rings, and who looks after it.
nav-alarms = Alarms
alarms-waiting = Waiting to be taken
alarms-none = Nothing rings.
alarms-taken = Taken lately
alarms-means = An alarm that nobody takes within { $length } stops all sending, unless it says that it only tells.
alarms-only-tells = It only tells: it stops nothing.
alarms-raised = Raised
alarms-rung = reached the duty officer { $at }
alarms-not-rung = has not reached the duty officer
alarms-over = its cause was gone { $at }
alarms-stopped = stopped all sending { $at }
alarms-take = Take it: I look after it
alarms-done = The alarm is yours: look after it.{ $what }
alarms-taken-by = taken by { $who }
alarms-band = { $n ->
    [one] { $n } alarm waits for somebody to take it.
   *[other] { $n } alarms wait for somebody to take them.
 }
alarms-what-breaker-tripped = The breaker has tripped
alarms-what-ledger-restored = The ledger was restored
alarms-what-look-alike = A look-alike of a bank’s account
alarms-what-unknown-post = A post that nobody here made
alarms-what-post-changed = A post was changed
alarms-what-post-deleted = A post was deleted
alarms-what-profile-changed = An account’s profile changed
alarms-what-handle-changed = A bank’s handle changed
alarms-what-source-down = The case source does not answer
alarms-what-feed-silent = A platform tells us nothing
alarms-what-unsealed = The record stays unsealed
alarms-what-uncertain-delivery = A post may or may not be out
alarms-what-dispute-undecided = A dispute waits for an approver
alarms-what-grant-broken = An account must be connected anew
alarms-what-weekly-report = The weekly report may not have arrived
