//! Where the process that keeps machines is found.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use images::Kernel;

use super::server::build;
use crate::payload::BadRequest;
use crate::system::runs;

/// The directory of the machines of one name, which only their user may enter.
#[derive(Debug)]
pub struct StandingPlace {
    name: String,
    path: PathBuf,
    dir: File,
}

impl StandingPlace {
    /// The place of this name.
    ///
    /// # Errors
    /// If the name is none, or the directory cannot be made.
    pub fn of(name: &str) -> Result<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if name.is_empty() || name.starts_with('.') || !name.bytes().all(plain) {
            return Err(BadRequest::new(format!(
                "{name:?} cannot name machines: take letters, digits, dots, and - or _"
            ))
            .into());
        }
        let path = runs()?.join("up").join(name);
        let making = || format!("making {}", path.display());
        let mut builder = DirBuilder::new();
        builder
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .with_context(making)?;
        let dir = File::open(&path).with_context(making)?;
        Ok(Self {
            name: name.to_owned(),
            path,
            dir,
        })
    }

    /// The place of machines for a test runner with this kernel: another one for another
    /// build of the guest.
    ///
    /// # Errors
    /// If the directory cannot be made.
    pub fn of_runner(kernel: &Kernel) -> Result<Self> {
        let kernel = match kernel {
            Kernel::Catalogued(entry) => entry.name.replace('/', "_"),
            Kernel::Vendored(kernel) => kernel.name().replace('/', "_"),
            Kernel::File(path) => {
                let path = std::path::absolute(path).context("finding the current directory")?;
                format!("{:08x}", crc32fast::hash(path.as_os_str().as_bytes()))
            }
        };
        Self::of(&format!("runner-{kernel}-{}", build().replace(' ', "-")))
    }

    /// What the machines are, in words, as the process that keeps them has told.
    #[must_use]
    pub fn machines(&self) -> String {
        fs::read_to_string(self.path.join("machines")).unwrap_or_default()
    }

    /// Tells what the machines are.
    pub(super) fn tell(&self, machines: &str) -> Result<()> {
        fs::write(self.path.join("machines"), machines).context("telling what the machines are")
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file for what the process has to say.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.path.join("log")
    }

    /// The socket, by a path short enough for any directory (unix(7)).
    fn socket(&self) -> PathBuf {
        Path::new("/proc/self/fd")
            .join(self.dir.as_raw_fd().to_string())
            .join("socket")
    }

    /// Connects to the process, if there is one.
    pub(super) fn connect(&self) -> io::Result<UnixStream> {
        UnixStream::connect(self.socket())
    }

    /// Whether there is a process that answers.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.connect().is_ok()
    }

    /// Listens, unless another process does; returns the lock that says so.
    pub(super) fn listen(&self) -> Result<Option<(UnixListener, File)>> {
        let lock = self.path.join("lock");
        let lock = File::create(&lock).with_context(|| format!("opening {}", lock.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error).context("locking the machines"),
        }
        let socket = self.socket();
        // Of a process that was killed.
        let _ = fs::remove_file(&socket);
        let listener = UnixListener::bind(&socket).context("making the machines' socket")?;
        Ok(Some((listener, lock)))
    }
}
