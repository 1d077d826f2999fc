//! What takaza tells people about what happened, or would have: rows to text, tables and pictures.
//!
//! Pure: rows come in, a report comes out.

pub mod case_file;
pub mod document;
pub mod rehearsal;
pub mod replies;
