//! The modules at paths, as one file that a machine is given.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::kernel_modules::{ModulePacker, is_one_below, take_below};
use crate::local::{packages, tree};
use crate::package::WantedModules;

/// Makes one file of the modules in packages, below directories, and in built kernel
/// trees.
pub(crate) fn pack_modules(paths: &[PathBuf]) -> io::Result<Vec<u8>> {
    let mut packer = ModulePacker::default();
    for path in paths {
        if !path.is_dir() {
            let mut wanted = WantedModules(&mut packer);
            packages::each(path, packages::MAX_BUILT_HERE, &mut |member| {
                wanted.see(member)
            })?;
        } else if tree::is_tree(path) {
            tree::take_modules(path, &mut packer)?;
        } else {
            take_below(path, &mut packer)?;
        }
    }
    let modules = packer.finish()?;
    modules.ok_or_else(none)
}

fn none() -> io::Error {
    io::Error::other("there is no kernel module in it")
}

/// Looks for modules at a path, without reading them.
///
/// # Errors
/// If there is nothing, or a directory without a module.
pub fn look_for_modules(path: &Path) -> io::Result<()> {
    let is_directory = fs::metadata(path)?.is_dir();
    if is_directory && !tree::is_tree(path) && !is_one_below(path)? {
        return Err(none());
    }
    Ok(())
}
