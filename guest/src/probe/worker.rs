//! Threads that run what they are given.

use std::fs;
use std::panic;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Pid, gettid};

use super::Child;

/// The flags of clone(2) that make a thread.
pub const A_THREAD: CloneFlags = CloneFlags::CLONE_THREAD
    .union(CloneFlags::CLONE_SIGHAND)
    .union(CloneFlags::CLONE_VM);

type Call = Box<dyn FnOnce() + Send>;

/// A thread that lives until it is dropped, and until then runs what it is
/// given, one after the other.
///
/// ```
/// # use guest::probe::{Worker, gettid};
/// let worker = Worker::start()?;
/// assert_eq!(worker.run(gettid), worker.tid());
/// # Ok::<(), guest::probe::Errno>(())
/// ```
#[derive(Debug)]
pub struct Worker {
    tid: Pid,
    calls: Option<Sender<Call>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Worker {
    /// Starts the thread. It runs when this returns.
    pub fn start() -> Result<Self, Errno> {
        let (calls, to_do) = channel::<Call>();
        let (running, is_running) = channel();
        let thread = thread::Builder::new()
            .spawn(move || {
                let _ = running.send(gettid());
                while let Ok(call) = to_do.recv() {
                    call();
                }
            })
            .map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(0)))?;
        Ok(Self {
            tid: is_running.recv().map_err(|_| Errno::ESRCH)?,
            calls: Some(calls),
            thread: Some(thread),
        })
    }

    /// The thread's ID.
    #[must_use]
    pub fn tid(&self) -> Pid {
        self.tid
    }

    /// Runs something in the thread and waits for what comes of it.
    ///
    /// # Panics
    /// Where `call` does.
    pub fn run<T: Send + 'static>(&self, call: impl FnOnce() -> T + Send + 'static) -> T {
        let (done, result) = channel();
        let call = move || {
            let _ = done.send(call());
        };
        if let Some(calls) = &self.calls {
            let _ = calls.send(Box::new(call));
        }
        result.recv().expect("the call panicked")
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let threads = count_threads();
        self.calls = None;
        if let Some(thread) = self.thread.take() {
            if let Err(panic) = thread.join()
                && !thread::panicking()
            {
                panic::resume_unwind(panic);
            }
            until_gone(threads);
        }
    }
}

/// Makes a thread that ends at once.
///
/// musl's pthread_create(3) says EAGAIN whatever the kernel said (src/thread/pthread_create.c),
/// so clone(2) itself is asked for the reason.
pub fn create_thread() -> Result<(), Errno> {
    match Worker::start() {
        Err(Errno::EAGAIN) => Child::clone(A_THREAD)?.end().map(drop),
        started => started.map(drop),
    }
}

/// pthread_join(3) returns before the kernel has done away with the thread: for a moment it
/// still counts in the thread group, and unshare(2) fails. It leaves `/proc` an instant before
/// it leaves the group (`__unhash_process` in kernel/exit.c), and its signal handlers go last.
///
/// Threads are counted, not looked up: a thread's ID belongs to its namespace, and
/// `/proc` may show another one.
fn until_gone(before: usize) {
    while count_threads() >= before && before > 1 {
        thread::yield_now();
    }
    // To a process with one thread, this gives what it has already. One that shares its
    // handlers with another process is refused, however long it waits.
    let patience = Instant::now() + Duration::from_millis(100);
    while before == 2
        && unshare(CloneFlags::CLONE_SIGHAND) == Err(Errno::EINVAL)
        && Instant::now() < patience
    {
        thread::yield_now();
    }
}

/// How many threads this process has; 0 where `/proc` cannot tell.
fn count_threads() -> usize {
    fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}
