-- The console: who is signed in, and what else than a passphrase proves a person. The record follows
-- none of these rows: signing in, out and enrolling are entries of their own.

-- A session's id is the hash of its cookie: who reads this table cannot use it.
CREATE TABLE console_session (
    id             TEXT PRIMARY KEY,
    person         TEXT NOT NULL,
    made_at        BIGINT NOT NULL,
    seen_at        BIGINT NOT NULL,
    until_at       BIGINT NOT NULL,
    address        TEXT NOT NULL,
    agent          TEXT NOT NULL,
    -- what the next page tells once, as JSON
    notice         TEXT
);
CREATE INDEX console_session_person ON console_session (person);

-- The secret of a person's one-time codes (RFC 6238), sealed by a key outside the database.
--   confirmed_at  empty: it was shown, and no code of it has come yet: it proves nothing
--   last_step     the step of the last code that was taken: each is good once
CREATE TABLE second_factor (
    person         TEXT PRIMARY KEY,
    sealed         TEXT NOT NULL,
    key_id         TEXT NOT NULL,
    made_at        BIGINT NOT NULL,
    confirmed_at   BIGINT,
    last_step      BIGINT
);

-- Codes for the day on which the telephone is lost, hashed; each is good once.
CREATE TABLE recovery_code (
    person         TEXT NOT NULL,
    hash           TEXT NOT NULL,
    used_at        BIGINT,
    PRIMARY KEY (person, hash)
);
