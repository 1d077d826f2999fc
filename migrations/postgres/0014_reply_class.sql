-- What a bank's own replies and quotes amount to.
--
-- The reading is derived from the text and may be made anew while that is kept: not followed.
--   class           canned, acknowledgement, claim, dispute or other; empty where no text was kept
--   class_because   why, as JSON; it holds nothing of the text and outlives it
--   class_method    the number of the method that read it; 0: not read yet
-- An officer's correction is an act and followed; it wins over any reading.
ALTER TABLE engagement ADD COLUMN class TEXT;
ALTER TABLE engagement ADD COLUMN class_because TEXT;
ALTER TABLE engagement ADD COLUMN class_method BIGINT NOT NULL DEFAULT 0;
ALTER TABLE engagement ADD COLUMN corrected_class TEXT;
ALTER TABLE engagement ADD COLUMN corrected_by TEXT;
ALTER TABLE engagement ADD COLUMN corrected_at BIGINT;
CREATE INDEX engagement_unread ON engagement (class_method, first_seen_at)
    WHERE voice = 'bank' AND text IS NOT NULL;
CREATE INDEX engagement_bank_said ON engagement (first_seen_at) WHERE voice = 'bank';

-- The banks' own replies and quotes, each with the class that counts. `at` is the platform's time,
-- or that of our first sight where it tells none.
CREATE VIEW bank_reply AS
SELECT d.escalation, d.reference, d.kind AS post_kind, d.bank, g.delivery, g.kind, g.platform_id,
       COALESCE(g.at, g.first_seen_at) AS at, g.first_seen_at,
       COALESCE(g.corrected_class, g.class) AS class, g.class AS read_class,
       g.corrected_class, g.corrected_by
FROM engagement g JOIN delivery d ON d.id = g.delivery
WHERE g.voice = 'bank' AND g.kind IN ('reply', 'quote');
