//! From the name of a kernel to bytes that boot.
