-- The pictures of posts.

-- Whether an account's tags bear a picture (1); NULL: it is from before there were any, and shows none.
ALTER TABLE account ADD COLUMN picture BIGINT;

-- A picture's bytes (PNG, base64) under their SHA-256. Inserted and never changed.
CREATE TABLE picture (
    hash     TEXT PRIMARY KEY,
    png      TEXT NOT NULL,
    kept_at  BIGINT NOT NULL
);
