-- The embedded case database: what was imported from files, and the demo's own cases.
--
-- All cells of bank_action are text and none is checked: this is a case source like any other, and
-- a row that breaks the contract is for its reader to set aside. Times are RFC 3339 in UTC with
-- six decimals, always, so that they sort as text; amounts are decimal rupees.
CREATE TABLE bank_action (
    external_id     TEXT NOT NULL PRIMARY KEY,
    case_ref        TEXT,
    bank_code       TEXT,
    kind            TEXT,
    layer           TEXT,
    disputed_amount TEXT,
    requested_at    TEXT,
    delivered_at    TEXT,
    due_at          TEXT,
    complete        TEXT,
    status          TEXT,
    acted_at        TEXT,
    lien_amount     TEXT,
    contacts        TEXT,
    last_contact_at TEXT,
    -- When this database took the row in: not the file's time.
    updated_at      TEXT NOT NULL,
    -- As of when the file says it was true; NULL for live rows, which are true when they are read.
    as_of           TEXT,
    -- Why the latest file that has this row could not be read at this row.
    set_aside       TEXT,
    -- Where the row came from.
    import_id       INTEGER REFERENCES import (id),
    file_row        INTEGER
);

CREATE INDEX bank_action_updated_at ON bank_action (updated_at);

CREATE TABLE import (
    id          INTEGER PRIMARY KEY,
    sha256      TEXT NOT NULL UNIQUE,
    name        TEXT NOT NULL,
    as_of       TEXT NOT NULL,
    imported_at TEXT NOT NULL,
    imported_by TEXT NOT NULL,
    -- Counts of rows.
    new         INTEGER NOT NULL,
    replaced    INTEGER NOT NULL,
    outdated    INTEGER NOT NULL,
    refused     INTEGER NOT NULL
);

-- Rows of files that broke the contract: where, and why. Nothing of what stood in them.
CREATE TABLE rejected (
    import_id INTEGER NOT NULL REFERENCES import (id),
    place     TEXT NOT NULL,
    reason    TEXT NOT NULL
);

CREATE INDEX rejected_import_id ON rejected (import_id);
