-- Readable views for analysts: times as times, rupees as rupees. Nothing in takaza reads them.

CREATE VIEW posts AS
SELECT d.id AS delivery, d.reference, d.bank, d.kind, d.account, d.sender, d.state,
       d.content ->> 'language' AS language, d.content ->> 'text' AS text, d.attempts,
       strftime('%Y-%m-%dT%H:%M:%fZ', d.sent_at / 1000000.0, 'unixepoch') AS sent_at, strftime('%Y-%m-%dT%H:%M:%fZ', d.receipt_at / 1000000.0, 'unixepoch') AS receipt_at, d.permalink, d.why
FROM delivery d;

CREATE VIEW escalations AS
SELECT e.id, e.reference, e.bank, e.rung, e.kind, e.state, e.version,
       e.facts ->> 'cases' AS cases, round(e.money_at_risk / 100.0, 2) AS rupees_at_least,
       strftime('%Y-%m-%dT%H:%M:%fZ', e.drafted_at / 1000000.0, 'unixepoch') AS drafted_at, strftime('%Y-%m-%dT%H:%M:%fZ', e.expires_at / 1000000.0, 'unixepoch') AS expires_at,
       e.written_by, e.cleared_by, e.cleared_order, strftime('%Y-%m-%dT%H:%M:%fZ', e.cleared_at / 1000000.0, 'unixepoch') AS cleared_at, e.outcome
FROM escalation e;

CREATE VIEW actions AS
SELECT a.bank, a.kind, a.status, round(a.disputed / 100.0, 2) AS disputed_rupees, a.limit_hours,
       strftime('%Y-%m-%dT%H:%M:%fZ', a.due_at / 1000000.0, 'unixepoch') AS due_at, strftime('%Y-%m-%dT%H:%M:%fZ', a.as_of / 1000000.0, 'unixepoch') AS as_of, strftime('%Y-%m-%dT%H:%M:%fZ', a.vanished_at / 1000000.0, 'unixepoch') AS vanished_at
FROM action a;

CREATE VIEW engagements AS
SELECT d.reference, d.bank, d.account, g.kind, g.voice, strftime('%Y-%m-%dT%H:%M:%fZ', g.at / 1000000.0, 'unixepoch') AS at,
       strftime('%Y-%m-%dT%H:%M:%fZ', g.first_seen_at / 1000000.0, 'unixepoch') AS first_seen_at
FROM engagement g JOIN delivery d ON d.id = g.delivery;

CREATE VIEW attempts AS
SELECT d.reference, d.bank, d.account, a.n, a.holder, strftime('%Y-%m-%dT%H:%M:%fZ', a.claimed_at / 1000000.0, 'unixepoch') AS claimed_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', a.ended_at / 1000000.0, 'unixepoch') AS ended_at, a.outcome, a.detail
FROM attempt a JOIN delivery d ON d.id = a.delivery;

CREATE VIEW standing_orders AS
SELECT o.name, o.drafted_by, strftime('%Y-%m-%dT%H:%M:%fZ', o.drafted_at / 1000000.0, 'unixepoch') AS drafted_at, o.rehearsed_days, o.signed_by,
       strftime('%Y-%m-%dT%H:%M:%fZ', o.signed_at / 1000000.0, 'unixepoch') AS signed_at, o.revoked_by, strftime('%Y-%m-%dT%H:%M:%fZ', o.revoked_at / 1000000.0, 'unixepoch') AS revoked_at, o.terms
FROM standing_order o;
