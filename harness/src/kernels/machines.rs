//! Obtains kernels and makes machines for them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use anyhow::{Context, Result, anyhow};
use guest::{Arch, HOST};
use images::{
    KeptFile, Kernel, LocalKernel, ObtainError, Progress, Store, image_arch, look_for_modules,
};

use super::dir_name::dir_name;
use super::modules::ModuleSource;
use super::probe::{AcceleratorChoice, choose};
use crate::machine::{Machine, Parcel, Qemu, QemuChoice, SavedState};
use crate::payload::guest_of;
use crate::payload::initramfs::{self, PackedInitramfs};
use crate::results::{
    Accelerator, ChosenAccelerator, Downloads, Event, Problem, Substitute, Watcher,
};
use crate::system::{RunDir, lock, paths, words};

/// The least memory with which Debian's kernels come up, in MiB: 7.3 does with it, and not
/// with 80.
pub const LEAST_MIB: u32 = 88;

/// The default memory of a machine, in MiB.
pub(crate) const MEMORY_MIB: u32 = 256;

/// Makes machines for kernels: holds the store, QEMU, the accelerator and the run
/// directory.
pub struct Machines {
    /// Where kernels come from.
    pub store: Arc<Store>,
    /// The accelerator to use.
    pub accelerator: AcceleratorChoice,
    /// Processors of each machine.
    pub cpus: u32,
    /// Words to add to the command line of every kernel.
    pub append: Vec<String>,
    /// Where the modules of kernels come from, in place of their own packages: packages,
    /// directories such as `/lib/modules/6.1.0-50-amd64`, built kernel trees.
    pub modules: Vec<PathBuf>,
    /// Whether the configurations of kernels are obtained where they are not at hand.
    pub needs_config: bool,
    /// Whether scenarios run on machines that are saved and restored. Programs do, unless
    /// a fresh one is asked for.
    pub saved: bool,
    /// Where transcripts go.
    pub dir: RunDir,
    /// The QEMU to use.
    pub qemu: QemuChoice,
    /// The accelerator of each architecture, once it is chosen.
    chosen: Mutex<BTreeMap<&'static Arch, ChosenAccelerator>>,
    /// The QEMU of each architecture that was found, or why there is none.
    found: Mutex<BTreeMap<&'static Arch, Result<Qemu, String>>>,
}

/// A kernel that was obtained, and a machine for it without an initramfs.
#[derive(Clone, Debug)]
pub struct Bootable {
    /// The name under which the kernel was asked for.
    pub name: String,
    /// The machine.
    pub machine: Machine,
    /// The kernel as it is packaged, which may not be what is booted.
    pub packaged: PathBuf,
    /// The files of it that are kept from one run to the next: held, so that they are not
    /// removed.
    pub held: Vec<KeptFile>,
    /// Where its modules come from.
    pub(crate) modules: ModuleSource,
    /// Its configuration, if that is at hand.
    config: Option<Arc<str>>,
    /// What waits for jobs: for scenarios, and for programs. Made when they are needed.
    waiting: Arc<[OnceLock<PackedInitramfs>; 2]>,
    /// A description of the image and its source.
    pub image: String,
    /// The version that stands in for the pinned one, if any.
    pub substitute: Option<Substitute>,
    /// Whether the machine could share memory with this process.
    pub(crate) can_share_memory: bool,
    /// Whether scenarios run on a machine that is saved and restored.
    pub(crate) saved: bool,
    /// What a saved state of the machine depends on, besides its arguments: QEMU, this
    /// host, and the kernel's file. None if it cannot be saved.
    state_of: Option<String>,
    /// The directory of this kernel in the run.
    pub dir: RunDir,
}

impl Bootable {
    /// What is delivered of an initramfs to the machine, once it waits; none if it cannot
    /// be saved, or there is no place for its state.
    pub(crate) fn parcel(
        &self,
        machine: &Machine,
        initramfs: &PackedInitramfs,
        for_programs: bool,
    ) -> Result<Option<Parcel>> {
        let Some(words) = self.state_of.as_deref().filter(|_| machine.shares_memory) else {
            return Ok(None);
        };
        let Some(dir) = paths::memory("machines") else {
            return Ok(None);
        };
        let bare = Machine {
            kernel: PathBuf::new(),
            initramfs: PathBuf::new(),
            ..machine.clone()
        };
        // The size of the memory that it shares is an argument, too.
        let arguments = format!("{:?} {for_programs} {}", bare.arguments(), machine.lanes);
        let config = self.config.as_deref().filter(|_| for_programs);
        let config = config.map(str::as_bytes);
        let guest = guest_of(machine.arch)?;
        let parts = [words.as_bytes(), arguments.as_bytes(), guest];
        let parts: Vec<&[u8]> = parts.into_iter().chain(config).collect();
        let made = &self.waiting[usize::from(for_programs)];
        let waiting = match (made.get(), for_programs) {
            (Some(made), _) => made.clone(),
            (None, false) => initramfs::for_scenarios(machine.arch)?,
            (None, true) => initramfs::for_programs(machine.arch, config)?,
        };
        Ok(Some(Parcel {
            // Another thread may have been faster: one of the two is kept.
            waiting: made.get_or_init(|| waiting).file(),
            archive: initramfs.job(),
            taken_out: None,
            state: SavedState::of(&dir, &parts),
        }))
    }

    /// An initramfs for a machine that does not wait: with the kernel's configuration, if
    /// that is at hand.
    pub(crate) fn whole(&self, initramfs: &PackedInitramfs) -> Result<PackedInitramfs> {
        match &self.config {
            Some(config) => initramfs.with_config(config.as_bytes()),
            None => Ok(initramfs.clone()),
        }
    }
}

impl Machines {
    /// Uses this host. QEMU is looked for when it is first needed.
    ///
    /// # Errors
    /// If there is no directory for memos.
    pub fn new(store: Store, dir: RunDir) -> Result<Self> {
        Ok(Self {
            store: Arc::new(match paths::runs() {
                Ok(runs) => store.remembering(&runs.join("images")),
                Err(_) => store,
            }),
            modules: Vec::new(),
            needs_config: false,
            accelerator: AcceleratorChoice::default(),
            cpus: 1,
            append: Vec::new(),
            saved: false,
            dir,
            qemu: QemuChoice::from_environment(),
            chosen: Mutex::default(),
            found: Mutex::default(),
        })
    }

    /// The QEMU for kernels of this host's architecture.
    ///
    /// # Errors
    /// If there is none.
    pub fn qemu(&self, watcher: &dyn Watcher) -> Result<Qemu> {
        self.qemu_of(HOST, watcher)
    }

    /// Finds the QEMU for each of these kernels. A command that boots several calls this
    /// first, so that a missing QEMU is reported once.
    ///
    /// # Errors
    /// If there is none.
    pub fn find_qemu(&self, kernels: &[Kernel], watcher: &dyn Watcher) -> Result<()> {
        let archs = kernels.iter().filter_map(Kernel::arch);
        for arch in archs {
            self.qemu_of(arch, watcher)?;
        }
        Ok(())
    }

    /// The QEMU for kernels of an architecture, found once.
    fn qemu_of(&self, arch: &'static Arch, watcher: &dyn Watcher) -> Result<Qemu> {
        // Others wait for the first one that looks for it.
        let mut found = lock(&self.found);
        let found = found.entry(arch).or_insert_with(|| {
            let qemu = Qemu::find(&self.qemu, arch, &self.store, watcher);
            if let Ok(qemu) = &qemu {
                watcher.event(&Event::Qemu {
                    version: qemu.version.clone(),
                    from: qemu.from.clone(),
                });
                if let Some(why) = &qemu.no_sandbox {
                    watcher.event(&Event::Note {
                        text: format!("QEMU runs without its sandbox: {why}"),
                    });
                }
            }
            qemu.map_err(|error| words(&error))
        });
        found.clone().map_err(|why| anyhow!(why))
    }

    /// Obtains a kernel and makes a machine for it.
    ///
    /// # Errors
    /// If the kernel cannot be obtained, or the harness fails.
    pub fn machine(&self, kernel: &Kernel, watcher: &dyn Watcher) -> Result<Bootable, Problem> {
        for path in &self.modules {
            let named = || format!("--modules {}", path.display());
            look_for_modules(path)
                .with_context(named)
                .map_err(Problem::from)?;
        }
        let unpacked;
        let mut held = None;
        let progress = Downloads::told_to(watcher);
        let (packaged, modules, config, image, substitute) = match kernel {
            Kernel::File(path) => {
                let local = LocalKernel::at(path).map_err(anyhow::Error::from)?;
                let image = self.store.local_image(&local, &progress);
                let image = image.map_err(anyhow::Error::from)?;
                (unpacked, held) = (image.unpacked, image.held);
                let modules = ModuleSource::of_local(&self.store, path, &local);
                let config = match self.needs_config {
                    true => local.config_text(&self.modules).map(Some),
                    false => local.config_beside(&self.modules),
                };
                let shown = path.display().to_string();
                let config = config.map_err(anyhow::Error::from);
                (image.path, modules, config, shown, None)
            }
            Kernel::Catalogued(_) | Kernel::Vendored(_) => {
                let obtained = self.store.obtain_any(kernel, &progress);
                let image = obtained.map_err(|error| match error {
                    ObtainError::Unavailable { why } => Problem::Unavailable(why),
                    error => anyhow::Error::from(error).into(),
                })?;
                let shown = format!("{} from {}", image.debian_version, image.source);
                let substitute = image.substituted_for.clone().map(|pinned| Substitute {
                    served: image.debian_version.clone(),
                    pinned,
                });
                // An unpacked kernel boots faster.
                unpacked = self.store.unpacked(&image);
                let packaged = image.path.clone();
                let config = match self.needs_config {
                    true => self.store.config(kernel, &image, &progress).map(Some),
                    false => Ok(self.store.config_at_hand(&image)),
                };
                let config = config.map_err(anyhow::Error::from).and_then(|kept| {
                    let text = kept.map(|kept| fs::read_to_string(&kept.path));
                    text.transpose().context("reading what is kept")
                });
                let of = Box::new((kernel.clone(), image));
                let modules = ModuleSource::Package(Arc::clone(&self.store), of);
                (packaged, modules, config, shown, substitute)
            }
        };
        let config = config.unwrap_or_else(|error| {
            let why = words(&error);
            progress.note(&format!("{kernel}: its configuration cannot be had: {why}"));
            None
        });
        let path = unpacked
            .as_ref()
            .map_or(&packaged, |unpacked| &unpacked.path);
        // What is told of a file by its content is known only now.
        let arch = image_arch(path).map_err(anyhow::Error::from)?;
        guest_of(arch)?;
        let qemu = self.qemu_of(arch, watcher)?;
        let dir = self.kernel_dir(kernel)?;
        let qemu_words = qemu.state_words();
        let mut machine = Machine {
            arch,
            qemu: qemu.launch,
            sandbox: qemu.no_sandbox.is_none(),
            accelerator: Accelerator::Tcg,
            kernel: path.clone(),
            initramfs: PathBuf::new(),
            memory_mib: MEMORY_MIB,
            cpus: self.cpus,
            append: self.append.clone(),
            shares_memory: false,
            lanes: 1,
            gdb: None,
            // What the probe boots may hang, and nothing is wrong with its kernel.
            diagnosed: false,
            parcel: None,
        };
        machine.accelerator = self.accelerator(&machine, watcher)?;
        machine.diagnosed = true;
        let state_of = qemu_words.and_then(|qemu| {
            let host = host_words(machine.accelerator);
            Some(format!("{qemu} {host} {}", file_words(path)?))
        });
        let image = match self.saved {
            true => format!("{image}, on a saved machine"),
            false => image,
        };
        Ok(Bootable {
            state_of,
            saved: self.saved,
            name: kernel.name(),
            machine,
            packaged,
            modules: match &self.modules[..] {
                [] => modules,
                paths => ModuleSource::Paths(Arc::clone(&self.store), paths.to_vec()),
            },
            config: config.map(Into::into),
            waiting: Arc::default(),
            held: unpacked.into_iter().chain(held).collect(),
            image,
            can_share_memory: qemu.can_share_memory,
            substitute,
            dir,
        })
    }

    /// The accelerator of this host, probed with this kernel if necessary.
    ///
    /// # Errors
    /// If the kernel cannot be obtained, or the harness fails.
    pub fn choice(&self, kernel: &Kernel, watcher: &dyn Watcher) -> Result<ChosenAccelerator> {
        let bootable = self.machine(kernel, watcher)?;
        let known = lock(&self.chosen).get(bootable.machine.arch).cloned();
        known.context("a machine has an accelerator")
    }

    /// The directory of a kernel in this run.
    pub(crate) fn kernel_dir(&self, kernel: &Kernel) -> Result<RunDir> {
        self.dir.kernel(&dir_name(kernel))
    }

    /// The accelerator, probed with the first machine.
    fn accelerator(&self, machine: &Machine, watcher: &dyn Watcher) -> Result<Accelerator> {
        let mut known = lock(&self.chosen);
        if let Some(choice) = known.get(machine.arch) {
            return Ok(choice.accelerator);
        }
        let memory = paths::memory("accelerator.json");
        let (asked, memory) = (self.accelerator, memory.as_deref());
        let choice = choose(asked, machine, &self.dir, memory, watcher)?;
        watcher.event(&Event::Accelerator(choice.clone()));
        let accelerator = choice.accelerator;
        known.insert(machine.arch, choice);
        Ok(accelerator)
    }
}

/// What a machine depends on of this host, where its processor is not emulated.
fn host_words(accelerator: Accelerator) -> String {
    if accelerator == Accelerator::Tcg {
        return String::new();
    }
    let words = ["/proc/version", "/proc/cpuinfo"].map(|path| {
        let text = fs::read_to_string(path).unwrap_or_default();
        // Speeds differ from one look to the next.
        let lines = text.lines().filter(|line| !line.contains("MHz"));
        lines.collect::<Vec<_>>().join("\n")
    });
    words.join("\n")
}

/// What identifies the bytes of a file, without reading them: any change of them sets
/// its time of change (inode(7)).
fn file_words(path: &Path) -> Option<String> {
    let file = fs::metadata(path).ok()?;
    let changed = (file.ctime(), file.ctime_nsec());
    Some(format!(
        "{:?}",
        (file.dev(), file.ino(), file.len(), changed)
    ))
}
