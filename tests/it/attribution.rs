//! What a tag achieves and whether banks are treated alike, as stories over a running unit; and the
//! curves beside those of a published implementation.

mod curves;
mod story;
