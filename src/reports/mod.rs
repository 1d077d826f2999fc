//! What takaza tells people about what happened, or would have: rows to text, tables and pictures.
//!
//! Pure: rows come in, a report comes out.

pub mod attribution;
pub mod banks;
pub mod card;
pub mod case_file;
pub mod costs;
pub mod days;
pub mod document;
pub mod engagement;
pub mod fairness;
pub mod figures;
pub mod lettering;
pub mod orders;
pub mod public;
pub mod rehearsal;
pub mod render;
pub mod replies;
pub mod words;
