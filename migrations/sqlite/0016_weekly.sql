-- The weekly report by mail: one row a week, so that it goes out once, whoever runs and however often.
--   week         the day on which it is due; or when it was tried by hand
--   state        sending, sent, waiting (refused, and tried again), unknown, given-up
--   lease_until  while it is sent: from then on nobody knows what came of it
--   said         what came of the last try
CREATE TABLE weekly_mail (
    week         TEXT PRIMARY KEY,
    state        TEXT NOT NULL,
    attempts     BIGINT NOT NULL,
    lease_until  BIGINT,
    next_at      BIGINT,
    ended_at     BIGINT,
    said         TEXT
);
