//! The modules below a directory.

use std::fs;
use std::io;
use std::path::Path;

use super::ModulePacker;
use crate::files::read::open_regular;

/// Makes one file of the modules below a directory, such as `/lib/modules/6.1.0-50-amd64`,
/// and of the kernel's configuration, if it is there or in `/boot` beside `/lib`.
pub(crate) fn modules_below(dir: &Path) -> io::Result<Vec<u8>> {
    let mut packer = ModulePacker::default();
    let release = dir.file_name().unwrap_or_default().to_string_lossy();
    let beside = Path::new("../../../boot").join(format!("config-{release}"));
    for config in [Path::new("config"), &beside] {
        if let Ok(file) = open_regular(&dir.join(config)) {
            packer.take_config(file)?;
            break;
        }
    }
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
