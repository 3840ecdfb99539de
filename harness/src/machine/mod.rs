//! One QEMU and its console: the command line as a value, the process it becomes, and
//! what is said on the console of one boot. May use: `results` and below.

mod again;
mod boot;
mod console;
mod conversation;
mod deadline;
mod debugger;
mod diagnosis;
mod dialogue;
mod disk;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod host_rings;
mod image_release;
mod lanes;
mod listener;
mod monitor;
mod nbd;
mod network;
mod parcel;
mod passing;
mod qemu;
mod saved;
mod shared_memory;
mod transcript;
mod volume;

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ExitStatus, id};

use anyhow::{Context, Result};
use guest::Arch;
use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::{Pid, setsid};
use serde_json::json;

use crate::results::Accelerator;
use crate::system::{ProcessGroup, anonymous, die_with};
use monitor::{Monitor, slot_name};
use qemu::SANDBOX;

pub(crate) use again::{again_if, booted_again, hosts_fault};
pub use boot::{Boot, EndedScenario, boot};
pub use console::{Console, ConsoleRead};
pub(crate) use conversation::{Task, follow, out_of_turn};
pub use deadline::Deadlines;
pub(crate) use deadline::{GRACE, Wait, excused};
pub use debugger::Debugger;
pub(crate) use dialogue::Dialogue;
pub(crate) use disk::Disk;
pub(crate) use host_rings::HostRings;
pub(crate) use lanes::Lanes;
pub(crate) use listener::GuestMessage;
pub use network::{Network, PublishedPort};
pub(crate) use parcel::Parcel;
pub use qemu::{Launch, Qemu, QemuChoice, launch_script};
pub(crate) use saved::{SavedState, remove_states};
use shared_memory::SharedMemory;
pub use transcript::Transcript;
pub(crate) use volume::ServedBytes;

/// The command line of every kernel, besides the words of its architecture.
///
/// - `panic=-1`: a panic restarts at once, which ends QEMU.
/// - `sysrq_always_enabled`: a kernel that hangs is asked by its console what its tasks
///   do; Debian's kernels do not answer all of that by default.
/// - `cryptomgr.notests`: Debian's kernels test their ciphers at each boot, which
///   no scenario looks at (docs/performance.md has what it saves).
const COMMAND_LINE: &[&str] = &[
    "quiet",
    "panic=-1",
    "sysrq_always_enabled",
    "cryptomgr.notests",
];

/// A machine that boots one kernel: no network, no disks, no default devices.
#[derive(Clone, Debug)]
pub struct Machine {
    /// The architecture of its processor.
    pub arch: &'static Arch,
    /// How QEMU is started.
    pub qemu: Launch,
    /// Whether QEMU uses its seccomp sandbox.
    pub sandbox: bool,
    /// How its processor is executed.
    pub accelerator: Accelerator,
    /// The kernel: as it is packaged, or an ELF file with an entry for PVH.
    pub kernel: PathBuf,
    /// The initramfs.
    pub initramfs: PathBuf,
    /// Memory, in MiB.
    pub memory_mib: u32,
    /// Processors.
    pub cpus: u32,
    /// Words to add to the kernel's command line. A kernel uses the last of two
    /// contradicting words.
    pub append: Vec<String>,
    /// Whether it shares memory with this process, for the streams of a program.
    pub shares_memory: bool,
    /// How many programs it takes beside each other; one after another where it is 1.
    pub(crate) lanes: usize,
    /// The descriptor of a listening socket at which a debugger may attach to the
    /// kernel.
    pub gdb: Option<RawFd>,
    /// Whether it is asked what ails it, when it hangs, before it is killed.
    pub diagnosed: bool,
    /// The part of the initramfs that can be delivered to a machine that waits, if it is
    /// to.
    pub(crate) parcel: Option<Parcel>,
}

impl Machine {
    /// QEMU's arguments.
    #[must_use]
    pub fn arguments(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = Vec::new();
        let mut push = |words: &[&str]| arguments.extend(words.iter().map(OsString::from));
        push(&[
            "-nodefaults",
            "-no-user-config",
            "-display",
            "none",
            "-no-reboot",
        ]);
        push(&[
            "-machine",
            self.arch.machine,
            "-accel",
            self.accelerator.name(),
            "-cpu",
            match self.accelerator {
                Accelerator::Kvm => self.arch.kvm_cpu,
                Accelerator::Tcg => self.arch.cpu,
            },
        ]);
        push(&[
            "-m",
            &self.memory_mib.to_string(),
            "-smp",
            &self.cpus.to_string(),
        ]);
        push(&[
            "-chardev",
            "stdio,id=console,signal=off",
            "-serial",
            "chardev:console",
        ]);
        for slot in 1..=self.arch.slots.unwrap_or(0) {
            let id = slot_name(slot);
            push(&["-device", &format!("pcie-root-port,id={id},chassis={slot}")]);
        }
        if self.sandbox {
            push(&["-sandbox", SANDBOX]);
        }
        if let Some(socket) = self.gdb {
            let socket = format!("socket,id=gdb,fd={socket},server=on,wait=off");
            push(&["-chardev", &socket, "-gdb", "chardev:gdb"]);
        }
        let append = self.append.iter().map(String::as_str);
        let own = self.arch.command_line.iter().chain(COMMAND_LINE).copied();
        let words: Vec<&str> = own.chain(append).collect();
        push(&["-append", &words.join(" ")]);
        for (option, path) in [("-kernel", &self.kernel), ("-initrd", &self.initramfs)] {
            arguments.push(option.into());
            arguments.push(path.into());
        }
        arguments
    }

    /// Starts QEMU, whose own messages go to `log`.
    ///
    /// # Errors
    /// If no process can be started. If QEMU then refuses to run, the console ends.
    pub fn start(&self, log: File) -> Result<RunningMachine> {
        self.start_with(log, "", None)
    }

    /// Starts QEMU with more arguments, and with a file that these name by its number.
    fn start_with(&self, log: File, more: &str, file: Option<OwnedFd>) -> Result<RunningMachine> {
        // No pseudo-terminal: a bare container has none.
        let (ours, theirs) = UnixStream::pair().context("making the console")?;
        let end = OwnedFd::from(theirs);
        let (monitor, monitors) = UnixStream::pair().context("making the monitor's socket")?;
        let number = monitors.as_raw_fd();
        let monitored =
            format!("-chardev socket,id=monitor,fd={number} -mon chardev=monitor,mode=control");
        let memory = self.shares_memory.then(|| SharedMemory::new(self.lanes));
        let memory = memory.transpose()?;
        let mut command = self.qemu.command();
        command.args(self.arguments());
        command.args(memory.iter().flat_map(SharedMemory::arguments));
        command.args(monitored.split(' '));
        command.args(more.split_ascii_whitespace());
        command.stdin(end.try_clone()?).stdout(end).stderr(log);
        let harness = id();
        let numbers = file.iter().map(AsRawFd::as_raw_fd);
        let given: Vec<RawFd> = numbers.chain(self.gdb).chain([number]).collect();
        // SAFETY: between fork(2) and execve(2) it makes system calls only.
        unsafe {
            command.pre_exec(move || isolate(harness, &given));
        }
        let process = command
            .spawn()
            .with_context(|| format!("starting {}", self.qemu))?;
        // This closes our copies of QEMU's ends of the console and of other files.
        drop((command, file, monitors));
        let mut running = RunningMachine {
            id: process.id(),
            process: Some(process),
            keeper: None,
            console: Console::new(ours)?,
            monitor: Monitor::new(monitor, self.arch.slots)?,
            memory,
        };
        // QEMU leads a group: see `isolate`. Strata's own QEMU is no wrapper.
        if self.qemu.arguments.is_empty() {
            running.keeper = ProcessGroup::of(running.id()).context("keeping QEMU's processes")?;
        }
        Ok(running)
    }
}

/// For pre_exec: a new session, so that the terminal's Ctrl-C does not reach QEMU;
/// death with the parent thread (PDEATHSIG); no_new_privs; inherited descriptors
/// closed, but for those that are given.
fn isolate(harness: u32, given: &[RawFd]) -> io::Result<()> {
    setsid()?;
    die_with(harness, Signal::SIGKILL)?;
    // SAFETY: all of them take numbers only. An old kernel without
    // close_range(2) leaves the descriptors open, which does no harm.
    unsafe {
        if libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 {
            return Err(io::Error::last_os_error());
        }
        let cloexec = libc::CLOSE_RANGE_CLOEXEC as libc::c_int;
        libc::close_range(3, libc::c_uint::MAX, cloexec);
        if given
            .iter()
            .any(|&file| libc::fcntl(file, libc::F_SETFD, 0) != 0)
        {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// A machine that runs until it is dropped.
#[derive(Debug)]
pub struct RunningMachine {
    /// None in a lane, whose machine is another's to end.
    process: Option<Child>,
    id: u32,
    /// Kills the processes that a wrapper of QEMU has started.
    keeper: Option<ProcessGroup>,
    /// Its serial console.
    pub console: Console,
    /// QEMU's monitor.
    monitor: Monitor,
    /// The memory that it shares with this process.
    pub(crate) memory: Option<SharedMemory>,
}

impl RunningMachine {
    /// What a program in a lane has of the machine of this QEMU: a console of its own, and
    /// its part of the memory. There is no monitor: a program with devices has a machine for
    /// itself.
    fn in_lane(id: u32, console: UnixStream, memory: SharedMemory) -> Result<Self> {
        let (monitor, _) = UnixStream::pair().context("making the monitor's socket")?;
        Ok(Self {
            process: None,
            id,
            keeper: None,
            console: Console::new(console)?,
            monitor: Monitor::new(monitor, None)?,
            memory: Some(memory),
        })
    }

    /// Whether the machine ends with this.
    fn is_own(&self) -> bool {
        self.process.is_some()
    }

    /// The number of QEMU's process.
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// Adds a PCI device whose memory is a private copy of this file, made as it is read.
    fn attach_memory(&mut self, name: &str, file: &File) -> Result<()> {
        let path = anonymous::path(file);
        let size = file.metadata()?.len();
        let monitor = &mut self.monitor;
        monitor.greet()?;
        monitor.execute(
            "object-add",
            json!({
                "qom-type": "memory-backend-file", "id": name, "mem-path": path, "size": size,
                "share": false, "readonly": true,
            }),
        )?;
        let device =
            json!({ "driver": "ivshmem-plain", "memdev": name, "id": format!("{name}-device") });
        monitor.add_device(device)
    }

    /// Waits for QEMU to exit. Call it when the console has ended.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        let Some(process) = &mut self.process else {
            return Ok(ExitStatus::default());
        };
        // Kill the group before QEMU is reaped: until then, no other group has its id.
        let id = Pid::from_raw(self.id.cast_signed());
        let ended = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
        while waitid(Id::Pid(id), ended) == Err(Errno::EINTR) {}
        if let Some(keeper) = self.keeper.take() {
            keeper.end();
        }
        process.wait().context("waiting for QEMU")
    }
}

impl Drop for RunningMachine {
    fn drop(&mut self) {
        // There is no disk, so nothing is lost by SIGKILL. An error means that it is
        // gone.
        let Some(process) = &mut self.process else {
            return;
        };
        let _ = process.kill();
        if let Some(keeper) = self.keeper.take() {
            keeper.end();
        }
        let _ = process.wait();
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn machine() -> Machine {
        Machine {
            arch: guest::HOST,
            qemu: Launch::of_host(guest::HOST.qemu),
            sandbox: false,
            accelerator: Accelerator::Tcg,
            kernel: "/k/vmlinuz".into(),
            initramfs: "/k/initramfs".into(),
            memory_mib: 256,
            cpus: 1,
            append: Vec::new(),
            shares_memory: false,
            lanes: 1,
            gdb: None,
            diagnosed: false,
            parcel: None,
        }
    }

    fn arguments(machine: &Machine) -> String {
        let words = machine.arguments();
        let words: Vec<_> = words
            .into_iter()
            .map(|word| word.into_string().unwrap())
            .collect();
        words.join(" ")
    }

    #[test]
    fn the_machine_has_nothing_but_a_console() {
        assert_eq!(
            arguments(&machine()),
            "-nodefaults -no-user-config -display none -no-reboot \
             -machine pc -accel tcg -cpu qemu64,-cx16 -m 256 -smp 1 \
             -chardev stdio,id=console,signal=off -serial chardev:console \
             -append console=ttyS0,115200 no_timer_check quiet panic=-1 sysrq_always_enabled cryptomgr.notests \
             -kernel /k/vmlinuz -initrd /k/initramfs"
        );
    }

    #[test]
    fn a_machine_is_of_its_architecture() {
        let machine = Machine {
            arch: &guest::AARCH64,
            ..machine()
        };
        let said = arguments(&machine);
        let of = "-machine virt -accel tcg -cpu cortex-a57 ";
        assert!(
            said.contains(of) && said.contains("-append console=ttyAMA0"),
            "{said}"
        );
        assert_eq!(said.matches("-device pcie-root-port,id=slot").count(), 8);
        let native = Machine {
            accelerator: Accelerator::Kvm,
            ..machine
        };
        assert!(arguments(&native).contains("-accel kvm -cpu host "));
    }

    #[test]
    fn what_is_asked_for_is_added() {
        let machine = Machine {
            memory_mib: 1024,
            cpus: 4,
            append: vec!["nosmp".to_owned(), "loglevel=7".to_owned()],
            sandbox: true,
            gdb: Some(7),
            ..machine()
        };
        let arguments = arguments(&machine);
        for words in [
            "-m 1024 -smp 4 ",
            "-append console=ttyS0,115200 no_timer_check quiet panic=-1 sysrq_always_enabled cryptomgr.notests nosmp loglevel=7 ",
            " -sandbox on,obsolete=deny,",
            " -chardev socket,id=gdb,fd=7,server=on,wait=off -gdb chardev:gdb ",
        ] {
            assert!(arguments.contains(words), "{words:?} in {arguments}");
        }
    }
}
