//! Processes that share their memory.

use nix::errno::Errno;
use nix::libc::{c_int, c_void};
use nix::sched::CloneFlags;
use nix::sys::wait::{WaitStatus, waitpid};

use super::stack::clone_to;

/// Runs something in a process with one thread that shares the caller's memory,
/// while the caller waits for it to end. It may do whatever the caller may, as
/// if it were called. More `flags` than CLONE_VM may be given.
///
/// # Errors
/// As clone(2); ECHILD where it died.
pub fn sharing_memory<T>(flags: CloneFlags, part: impl FnOnce() -> T) -> Result<T, Errno> {
    extern "C" fn main(call: *mut c_void) -> c_int {
        // SAFETY: it is the call below, and the parent does not look at it yet.
        unsafe { (*call.cast::<&mut dyn FnMut()>())() };
        0
    }
    let (mut part, mut result) = (Some(part), None);
    let mut call: &mut dyn FnMut() = &mut || result = part.take().map(|part| part());
    let call = (&raw mut call).cast();
    let flags = flags | CloneFlags::CLONE_VM;
    // SAFETY: `call` is valid until the child has ended, and nothing else touches this
    // thread's memory, or its thread-local storage, meanwhile.
    let child = unsafe { clone_to(flags, main, call, std::ptr::null_mut()) }?;
    match waitpid(child, None)? {
        WaitStatus::Exited(..) => result.ok_or(Errno::ECHILD),
        _ => Err(Errno::ECHILD),
    }
}
