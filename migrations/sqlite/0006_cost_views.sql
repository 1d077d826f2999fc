-- What platforms charge, for analysts: dollars as exact decimals, days as UTC's. Nothing in takaza
-- reads them; `takaza costs` shows what stands against the caps.

-- One row a delivery that a platform may charge: its price as it was at the last claim. It is spent
-- (1) where the delivery went out or may have; what is proved not sent costs nothing (0).
CREATE VIEW post_costs AS
SELECT strftime('%Y-%m-%d', p.at / 1000000, 'unixepoch') AS day, p.account, d.reference, d.bank, d.kind, d.state,
       printf('%d.%06d', p.micros / 1000000, p.micros % 1000000) AS dollars, p.micros AS micro_dollars,
       CASE WHEN d.state IN ('sending', 'uncertain', 'delivered', 'retracted') THEN 1 ELSE 0 END AS spent
FROM post_price p JOIN delivery d ON d.id = p.delivery;

-- What the readings of a day cost, by account and item.
CREATE VIEW listening_costs AS
SELECT strftime('%Y-%m-%d', c.day_at / 1000000, 'unixepoch') AS day, c.account, c.item, c.resources,
       printf('%d.%06d', c.micros / 1000000, c.micros % 1000000) AS dollars, c.micros AS micro_dollars
FROM charged_day c;
