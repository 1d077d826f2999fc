//! One test binary: stories and properties against the library's public face.

mod wording;
