//! What must hold for any bytes of a file that is packed: called by fuzz targets, and
//! by a test with their seeds.

use std::ffi::OsStr;
use std::path::Path;

use super::program::{elf, ld_cache, script};

/// A program of this host, or a library of one.
pub fn elf(bytes: &[u8]) {
    let _ = elf::Object::parse(Path::new("/bin/program"), bytes, None);
}

/// The cache of the dynamic linker.
pub fn ld_cache(bytes: &[u8]) {
    for (name, paths) in ld_cache::parse(bytes).into_iter().flatten() {
        assert!(!name.contains('\0') && !paths.is_empty());
    }
}

/// A script: its interpreters are absolute paths of files that exist.
pub fn script(bytes: &[u8]) {
    let search = OsStr::new("/usr/bin:/bin");
    let found = script::interpreters(Path::new("/bin/script"), bytes, search);
    for interpreter in found.into_iter().flatten() {
        assert!(interpreter.is_absolute() && interpreter.is_file());
    }
}
