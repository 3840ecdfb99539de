//! From bytes that boot to a verdict.
