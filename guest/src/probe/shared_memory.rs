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
/// That of clone(2); ECHILD where it died.
pub fn sharing_memory<T>(flags: CloneFlags, part: impl FnOnce() -> T) -> Result<T, Errno> {
    let mut call = Call {
        part: Some(part),
        result: None,
    };
    let call_at = (&raw mut call).cast();
    // SAFETY: `call` is valid until the child has ended, and nobody else
    // touches this thread's memory, or its thread-local storage, meanwhile.
    let child = unsafe {
        clone_to(
            flags | CloneFlags::CLONE_VM,
            perform::<_, T>(&call),
            call_at,
            std::ptr::null_mut(),
        )
    }?;
    match waitpid(child, None)? {
        WaitStatus::Exited(..) => call.result.ok_or(Errno::ECHILD),
        _ => Err(Errno::ECHILD),
    }
}

struct Call<F, T> {
    part: Option<F>,
    result: Option<T>,
}

/// The child's main function.
fn perform<F: FnOnce() -> T, T>(_: &Call<F, T>) -> extern "C" fn(*mut c_void) -> c_int {
    extern "C" fn main<F: FnOnce() -> T, T>(call: *mut c_void) -> c_int {
        // SAFETY: it is such a call, and the parent does not look at it yet.
        let call = unsafe { &mut *call.cast::<Call<F, T>>() };
        call.result = call.part.take().map(|part| part());
        0
    }
    main::<F, T>
}
