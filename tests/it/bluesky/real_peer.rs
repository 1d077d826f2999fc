//! The same truths against the real PDS and AppView.
