//! What takaza tells people about what happened, or would have: rows to text, tables and pictures.
//!
//! Pure: rows come in, a report comes out.

pub mod attribution;
pub mod document;
pub mod fairness;
pub mod rehearsal;
