//! The bank directory: codes, names, classes, mergers, and branch codes that belong to another
//! bank than their prefix says.
