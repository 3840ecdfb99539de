//! The stdout and stderr with which this process was started.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, bail};
use nix::sys::signal::{SigHandler, Signal, signal};

static STDOUT_CLOSED: AtomicBool = AtomicBool::new(false);
static STDERR_CLOSED: AtomicBool = AtomicBool::new(false);

/// Called before `main`, and before the standard library puts /dev/null in the
/// place of what is closed: from then on, nothing tells that all is lost.
#[used]
#[unsafe(link_section = ".init_array")]
static LOOK: extern "C" fn() = look;

extern "C" fn look() {
    // SAFETY: it takes numbers only.
    let closed = |file| unsafe { libc::fcntl(file, libc::F_GETFD) } == -1;
    STDOUT_CLOSED.store(closed(1), Ordering::Relaxed);
    STDERR_CLOSED.store(closed(2), Ordering::Relaxed);
}

/// Makes sure that nothing is lost without a word: that this process was started
/// with a stdout and, where it runs a program whose output it passes on, with a
/// stderr; and that a file which grows beyond `ulimit -f` gives an error (EFBIG),
/// as a disk that is full does, instead of ending this process (SIGXFSZ).
///
/// # Errors
/// If something is missing: with what to do.
pub fn prepare(for_a_program: bool) -> Result<()> {
    // It has to be used, or no linker takes it along.
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
