//! The modules below a directory.

use std::fs;
use std::io;
use std::path::Path;

use super::ModulePacker;
use crate::files::read::open_regular;

/// Takes the modules below a directory, such as `/lib/modules/6.1.0-50-amd64`. Links are
/// not followed.
pub(crate) fn take_below(dir: &Path, packer: &mut ModulePacker) -> io::Result<()> {
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
    Ok(())
}
