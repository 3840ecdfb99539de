//! The modules below a directory.

use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;

use super::ModulePacker;
use super::pack::module_name;
use crate::files::read::open_regular;

/// Takes the modules below a directory, such as `/lib/modules/6.1.0-50-amd64`. Links are not
/// followed.
pub(crate) fn take_below(dir: &Path, packer: &mut ModulePacker) -> io::Result<()> {
    each_below(dir, |path, name| {
        packer.take(name, open_regular(path)?)?;
        Ok(ControlFlow::Continue(()))
    })
}

/// Whether there is a module below a directory. None is read.
pub(crate) fn is_one_below(dir: &Path) -> io::Result<bool> {
    let mut found = false;
    each_below(dir, |_, name| {
        found = module_name(name).is_some();
        Ok(match found {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        })
    })?;
    Ok(found)
}

/// Shows each file below a directory, with its name, until it is enough.
fn each_below(
    dir: &Path,
    mut see: impl FnMut(&Path, &str) -> io::Result<ControlFlow<()>>,
) -> io::Result<()> {
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                dirs.push(entry.path());
            } else if kind.is_file() {
                let name = entry.file_name();
                if see(&entry.path(), &name.to_string_lossy())?.is_break() {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}
