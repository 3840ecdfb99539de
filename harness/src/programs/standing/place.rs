//! Where the process that keeps machines is found.

use std::fmt::{self, Display, Formatter};
use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use guest::Arch;
use images::{Kernel, LocalKernel};
use serde::{Deserialize, Serialize};
use tempfile::tempfile_in;

use super::server::build;
use crate::payload::{BadRequest, Program};
use crate::programs::devices::DeviceWords;
use crate::system::{program_name, quoted, runs};

/// How many bytes are written at a place, a log with them.
const ROOM: usize = 64 << 10;

/// What the machines of one name are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingMachines {
    /// The words of `up`, but for their devices.
    words: String,
    /// Which file their kernel is, if it is named by a path: another one may take its place.
    image: Option<String>,
    /// Their devices.
    pub(super) devices: DeviceWords,
    /// How many programs a machine takes at a time, if it takes several.
    #[serde(default)]
    pub(super) at_a_time: Option<NonZeroUsize>,
    /// The name of their architecture, where it is known without opening a package.
    #[serde(default)]
    arch: Option<String>,
}

impl StandingMachines {
    /// Machines of this kind.
    ///
    /// # Errors
    /// If a relative path has no meaning here.
    pub fn new(
        kernel: &Kernel,
        memory_mib: u32,
        cpus: u32,
        append: &[String],
        devices: DeviceWords,
    ) -> Result<Self> {
        let arch = kernel.arch();
        let (kernel, image) = match kernel {
            Kernel::File(path) => {
                let image = image_file(path)?;
                let path = std::path::absolute(path).context("finding the current directory")?;
                (quoted(path.as_os_str()), Some(image))
            }
            Kernel::Catalogued(_) | Kernel::Vendored(_) => (kernel.name(), None),
        };
        let mut words = format!("{kernel} --memory {memory_mib} --cpus {cpus}");
        for append in append {
            words.push_str(&format!(" --append {}", quoted(append.as_ref())));
        }
        Ok(Self {
            words,
            image,
            devices,
            at_a_time: None,
            arch: arch.map(|arch| arch.name.to_owned()),
        })
    }

    /// Such machines, each of which takes so many programs at a time.
    #[must_use]
    pub fn at_a_time(mut self, number: NonZeroUsize) -> Self {
        if number > NonZeroUsize::MIN {
            self.words.push_str(&format!(" --at-a-time {number}"));
            self.at_a_time = Some(number);
        }
        self
    }

    /// The architecture of their kernel, where it is known.
    #[must_use]
    pub fn arch(&self) -> Option<&'static Arch> {
        Arch::named(self.arch.as_ref()?)
    }

    /// Whether they are what others are, but for the file of their kernel.
    #[must_use]
    pub fn have_another_image(&self, others: &Self) -> bool {
        let Self { words, devices, .. } = self;
        (words, devices) == (&others.words, &others.devices) && self.image != others.image
    }
}

/// Tells the file of a kernel from others that had its path before, or will.
fn image_file(path: &Path) -> Result<String> {
    let local = LocalKernel::at(path)?;
    let file = local.file();
    let reading = || format!("reading {}", file.display());
    let is = fs::metadata(file).with_context(reading)?;
    Ok(format!(
        "{}:{} {} {}.{:09}",
        is.dev(),
        is.ino(),
        is.len(),
        is.mtime(),
        is.mtime_nsec()
    ))
}

/// As the words of `up`.
impl Display for StandingMachines {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { words, devices, .. } = self;
        write!(f, "{words}{devices}")
    }
}

/// The directory of the machines of one name, which only their user may enter.
#[derive(Debug)]
pub struct StandingPlace {
    name: String,
    path: PathBuf,
    dir: File,
}

impl StandingPlace {
    /// The place of this name. A slash, as in `arm64/6.1`, becomes an underscore.
    ///
    /// # Errors
    /// If the name is none, or the directory cannot be made.
    pub fn of(name: &str) -> Result<Self> {
        let name = &name.replace('/', "_");
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if name.is_empty() || name.starts_with('.') || !name.bytes().all(plain) {
            return Err(BadRequest::new(format!(
                "{name:?} cannot name machines: take letters, digits, dots, - and _"
            ))
            .into());
        }
        let path = places()?.join(name);
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

    /// The place of a name under which machines were brought up before; they may have ended.
    ///
    /// # Errors
    /// If there were none, with the names that are up.
    pub fn find(name: &str) -> Result<Self> {
        let name = &name.replace('/', "_");
        let is_known = names()?.contains(name);
        if !is_known {
            return Err(not_up(name));
        }
        Self::of(name)
    }

    /// The place of machines for a test runner with this kernel: another one for another
    /// build of the guest, and for another file at the kernel's path.
    ///
    /// # Errors
    /// If the directory cannot be made.
    pub fn of_runner(kernel: &Kernel) -> Result<Self> {
        let kernel = match kernel {
            Kernel::Catalogued(_) | Kernel::Vendored(_) => kernel.name(),
            Kernel::File(path) => {
                let path = std::path::absolute(path).context("finding the current directory")?;
                let image = image_file(&path)?;
                let words = [path.as_os_str().as_bytes(), image.as_bytes()].concat();
                format!("{:08x}", crc32fast::hash(&words))
            }
        };
        Self::of(&format!("runner-{kernel}-{}", build().replace(' ', "-")))
    }

    /// What the machines are, as the process that keeps them has told.
    #[must_use]
    pub fn machines(&self) -> StandingMachines {
        let told = fs::read(self.path.join("machines")).unwrap_or_default();
        serde_json::from_slice(&told).unwrap_or_default()
    }

    /// Checks that there is room for what the process that keeps machines writes here: an
    /// error of its own could not be written either.
    ///
    /// # Errors
    /// If there is none.
    pub fn check_room(&self) -> Result<()> {
        let try_out = || -> io::Result<()> {
            let mut file = tempfile_in(&self.path)?;
            file.write_all(&[0; ROOM])
        };
        let path = self.path.display();
        try_out().with_context(|| format!("writing in {path}, where machines that stay are kept"))
    }

    /// Tells what the machines are.
    pub(super) fn tell(&self, machines: &StandingMachines) -> Result<()> {
        let told = serde_json::to_vec(machines)?;
        fs::write(self.path.join("machines"), told).context("telling what the machines are")
    }

    /// Gives a program the devices of the machines.
    ///
    /// # Errors
    /// If it asks for others: with the commands that bring machines up which have them.
    pub fn furnish(&self, program: Program, asked: &DeviceWords) -> Result<Program> {
        if !self.is_up() {
            return Err(not_up(&self.name));
        }
        let StandingMachines { words, devices, .. } = self.machines();
        if !devices.have(asked) {
            let (name, program, all) = (&self.name, program_name(), devices.with(asked));
            return Err(BadRequest::new(format!(
                "{name} was not brought up with{asked}, and a machine keeps its devices: \
                 `{program} down {name}`, and then `{program} up {words}{all} --name {name}`"
            ))
            .into());
        }
        let network = devices.has_network();
        Ok(program.network(network).disks(devices.disk_names()))
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

/// Where all places are.
fn places() -> Result<PathBuf> {
    Ok(runs()?.join("up"))
}

/// The names of machines that were ever brought up, in order.
fn names() -> Result<Vec<String>> {
    let entries = fs::read_dir(places()?).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    Ok(names)
}

/// The error for a name that is not up: with those that are.
pub(super) fn not_up(name: &str) -> anyhow::Error {
    let program = program_name();
    let names = names().unwrap_or_default().into_iter();
    let is_up = |name: &String| StandingPlace::of(name).is_ok_and(|place| place.is_up());
    let up: Vec<String> = names.filter(is_up).collect();
    let up = match &up[..] {
        [] => "nothing is up".to_owned(),
        names => format!("up are {}", names.join(", ")),
    };
    BadRequest::new(format!(
        "{name} is not up, and {up}: `{program} up KERNEL --name {name}` brings it up"
    ))
    .into()
}
