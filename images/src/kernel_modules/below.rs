//! The modules below a directory.

use std::fs;
use std::io;
use std::path::Path;

use super::ModulePacker;
use crate::files::read::open_regular;

/// Takes the modules below a directory, such as `/lib/modules/6.1.0-50-amd64`, and the
/// kernel's configuration, if it is there or in `/boot` beside `/lib`. Links are not
/// followed.
pub(crate) fn take_below(dir: &Path, packer: &mut ModulePacker) -> io::Result<()> {
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
    Ok(())
}
