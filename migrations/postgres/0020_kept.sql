-- Of a file that waits for a second person no more is kept than what its mapping takes from it.
--   kept      the SHA-256 of that, as it lies in the data folder
ALTER TABLE case_import ADD COLUMN kept TEXT;
