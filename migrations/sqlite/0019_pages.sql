-- A page of the queue begins behind the last row of the page before it: the sum (or the time) and the
-- id run the same way, so that each page is one range of an index. The kind stands in it for the filter.
DROP INDEX escalation_by_money;
DROP INDEX escalation_by_draft;
CREATE INDEX escalation_by_money ON escalation (state, money_at_risk, id, kind);
CREATE INDEX escalation_by_draft ON escalation (state, drafted_at, id, kind);
