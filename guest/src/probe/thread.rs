//! Threads that are there.

use std::io;
use std::sync::mpsc::{Sender, channel};
use std::thread;

/// A thread that makes the process a multi-threaded one, and does nothing else
/// until it is dropped.
#[derive(Debug)]
pub struct Bystander {
    stay: Option<Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Bystander {
    /// Starts the thread. It runs when this returns.
    ///
    /// # Errors
    /// Where no thread can be had.
    pub fn start() -> io::Result<Self> {
        let (stay, until_dropped) = channel::<()>();
        let (running, is_running) = channel();
        let thread = thread::Builder::new().spawn(move || {
            let _ = running.send(());
            let _ = until_dropped.recv();
        })?;
        let _ = is_running.recv();
        Ok(Self {
            stay: Some(stay),
            thread: Some(thread),
        })
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        self.stay = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
