-- What the list of posts is narrowed by, newest first: ids are UUIDs v7, so they stand in the order
-- of drafting. On expressions, so that no other question, and above all no claim, is planned by them.
CREATE INDEX delivery_listed_state ON delivery ((state || ''), id);
CREATE INDEX delivery_listed_bank ON delivery ((bank || ''), id);
CREATE INDEX delivery_listed_account ON delivery ((account || ''), id);
CREATE INDEX delivery_listed_by_hand ON delivery (id) WHERE sender = 'hand-off';
