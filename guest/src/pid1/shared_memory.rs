//! The memory that the host shares with this machine, as a PCI device that needs no
//! driver (QEMU's `ivshmem-plain`), and the streams that travel through it.

use std::sync::OnceLock;

use nix::errno::Errno;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

use super::power;
use super::serial::Serial;
use crate::pci_memory::{self, Mapped};
use crate::protocol::ring::{self, Moved, RingReader, RingWriter, SHARED_BYTES, Scribbled};
use crate::protocol::wire::Stream;
use crate::protocol::{Carried, Digest, Key, Record};

/// Where the host is told that the memory is gone.
static CONSOLE: OnceLock<Serial> = OnceLock::new();

/// A program's streams in shared memory.
pub(crate) struct GuestRings {
    stdin: RingReader<Mapped>,
    stdout: RingWriter<Mapped>,
    stderr: RingWriter<Mapped>,
    /// Of what was carried, by the number of the stream.
    digests: [Digest; 3],
    /// Whether other programs run beside this one, which could write to the memory before
    /// it runs.
    pub(crate) beside_others: bool,
}

impl GuestRings {
    /// Those in this memory. From now on, the host is told where it is taken away.
    pub(crate) fn new(memory: Mapped, console: &Serial) -> Self {
        // Without it, PID 1 would die of that, which the host hears, too.
        let _ = catch_faults(console);
        let digest = |stream| Digest::new(console.hosts_key(), stream);
        Self {
            stdin: RingReader::new(memory, Stream::Stdin),
            stdout: RingWriter::new(memory, Stream::Stdout),
            stderr: RingWriter::new(memory, Stream::Stderr),
            digests: [Stream::Stdin, Stream::Stdout, Stream::Stderr].map(digest),
            beside_others: false,
        }
    }

    /// Those in the memory of a lane, which is clear.
    pub(crate) fn beside_others(memory: Mapped, console: &Serial) -> Self {
        Self {
            beside_others: true,
            ..Self::new(memory, console)
        }
    }

    /// Begins a new job, whose delivery is at this place of stdin.
    pub(crate) fn begin(&mut self, from: u64) -> Result<(), Scribbled> {
        self.stdin.skip_to(from)
    }

    /// Takes the next bytes of the delivery, as many as there are and the buffer holds. Says
    /// whether the host must be told. They count in no digest where nothing runs yet, or any
    /// more, that could write to the memory.
    pub(crate) fn take_delivery(&mut self, buffer: &mut [u8]) -> Result<Moved, Scribbled> {
        let moved = self.stdin.take(buffer)?;
        if self.beside_others {
            self.digests[Stream::Stdin as usize].add(&buffer[..moved.bytes]);
        }
        Ok(moved)
    }

    /// Begins the streams: what is carried counts from here, or from the delivery.
    pub(crate) fn begin_streams(&mut self, key: Key) {
        if !self.beside_others {
            self.digests = [Stream::Stdin, Stream::Stdout, Stream::Stderr]
                .map(|stream| Digest::new(key, stream));
        }
    }

    /// For how many bytes of an output there is room.
    pub(crate) fn room(&self, stream: Stream) -> Result<usize, Scribbled> {
        match stream {
            Stream::Stderr => self.stderr.room(),
            Stream::Stdout | Stream::Stdin => self.stdout.room(),
        }
    }

    /// Puts in bytes of an output, for which there is room. Says whether the host must
    /// be told.
    pub(crate) fn put(&mut self, stream: Stream, bytes: &[u8]) -> Result<bool, Scribbled> {
        let output = match stream {
            Stream::Stderr => &mut self.stderr,
            Stream::Stdout | Stream::Stdin => &mut self.stdout,
        };
        let moved = output.put(bytes)?;
        self.digests[stream as usize].add(&bytes[..moved.bytes]);
        Ok(moved.bell)
    }

    /// Takes the next bytes of stdin, if there are any, and at most so many. Says whether the host must be
    /// told.
    pub(crate) fn take(&mut self, most: usize) -> Result<(Vec<u8>, bool), Scribbled> {
        let mut bytes = vec![0; most];
        let moved = self.stdin.take(&mut bytes)?;
        bytes.truncate(moved.bytes);
        self.digests[Stream::Stdin as usize].add(&bytes);
        Ok((bytes, moved.bell))
    }

    /// What was carried.
    pub(crate) fn carried(&self) -> [Carried; 3] {
        self.digests.each_ref().map(Digest::carried)
    }
}

/// Tells the host that the memory holds what it cannot, or is gone; ends the machine.
pub(crate) fn garbled(console: &Serial, what: String) -> ! {
    console.send(&Record::Garbled { what });
    power::off()
}

/// A program that is root can take the device away, by sysfs's `remove`. To touch the
/// memory is a fault (SIGBUS) from then on. That would end PID 1, which looks like a
/// panic of the kernel.
fn catch_faults(console: &Serial) -> Result<(), Errno> {
    extern "C" fn fault(_: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
        // SAFETY: the kernel gives it to the handler (SA_SIGINFO).
        let is_of_kernel = unsafe { (*info).si_code } > 0;
        // Else a program has sent the signal.
        if is_of_kernel && let Some(console) = CONSOLE.get() {
            let what = "something in the guest has taken away the shared memory";
            garbled(console, what.to_owned());
        }
    }
    let _ = CONSOLE.set(console.clone());
    let flags = SaFlags::SA_SIGINFO | SaFlags::SA_RESTART;
    let action = SigAction::new(SigHandler::SigAction(fault), flags, SigSet::empty());
    // SAFETY: what is at fault reads or writes a ring. It holds no lock that the handler
    // would wait for.
    unsafe { sigaction(Signal::SIGBUS, &action) }?;
    Ok(())
}

/// Finds the memory, if the machine has it.
pub(crate) fn find() -> Option<Mapped> {
    // It is longer where it has lanes.
    let is_whole = |memory: Mapped| size_of_val(memory) >= SHARED_BYTES;
    pci_memory::find(true, |memory| is_whole(memory) && ring::is_marked(memory))
}
