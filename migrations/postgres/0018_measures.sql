-- Requests by the day on which they fall due are sums too, and so are tags that never went out.

-- Rows that were first seen before their clock ran kept the mark of that: the next poll computes when
-- they fell due.
UPDATE action SET fell_due_at = NULL WHERE fell_due_at = 9223372036854775807;

-- The days that must be counted anew: one row a change (`mark`: the poll, the leaf, or an own id), so
-- that two changes never wait for each other, and none that comes during a count is lost.
DROP TABLE tally_due;
CREATE TABLE tally_due (
    day            BIGINT NOT NULL,
    bank           TEXT NOT NULL,
    mark           TEXT NOT NULL,
    PRIMARY KEY (day, bank, mark)
);

-- Both were for counting rows.
DROP INDEX action_fell_due_bank;
DROP INDEX delivery_tagged;
-- Tags of one bank are drawn from the first text of each that went out.
CREATE INDEX delivery_tagged ON delivery (bank, sent_at, escalation)
    WHERE kind = 'tag' AND n = 0 AND state IN ('delivered', 'retracted');
-- What banks claimed.
CREATE INDEX engagement_claimed ON engagement (delivery)
    WHERE voice = 'bank' AND COALESCE(corrected_class, class) = 'claim';
