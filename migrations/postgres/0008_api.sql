-- The JSON API: who may use it; and the calls that tell other systems what happened. The record
-- follows none of these rows: making and revoking a token are entries of their own, and what a call
-- tells stands in the record already.

-- A token's id is its hash: who reads this table cannot use it.
--   scopes   what it is for, divided by commas; never more than its person's role allows now
--   used_at  its last use, to the minute
CREATE TABLE api_token (
    id             TEXT PRIMARY KEY,
    person         TEXT NOT NULL,
    name           TEXT NOT NULL,
    scopes         TEXT NOT NULL,
    made_at        BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    used_at        BIGINT,
    UNIQUE (person, name)
);

-- Up to which leaf of the record's tree each webhook has read.
CREATE TABLE webhook_cursor (
    webhook        TEXT PRIMARY KEY,
    idx            BIGINT NOT NULL
);

-- What each webhook is to be told. The id stays the same however often it is tried.
--   next_at       when it is tried (again); empty: it arrived, or was given up
--   delivered_at  when it arrived
--   last_said     what came of the last try
CREATE TABLE webhook_delivery (
    webhook        TEXT NOT NULL,
    id             TEXT NOT NULL,
    event          TEXT NOT NULL,
    body           TEXT NOT NULL,
    made_at        BIGINT NOT NULL,
    attempts       BIGINT NOT NULL,
    next_at        BIGINT,
    delivered_at   BIGINT,
    last_said      TEXT,
    PRIMARY KEY (webhook, id)
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX webhook_delivery_made ON webhook_delivery (made_at);
