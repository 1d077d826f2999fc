-- Readable views for analysts: times as times, rupees as rupees. Nothing in takaza reads them.

CREATE VIEW posts AS
SELECT d.id AS delivery, d.reference, d.bank, d.kind, d.account, d.sender, d.state,
       CAST(d.content AS jsonb) ->> 'language' AS language, CAST(d.content AS jsonb) ->> 'text' AS text, d.attempts,
       to_timestamp(d.sent_at / 1000000.0) AS sent_at, to_timestamp(d.receipt_at / 1000000.0) AS receipt_at, d.permalink, d.why
FROM delivery d;

CREATE VIEW escalations AS
SELECT e.id, e.reference, e.bank, e.rung, e.kind, e.state, e.version,
       CAST(e.facts AS jsonb) ->> 'cases' AS cases, round(e.money_at_risk / 100.0, 2) AS rupees_at_least,
       to_timestamp(e.drafted_at / 1000000.0) AS drafted_at, to_timestamp(e.expires_at / 1000000.0) AS expires_at,
       e.written_by, e.cleared_by, e.cleared_order, to_timestamp(e.cleared_at / 1000000.0) AS cleared_at, e.outcome
FROM escalation e;

CREATE VIEW actions AS
SELECT a.bank, a.kind, a.status, round(a.disputed / 100.0, 2) AS disputed_rupees, a.limit_hours,
       to_timestamp(a.due_at / 1000000.0) AS due_at, to_timestamp(a.as_of / 1000000.0) AS as_of, to_timestamp(a.vanished_at / 1000000.0) AS vanished_at
FROM action a;

CREATE VIEW engagements AS
SELECT d.reference, d.bank, d.account, g.kind, g.voice, to_timestamp(g.at / 1000000.0) AS at,
       to_timestamp(g.first_seen_at / 1000000.0) AS first_seen_at
FROM engagement g JOIN delivery d ON d.id = g.delivery;

CREATE VIEW attempts AS
SELECT d.reference, d.bank, d.account, a.n, a.holder, to_timestamp(a.claimed_at / 1000000.0) AS claimed_at,
       to_timestamp(a.ended_at / 1000000.0) AS ended_at, a.outcome, a.detail
FROM attempt a JOIN delivery d ON d.id = a.delivery;

CREATE VIEW standing_orders AS
SELECT o.name, o.drafted_by, to_timestamp(o.drafted_at / 1000000.0) AS drafted_at, o.rehearsed_days, o.signed_by,
       to_timestamp(o.signed_at / 1000000.0) AS signed_at, o.revoked_by, to_timestamp(o.revoked_at / 1000000.0) AS revoked_at, o.terms
FROM standing_order o;
