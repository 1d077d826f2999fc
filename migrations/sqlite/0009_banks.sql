-- What the console tells about a bank. When a bank acted stands beside the row that tells so.
ALTER TABLE action ADD COLUMN acted_at BIGINT;
UPDATE action SET acted_at = CAST(body ->> 'acted_at' AS BIGINT) WHERE status = 'acted';
CREATE INDEX action_acted ON action (bank, acted_at) WHERE acted_at IS NOT NULL;
CREATE INDEX action_overdue ON action (bank, due_at, disputed)
    WHERE status = 'pending' AND vanished_at IS NULL AND due_at IS NOT NULL;
CREATE INDEX escalation_bank ON escalation (bank, drafted_at DESC, id);
