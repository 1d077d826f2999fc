# What the banks' own replies amount to: on a post's page, in reports, at the command line.

replies-class-canned = courtesy only
replies-class-acknowledgement = acknowledgement
replies-class-claim = claim of action
replies-class-dispute = dispute
replies-class-other = something else
replies-class-none = not read

replies-because-phrase = “{ $phrase }” stands for: { $class }
replies-because-not-claimed = “{ $phrase }” is no claim here: “{ $against }” stands beside it
replies-because-asked = “{ $phrase }” is no claim here: it is asked
replies-because-our-reference = it quotes this post’s reference
replies-because-its-reference = it gives a reference of the bank’s own
replies-because-said-before = the bank said nearly the same under { $posts } other posts ({ $percent } % alike, reply { $reply })
replies-because-nothing = nothing in it is in any list

replies-heading = The bank’s replies
replies-means = Read by lists of phrases, not by a person. A claim of action is what the bank says, and no proof.
replies-reply = Reply { $reply }
replies-unread = Its text was not kept, so it is not read.
replies-corrected-by = set right by { $who }, { $at }
replies-read-as = the lists read: { $class }
replies-correct = Set right
replies-correct-means = Your word counts from then on, in every report. It is on the record with your name, and teaches the lists nothing.
replies-correct-class = It amounts to
replies-correct-do = Set right
replies-correct-done = Reply { $what } is set right.
replies-not-a-class = There is no such class of replies.
replies-told-corrected = reply { $reply } set right: { $from } becomes { $to }
replies-claimed-not-recorded = The bank claimed on { $at } to have acted; the case source still has { $pending } of { $actions } actions as pending. One of the two is wrong: find out which.

replies-unrecorded-title = Claimed, not recorded
replies-unrecorded-about = Tags on which the bank’s own account claimed to have acted, while { $hours } hours or more later the case source still has actions of theirs as pending. Either the bank did not act, or the unit’s record is behind.
replies-unrecorded-none = No tag is claimed and not recorded.
replies-unrecorded-some = Tags that are claimed and not recorded: { $n }. Find out for each which of the two is wrong.
replies-column-bank = Bank
replies-column-reference = Reference
replies-column-claimed = Claimed
replies-column-pending = Still pending (actions)
replies-column-actions = The tag’s actions
replies-column-replies = Replies
replies-column-corrected = Set right by people

replies-classes-title = What banks answer
replies-classes-about = The banks’ own replies to posts of these days and quotes of them, by what they amount to. A person’s word counts before that of the lists. A claim of action is what the bank says, and no proof.
replies-all-banks = All banks
replies-part-of = { $part } of { $of }
replies-corrected-some = People set { $part } of { $of } readings right.
replies-chart-about = For each bank, the share of its replies that are courtesy only.
replies-chart-axis = courtesy only, share of replies
