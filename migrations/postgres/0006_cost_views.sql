-- What platforms charge, for analysts: dollars as exact decimals, days as UTC's. Nothing in takaza
-- reads them; `takaza costs` shows what stands against the caps.

-- One row a delivery that a platform may charge: its price as it was at the last claim. It is spent
-- (1) where the delivery went out or may have; what is proved not sent costs nothing (0).
CREATE VIEW post_costs AS
SELECT to_char(to_timestamp(p.at / 1000000) AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, p.account, d.reference, d.bank, d.kind, d.state,
       round(CAST(p.micros AS NUMERIC) / 1000000, 6) AS dollars, p.micros AS micro_dollars,
       CASE WHEN d.state IN ('sending', 'uncertain', 'delivered', 'retracted') THEN 1 ELSE 0 END AS spent
FROM post_price p JOIN delivery d ON d.id = p.delivery;

-- What the readings of a day cost, by account and item.
CREATE VIEW listening_costs AS
SELECT to_char(to_timestamp(c.day_at / 1000000) AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, c.account, c.item, c.resources,
       round(CAST(c.micros AS NUMERIC) / 1000000, 6) AS dollars, c.micros AS micro_dollars
FROM charged_day c;
