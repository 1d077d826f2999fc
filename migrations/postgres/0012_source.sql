-- What the console reads and keeps beside the record.

-- The record's entries with the person who did each, and the ways to find them.
CREATE VIEW entries_by AS
SELECT e.id, e.subject, e.seq, e.act, e.at, e.body, CAST(e.body AS json) -> 'by' ->> 'person' AS person FROM entry e;
CREATE INDEX entry_person ON entry ((CAST(body AS json) -> 'by' ->> 'person'), at, id);
CREATE INDEX entry_act ON entry (act, at, id);

CREATE INDEX rejected_row_seen ON rejected_row (last_seen_at DESC, place);

-- Files that somebody brought for the embedded case database, each until a second person accepts
-- it. The bytes lie in the data folder; here are their hashes.
--   mapping   the SHA-256 of the mapping that the file is read by
--   preview   the hash of what the accepting person was shown would become of it
--   number    the import's number in the case database
CREATE TABLE case_import (
    id             TEXT PRIMARY KEY,
    sha256         TEXT NOT NULL,
    mapping        TEXT NOT NULL,
    name           TEXT NOT NULL,
    as_of          BIGINT NOT NULL,
    state          TEXT NOT NULL,
    proposed_by    TEXT NOT NULL,
    proposed_at    BIGINT NOT NULL,
    preview        TEXT,
    decided_by     TEXT,
    decided_at     BIGINT,
    number         BIGINT
);
CREATE INDEX case_import_proposed ON case_import (proposed_at, id);
CREATE UNIQUE INDEX case_import_open ON case_import (sha256) WHERE state IN ('waiting', 'accepted');
