-- What platforms granted to our accounts, sealed by a key outside the database. No row digest in
-- the record follows it: what is sealed cannot be forged, and an older row that somebody puts back
-- is refused by its platform.
--   sealed      empty: no grant now (none yet, or it was ended)
--   expires_at  when its access token ends; issued_at: when it was granted
--   rev         counts the grants, never reused: a write names the one that it read
--   lease_by    who renews it now, and until when; one that ran out was abandoned
--   broken      why it can no longer be renewed: a person connects the account anew
CREATE TABLE account_grant (
    account        TEXT PRIMARY KEY REFERENCES account (name),
    sealed         TEXT,
    key_id         TEXT,
    expires_at     BIGINT,
    issued_at      BIGINT,
    rev            BIGINT NOT NULL,
    lease_by       TEXT,
    lease_until    BIGINT,
    broken         TEXT
);

-- The key that seals now. Whoever seals names their key under this row's lock: a process that still
-- holds an older key file is told so, and seals nothing with a key that is about to be dropped.
CREATE TABLE grant_key (
    id             BIGINT PRIMARY KEY CHECK (id = 1),
    key_id         TEXT
);
INSERT INTO grant_key (id) VALUES (1);
