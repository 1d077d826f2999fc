-- What platforms charge. Amounts are BIGINT micro-dollars; days and months are UTC's.

-- The price of a delivery as it was at its last claim. Whether it is spent, the delivery's state
-- says: what is proved not sent costs nothing.
CREATE TABLE post_price (
    delivery       TEXT PRIMARY KEY,
    account        TEXT NOT NULL,
    at             BIGINT NOT NULL,
    micros         BIGINT NOT NULL
);
CREATE INDEX post_price_at ON post_price (at);

-- The resources that were read on a day, by keyed aliases of the platform's ids: each is charged
-- once in it. Rows of earlier days are deleted at the next reading.
CREATE TABLE charge (
    day_at         BIGINT NOT NULL,
    account        TEXT NOT NULL,
    item           TEXT NOT NULL,
    resource       TEXT NOT NULL,
    PRIMARY KEY (day_at, account, item, resource)
);

-- What the readings of a day cost.
CREATE TABLE charged_day (
    day_at         BIGINT NOT NULL,
    account        TEXT NOT NULL,
    item           TEXT NOT NULL,
    resources      BIGINT NOT NULL,
    micros         BIGINT NOT NULL,
    PRIMARY KEY (day_at, account, item)
);
