-- A passphrase that somebody else chose: its person must change it before they can act. Empty where
-- the person chose their own.
ALTER TABLE person ADD COLUMN first_passphrase BIGINT;
