//! Loads and removes modules.

use std::ffi::CString;

use nix::errno::Errno;

use super::{ModulesAtHand, missing};
use crate::protocol::ModuleEntry;

/// Loads what a name or an alias means, and what that needs; the last one with parameters.
pub(crate) fn load(modules: &ModulesAtHand, name: &str, parameters: &str) -> Result<(), String> {
    let wanted = modules.index.wanted(name).ok_or_else(|| missing(name))?;
    for module in &wanted {
        let is_meant = module.name.replace('_', "-") == name.replace('_', "-");
        let parameters = if is_meant || wanted.len() == 1 {
            parameters
        } else {
            ""
        };
        init(modules, module, parameters).map_err(|why| format!("{}: {why}", module.name))?;
    }
    Ok(())
}

fn init(modules: &ModulesAtHand, module: &ModuleEntry, parameters: &str) -> Result<(), String> {
    let bytes = modules.unpacked(module).ok_or("the module is damaged")?;
    let parameters = CString::new(parameters).map_err(|error| error.to_string())?;
    // SAFETY: both are there for the call (init_module(2)).
    let done = unsafe {
        libc::syscall(
            libc::SYS_init_module,
            bytes.as_ptr(),
            bytes.len(),
            parameters.as_ptr(),
        )
    };
    match Errno::result(done) {
        Ok(_) | Err(Errno::EEXIST) => Ok(()),
        Err(errno) => Err(errno.desc().to_owned()),
    }
}

/// Removes a module.
pub(crate) fn remove(name: &str) -> Result<(), String> {
    let own = name.replace('-', "_");
    let own = CString::new(own).map_err(|error| error.to_string())?;
    // SAFETY: the name is there for the call (delete_module(2)).
    let done = unsafe { libc::syscall(libc::SYS_delete_module, own.as_ptr(), libc::O_NONBLOCK) };
    Errno::result(done)
        .map(drop)
        .map_err(|errno| format!("{name}: {}", errno.desc()))
}
