-- The ledger, on PostgreSQL.
-- Instants are BIGINT microseconds since 1970 UTC, money BIGINT paise, truth values BIGINT 0/1,
-- ids and enums TEXT. The readable form is in the views (migration 0002).

-- What stops everything: one row, and the lock under which every claim is decided.
CREATE TABLE claim_gate (
    id             BIGINT PRIMARY KEY CHECK (id = 1),
    turn           BIGINT NOT NULL,
    stopped        BIGINT NOT NULL,
    stopped_why    TEXT,
    tripped        BIGINT NOT NULL,
    tripped_why    TEXT,
    restored       BIGINT NOT NULL,
    restored_why   TEXT,
    streak         BIGINT NOT NULL
);
INSERT INTO claim_gate (id, turn, stopped, tripped, restored, streak) VALUES (1, 0, 0, 0, 0, 0);

-- The case source as last read.
CREATE TABLE source (
    name           TEXT PRIMARY KEY,
    cursor_at      BIGINT,
    last_ok_at     BIGINT,
    last_try_at    BIGINT,
    last_error     TEXT,
    failures       BIGINT NOT NULL
);

-- When the case source was watched without a gap: a rehearsal counts only what was seen.
CREATE TABLE observed (
    source         TEXT NOT NULL,
    from_at        BIGINT NOT NULL,
    until_at       BIGINT NOT NULL,
    PRIMARY KEY (source, from_at)
);

-- The ledger's sight of each bank action; `body` is the whole row as JSON.
CREATE TABLE action (
    external_id    TEXT PRIMARY KEY,
    bank           TEXT NOT NULL,
    kind           TEXT NOT NULL,
    status         TEXT NOT NULL,
    disputed       BIGINT,
    body           TEXT NOT NULL,
    -- empty for a live source: then it is as true as the last good poll
    as_of          BIGINT,
    due_at         BIGINT,
    limit_hours    BIGINT,
    calendar       TEXT,
    vanished_at    BIGINT,
    commitment     TEXT NOT NULL
);
CREATE INDEX action_due ON action (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX action_bank ON action (bank, status);
CREATE INDEX action_calendar ON action (calendar) WHERE due_at IS NOT NULL;

-- Every change of an action, append-only: rehearsal and reports replay it. The commitment is the
-- hash of salt and body; erasing both leaves the record whole.
CREATE TABLE action_change (
    id             TEXT PRIMARY KEY,
    poll           TEXT NOT NULL,
    external_id    TEXT,
    seen_at        BIGINT NOT NULL,
    as_of          BIGINT NOT NULL,
    salt           TEXT,
    body           TEXT,
    commitment     TEXT NOT NULL
);
CREATE INDEX action_change_poll ON action_change (poll);
CREATE INDEX action_change_seen ON action_change (seen_at);
CREATE INDEX action_change_action ON action_change (external_id, seen_at);

-- Rows of the source that break the contract, the newest reason of each.
CREATE TABLE rejected_row (
    place          TEXT PRIMARY KEY,
    external_id    TEXT,
    reason         TEXT NOT NULL,
    first_seen_at  BIGINT NOT NULL,
    last_seen_at   BIGINT NOT NULL
);

CREATE TABLE person (
    id             TEXT PRIMARY KEY,
    name           TEXT NOT NULL,
    role           TEXT NOT NULL,
    order_number   TEXT,
    from_at        BIGINT NOT NULL,
    until_at       BIGINT,
    confirmed      BIGINT NOT NULL,
    granted_by     TEXT NOT NULL,
    passphrase     TEXT NOT NULL
);

-- The unit's own accounts. Tokens are never here: only where to find them.
CREATE TABLE account (
    name           TEXT PRIMARY KEY,
    platform       TEXT NOT NULL,
    base_url       TEXT NOT NULL,
    handle         TEXT NOT NULL,
    stable_id      TEXT,
    sender         TEXT NOT NULL,
    mention        TEXT NOT NULL,
    languages      TEXT NOT NULL,
    visibility     TEXT NOT NULL,
    spoiler        TEXT,
    max_length     BIGINT NOT NULL,
    idempotent     BIGINT NOT NULL,
    token_from     TEXT,
    live           BIGINT NOT NULL,
    live_by        TEXT,
    paused_until   BIGINT,
    paused_why     TEXT,
    revoked        BIGINT NOT NULL,
    last_heard_at  BIGINT,
    mention_cursor TEXT,
    own_checked_at BIGINT
);

-- A bank's account on a platform, bound to the platform's stable id by a person, with evidence.
CREATE TABLE bank_handle (
    bank           TEXT NOT NULL,
    platform       TEXT NOT NULL,
    handle         TEXT NOT NULL,
    stable_id      TEXT NOT NULL,
    evidence       TEXT NOT NULL,
    verified_by    TEXT NOT NULL,
    verified_at    BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    resolved_at    BIGINT NOT NULL,
    mismatch       TEXT,
    PRIMARY KEY (bank, platform)
);

-- Orders of silence (sub judice, election, festival): per bank, per case, or all.
CREATE TABLE silence (
    id             TEXT PRIMARY KEY,
    scope          TEXT NOT NULL,
    bank           TEXT,
    case_ref       TEXT,
    salt           TEXT NOT NULL,
    label          TEXT NOT NULL,
    from_at        BIGINT NOT NULL,
    until_at       BIGINT NOT NULL,
    by_person      TEXT NOT NULL,
    lifted_at      BIGINT
);

-- Private notices recorded by an officer, and confirmations that an action still pends.
CREATE TABLE action_note (
    id             TEXT PRIMARY KEY,
    external_id    TEXT,
    salt           TEXT,
    what           TEXT NOT NULL,
    at             BIGINT NOT NULL,
    by_person      TEXT NOT NULL,
    message_id     TEXT
);
CREATE INDEX action_note_action ON action_note (external_id, what, at);

CREATE TABLE standing_order (
    id             TEXT PRIMARY KEY,
    name           TEXT NOT NULL UNIQUE,
    terms          TEXT NOT NULL,
    drafted_by     TEXT NOT NULL,
    drafted_at     BIGINT NOT NULL,
    rehearsed_days BIGINT,
    signed_by      TEXT,
    signed_at      BIGINT,
    revoked_at     BIGINT,
    revoked_by     TEXT
);

CREATE TABLE escalation (
    id             TEXT PRIMARY KEY,
    rev            BIGINT NOT NULL,
    reference      TEXT NOT NULL UNIQUE,
    bank           TEXT NOT NULL,
    rung           TEXT NOT NULL,
    kind           TEXT NOT NULL,
    version        BIGINT NOT NULL,
    state          TEXT NOT NULL,
    facts          TEXT NOT NULL,
    written_by     TEXT,
    drafted_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    about          TEXT,
    money_at_risk  BIGINT NOT NULL,
    hold_until     BIGINT,
    outcome        TEXT,
    -- the stored clearance: minted anew at the claim only where the hashes are equal
    cleared_hash   TEXT,
    cleared_by     TEXT,
    cleared_order  TEXT,
    cleared_at     BIGINT,
    cleared_until  BIGINT,
    -- 1: an approver's override of the stop switch; empty otherwise
    cleared_past_stop BIGINT
);
CREATE UNIQUE INDEX escalation_one_open ON escalation (bank, rung, kind)
    WHERE state IN ('held', 'cleared', 'disputed') AND kind IN ('tag', 'closure');
-- Two posts about one bank may both need setting right at once, but each of them once.
CREATE UNIQUE INDEX escalation_one_setting_right ON escalation (about, kind)
    WHERE state IN ('held', 'cleared', 'disputed') AND kind IN ('correction', 'retraction');
CREATE INDEX escalation_state ON escalation (state, money_at_risk);
CREATE INDEX escalation_order ON escalation (cleared_order, cleared_at) WHERE cleared_order IS NOT NULL;
CREATE INDEX escalation_about ON escalation (about) WHERE about IS NOT NULL;

-- Each clearance that a standing order gave: what its caps count, whatever became of it.
CREATE TABLE order_clearance (
    order_id       TEXT NOT NULL,
    escalation     TEXT NOT NULL,
    bank           TEXT NOT NULL,
    at             BIGINT NOT NULL,
    PRIMARY KEY (escalation, at)
);
CREATE INDEX order_clearance_order ON order_clearance (order_id, at);

-- Which actions an escalation rests on, each as it was seen at drafting.
CREATE TABLE escalation_action (
    escalation     TEXT NOT NULL,
    n              BIGINT NOT NULL,
    external_id    TEXT,
    rung           TEXT NOT NULL,
    kind           TEXT NOT NULL,
    open           BIGINT NOT NULL,
    as_of          BIGINT NOT NULL,
    case_ref       TEXT,
    seen           TEXT,
    salt           TEXT,
    commitment     TEXT NOT NULL,
    PRIMARY KEY (escalation, n)
);
CREATE UNIQUE INDEX escalation_action_one_open ON escalation_action (external_id, rung)
    WHERE open = 1 AND kind = 'tag';
CREATE INDEX escalation_action_action ON escalation_action (external_id);

CREATE TABLE delivery (
    id             TEXT PRIMARY KEY,
    rev            BIGINT NOT NULL,
    escalation     TEXT NOT NULL,
    n              BIGINT NOT NULL,
    kind           TEXT NOT NULL,
    bank           TEXT NOT NULL,
    reference      TEXT NOT NULL,
    account        TEXT NOT NULL,
    sender         TEXT NOT NULL,
    content        TEXT NOT NULL,
    content_hash   TEXT NOT NULL,
    state          TEXT NOT NULL,
    not_before     BIGINT,
    why            TEXT,
    lease_token    TEXT,
    lease_holder   TEXT,
    lease_until    BIGINT,
    attempts       BIGINT NOT NULL,
    first_attempt_at BIGINT,
    -- only the platform's idempotency makes the next attempt safe, until then
    resend_until   BIGINT,
    sent_at        BIGINT,
    receipt_id     TEXT,
    permalink      TEXT,
    receipt_at     BIGINT,
    doubt_since    BIGINT,
    look_at        BIGINT,
    empty_looks    BIGINT,
    asks           BIGINT,
    listen_at      BIGINT,
    UNIQUE (escalation, n)
);
CREATE INDEX delivery_waiting ON delivery (not_before) WHERE state = 'waiting';
CREATE INDEX delivery_sending ON delivery (lease_until) WHERE state = 'sending';
CREATE INDEX delivery_uncertain ON delivery (look_at) WHERE state = 'uncertain';
CREATE INDEX delivery_sent ON delivery (sent_at) WHERE sent_at IS NOT NULL;
CREATE INDEX delivery_listen ON delivery (listen_at) WHERE listen_at IS NOT NULL;
CREATE INDEX delivery_reference ON delivery (reference);
CREATE UNIQUE INDEX delivery_receipt ON delivery (account, receipt_id)
    WHERE receipt_id IS NOT NULL AND kind <> 'retraction';

-- One row an attempt, written before a byte leaves; its end is written once.
CREATE TABLE attempt (
    delivery       TEXT NOT NULL,
    n              BIGINT NOT NULL,
    token          TEXT NOT NULL,
    holder         TEXT NOT NULL,
    claimed_at     BIGINT NOT NULL,
    ended_at       BIGINT,
    outcome        TEXT,
    detail         TEXT,
    PRIMARY KEY (delivery, n)
);

-- What came back. `platform_id` is a keyed alias of the platform's id, which names a person; the
-- author is one too, but for a bank's verified handle, whose posts' own ids are kept in `post_id`.
CREATE TABLE engagement (
    delivery       TEXT NOT NULL,
    kind           TEXT NOT NULL,
    platform_id    TEXT NOT NULL,
    voice          TEXT NOT NULL,
    author         TEXT NOT NULL,
    at             BIGINT,
    first_seen_at  BIGINT NOT NULL,
    text           TEXT,
    text_expires_at BIGINT,
    salt           TEXT,
    post_id        TEXT,
    PRIMARY KEY (delivery, kind, platform_id)
);
CREATE INDEX engagement_expires ON engagement (text_expires_at) WHERE text_expires_at IS NOT NULL;

-- A bank's written reason against an action; an approver decides it.
CREATE TABLE dispute (
    id             TEXT PRIMARY KEY,
    escalation     TEXT NOT NULL,
    ground         TEXT NOT NULL,
    reason         TEXT,
    salt           TEXT,
    entered_by     TEXT NOT NULL,
    entered_at     BIGINT NOT NULL,
    decided_by     TEXT,
    decided_at     BIGINT,
    stands         BIGINT
);
CREATE INDEX dispute_escalation ON dispute (escalation);

-- What the floors and the ladder silence in public: listed for the private rungs, with the reason.
CREATE TABLE silenced (
    bank           TEXT NOT NULL,
    external_id    TEXT NOT NULL,
    reason         TEXT NOT NULL,
    since          BIGINT NOT NULL,
    PRIMARY KEY (external_id)
);

-- One row per thing that can ring. It rings again when its cause was gone and is back after it was
-- taken.
CREATE TABLE alarm (
    id             TEXT PRIMARY KEY,
    what           TEXT NOT NULL,
    subject        TEXT NOT NULL,
    detail         TEXT NOT NULL,
    raised_at      BIGINT NOT NULL,
    -- when it first reached the duty officer, and by which ways
    rung_at        BIGINT,
    command_at     BIGINT,
    webhook_at     BIGINT,
    taken_by       TEXT,
    taken_at       BIGINT,
    -- when its cause was seen to be gone
    over_at        BIGINT,
    -- when it engaged the stop switch
    stopped_at     BIGINT,
    UNIQUE (what, subject)
);
CREATE INDEX alarm_untaken ON alarm (raised_at) WHERE taken_at IS NULL;

-- A worker proves that it lives.
CREATE TABLE worker (
    name           TEXT PRIMARY KEY,
    last_start_at  BIGINT NOT NULL,
    last_ok_at     BIGINT,
    last_error     TEXT
);

-- Posts in our own timeline that are not the ledger's: each rang once, or stood there before the
-- account was first read; `adopted_by`: who said that it is an officer's own.
CREATE TABLE own_post (
    account        TEXT NOT NULL,
    platform_id    TEXT NOT NULL,
    permalink      TEXT NOT NULL,
    seen_at        BIGINT NOT NULL,
    adopted_by     TEXT,
    PRIMARY KEY (account, platform_id)
);

-- The record: insert-only. Each entry's `body` is its whole canonical JSON (RFC 8785).
CREATE TABLE entry (
    id             TEXT PRIMARY KEY,
    subject        TEXT NOT NULL,
    seq            BIGINT NOT NULL,
    act            TEXT NOT NULL,
    at             BIGINT NOT NULL,
    body           TEXT NOT NULL,
    leaf_hash      TEXT NOT NULL,
    UNIQUE (subject, seq)
);
CREATE INDEX entry_at ON entry (at);

-- Leaf index in the Merkle tree → entry.
CREATE TABLE leaf (
    idx            BIGINT PRIMARY KEY,
    entry          TEXT NOT NULL UNIQUE
);

-- The tree's stored hashes, in the order of RFC 6962 tile storage.
CREATE TABLE tree_hash (
    idx            BIGINT PRIMARY KEY,
    hash           TEXT NOT NULL
);

CREATE TABLE tree_head (
    id             BIGINT PRIMARY KEY CHECK (id = 1),
    size           BIGINT NOT NULL,
    origin         TEXT NOT NULL
);

CREATE TABLE checkpoint (
    origin         TEXT NOT NULL,
    size           BIGINT NOT NULL,
    root           TEXT NOT NULL,
    note           TEXT,
    sealed_at      BIGINT NOT NULL,
    PRIMARY KEY (origin, size)
);

-- Erasures under a rule: verification says so instead of calling the row altered.
CREATE TABLE erasure (
    id             TEXT PRIMARY KEY,
    table_name     TEXT NOT NULL,
    row_key        TEXT NOT NULL,
    rule           TEXT NOT NULL,
    at             BIGINT NOT NULL
);
CREATE INDEX erasure_row ON erasure (table_name, row_key);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the record is insert-only'; END $$;
CREATE TRIGGER entry_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER leaf_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON leaf
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- SQLite's json_each(text), for the arrays in which batches are bound: so one SQL text serves both.
CREATE FUNCTION json_each(document text) RETURNS TABLE (value jsonb)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT jsonb_array_elements(document::jsonb) $$;
