//! The one test binary: stories and properties, each in a module named after what it is about.

mod cases;
mod imports;
mod mastodon;
mod support;
//! One test binary: stories and properties against the library's public face.

mod wording;
