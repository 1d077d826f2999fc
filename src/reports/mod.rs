//! What takaza tells people about what happened, or would have: rows to text, tables and pictures.
//!
//! Pure: rows come in, a report comes out.

pub mod card;
pub mod document;
pub mod lettering;
pub mod rehearsal;
