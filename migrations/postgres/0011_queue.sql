-- What the console's queue is sorted by, so that its first page is read from an index however long
-- the queue is (the kind stands in it for the filter).
DROP INDEX escalation_state;
CREATE INDEX escalation_by_money ON escalation (state, money_at_risk DESC, id, kind);
CREATE INDEX escalation_by_end ON escalation (state, expires_at, id, kind);
CREATE INDEX escalation_by_draft ON escalation (state, drafted_at DESC, id, kind);
