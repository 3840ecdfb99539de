//! The stdout and stderr with which this process was started.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, bail};
use nix::sys::signal::{SigHandler, Signal, signal};

static STDOUT_CLOSED: AtomicBool = AtomicBool::new(false);
static STDERR_CLOSED: AtomicBool = AtomicBool::new(false);

/// Runs before `main`, and before the standard library opens /dev/null in place of
/// closed descriptors.
#[used]
#[unsafe(link_section = ".init_array")]
static LOOK: extern "C" fn() = look;

extern "C" fn look() {
    // SAFETY: it takes numbers only.
    let closed = |file| unsafe { libc::fcntl(file, libc::F_GETFD) } == -1;
    STDOUT_CLOSED.store(closed(1), Ordering::Relaxed);
    STDERR_CLOSED.store(closed(2), Ordering::Relaxed);
}

/// Checks that stdout is open, and stderr too for a command that passes on a program's
/// output. Makes a file that exceeds `ulimit -f` an error (EFBIG) instead of a deadly
/// signal (SIGXFSZ).
///
/// # Errors
/// If one is closed: with what to do.
pub fn prepare(for_a_program: bool) -> Result<()> {
    // A use keeps the linker from dropping it.
    std::hint::black_box(LOOK);
    // SAFETY: no handler runs for a signal that is ignored.
    unsafe { signal(Signal::SIGXFSZ, SigHandler::SigIgn) }?;
    for (closed, name, redirection) in [
        (&STDOUT_CLOSED, "stdout", ">/dev/null"),
        (&STDERR_CLOSED, "stderr", "2>/dev/null"),
    ] {
        let matters = for_a_program || name == "stdout";
        if matters && closed.load(Ordering::Relaxed) {
            bail!(
                "{name} is closed: what goes there would be lost; write {redirection} if it is \
                 not wanted"
            );
        }
    }
    Ok(())
}
