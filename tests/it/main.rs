//! The one test binary: stories and properties, a module for each.

mod imports;
