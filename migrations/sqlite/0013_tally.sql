-- What reports are made of: sums by day and bank, counted from the other tables and never followed
-- by the record. They can be dropped and counted anew.

-- One row a bank's day on which anything is booked. The day is the number of the day in the unit's
-- zone (0: 1 January 1970); the body is JSON (domain/measures.rs).
CREATE TABLE tally (
    day            BIGINT NOT NULL,
    bank           TEXT NOT NULL,
    body           TEXT NOT NULL,
    PRIMARY KEY (day, bank)
);

-- The days that must be counted anew, because something booked on them has changed.
CREATE TABLE tally_due (
    day            BIGINT NOT NULL,
    bank           TEXT NOT NULL,
    PRIMARY KEY (day, bank)
);

-- Up to which leaf of the record's tree changes have been looked for, and by which definitions and
-- in which zone is counted. `turn` is the lock of whoever counts.
CREATE TABLE tally_cursor (
    id             BIGINT PRIMARY KEY CHECK (id = 1),
    idx            BIGINT NOT NULL,
    rules          TEXT NOT NULL,
    turn           BIGINT NOT NULL
);

-- What the counting of a day reads by.
CREATE VIEW action_delivered AS
SELECT a.external_id, a.bank, a.body, json_extract(a.body, '$.delivered_at') AS delivered_at FROM action a;
CREATE INDEX action_by_delivery ON action (json_extract(body, '$.delivered_at'), bank);
CREATE INDEX order_clearance_bank ON order_clearance (bank, at);
