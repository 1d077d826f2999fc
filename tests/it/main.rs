//! One test binary; a file a subject.

mod square;
mod world;
