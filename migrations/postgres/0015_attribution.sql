-- What the comparison of tagged requests with their like reads, and the fairness ledger.

-- When a request fell due, kept when it is answered (`due_at` is empty then). 9223372036854775807,
-- the last instant there is: its clock never ran. Empty: the ledger is older than this column, and
-- the next poll computes it.
ALTER TABLE action ADD COLUMN fell_due_at BIGINT;
UPDATE action SET fell_due_at = due_at WHERE due_at IS NOT NULL;
CREATE INDEX action_due_unread ON action (external_id) WHERE fell_due_at IS NULL;
-- Each holds every column that is asked for, so that it is counted from the index alone.
CREATE INDEX action_fell_due ON action (fell_due_at, external_id, kind)
    WHERE kind IN ('lien', 'hold');
CREATE INDEX action_fell_due_bank ON action (bank, fell_due_at, acted_at, kind)
    WHERE kind IN ('lien', 'hold');

-- The first text of each tag that went out: tags are counted by it.
CREATE INDEX delivery_tagged ON delivery (bank, sent_at, state, kind, n)
    WHERE kind = 'tag' AND n = 0 AND state IN ('delivered', 'retracted');

-- The reason why an action is silenced in public, in one word.
ALTER TABLE silenced ADD COLUMN word TEXT;
