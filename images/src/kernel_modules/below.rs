//! The modules below a directory.

use std::fs;
use std::io;
use std::path::Path;

use super::ModulePacker;
use crate::files::read::open_regular;

/// Makes one file of the modules below a directory, such as `/lib/modules/6.1.0-50-amd64`.
pub(crate) fn modules_below(dir: &Path) -> io::Result<Vec<u8>> {
    let mut packer = ModulePacker::default();
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                dirs.push(entry.path());
            } else if kind.is_file() {
                let name = entry.file_name();
                packer.take(&name.to_string_lossy(), open_regular(&entry.path())?)?;
            }
        }
    }
    let modules = packer.finish()?;
    modules.ok_or_else(|| io::Error::other("there is no kernel module in it"))
}
