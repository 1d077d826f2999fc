-- Who accepted a file that somebody else brought; nobody where it came by the command line.
ALTER TABLE import ADD COLUMN accepted_by TEXT;
