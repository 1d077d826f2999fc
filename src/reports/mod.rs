//! What takaza tells people about what happened, or would have: rows to text and JSON.
//!
//! Pure: rows come in, a report comes out.

pub mod rehearsal;
