-- The unit's own figures for its reports: one row a calendar day, amounts in rupees as exact decimals.
CREATE TABLE day_figures (
    day              TEXT PRIMARY KEY,
    complaints       INTEGER NOT NULL,
    amount_defrauded TEXT NOT NULL,
    amount_recovered TEXT NOT NULL,
    arrests          INTEGER NOT NULL
);
