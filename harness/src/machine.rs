//! The virtual machine: its command line as a value, and the process it becomes.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow};
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::signal::Signal;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use rexpect::process::{PtyProcess, WaitStatus};

use crate::{Accelerator, Console};

/// A plain old processor that QEMU emulates everywhere.
///
/// Newer models break old kernels: 3.8 to 3.12 built without CONFIG_X86_SMAP
/// cannot run `/init` (EFAULT) on a processor that has SMAP, as `-cpu max` does.
///
/// Without CMPXCHG16B, which kernels do not need: as QEMU 7.2 emulates it, an
/// interrupt right behind it can find garbage in EFLAGS, and the kernel dies of a
/// double fault in its allocator. Of 40 boots of Debian's 6.12.95, four at a time,
/// 16 were hit; without it, none of 40.
pub(crate) const CPU: &str = "qemu64,-cx16";

/// What every kernel is booted with.
///
/// - `console`: where the transcript comes from. No wire is slow here, but the
///   UART counts in characters how long it may keep what has come in.
/// - `panic=-1`: a panic restarts at once, which ends QEMU.
/// - `no_timer_check`: under emulation on a loaded host, the test whether the
///   timer interrupts arrive can fail ("IO-APIC + timer doesn't work!").
/// - `cryptomgr.notests`: Debian's kernels test their ciphers at each boot, which
///   no scenario looks at (docs/performance.md has what it saves).
const COMMAND_LINE: &[&str] = &[
    "console=ttyS0,115200",
    "quiet",
    "panic=-1",
    "no_timer_check",
    "cryptomgr.notests",
];

/// A machine that boots one kernel: no network, no disks, no default devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// The QEMU that runs it.
    pub qemu: PathBuf,
    /// How its processor is executed.
    pub accelerator: Accelerator,
    /// The kernel: a bzImage, or an ELF file with an entry for PVH.
    pub kernel: PathBuf,
    /// The initramfs.
    pub initramfs: PathBuf,
    /// Memory, in MiB.
    pub memory_mib: u32,
    /// Processors.
    pub cpus: u32,
    /// What is added to the kernel's command line; the last word counts where a
    /// kernel hears one twice.
    pub append: Vec<String>,
    /// Where a debugger may attach to the kernel: the path of a socket.
    pub gdb: Option<PathBuf>,
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
            "pc",
            "-accel",
            self.accelerator.name(),
            "-cpu",
            CPU,
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
        let append = self.append.iter().map(String::as_str);
        let words: Vec<&str> = COMMAND_LINE.iter().copied().chain(append).collect();
        push(&["-append", &words.join(" ")]);
        for (option, path) in [("-kernel", &self.kernel), ("-initrd", &self.initramfs)] {
            arguments.push(option.into());
            arguments.push(path.into());
        }
        if let Some(socket) = &self.gdb {
            // A comma in an option's value is written twice.
            let socket = socket.to_string_lossy().replace(',', ",,");
            arguments.push("-gdb".into());
            arguments.push(format!("unix:{socket},server=on,wait=off").into());
        }
        arguments
    }

    /// Starts it. What QEMU itself has to say goes to `log`.
    ///
    /// # Errors
    /// Where no process can be had. That QEMU refuses to run is seen on the
    /// console, which ends.
    pub fn start(&self, log: &Path) -> Result<Running> {
        let log = File::create(log).with_context(|| format!("creating {}", log.display()))?;
        let mut command = Command::new(&self.qemu);
        command.args(self.arguments()).stderr(Stdio::from(log));
        // SAFETY: between fork(2) and execve(2) it makes system calls only.
        unsafe {
            command.pre_exec(be_a_good_child);
        }
        let process = PtyProcess::new(command)
            .map_err(|error| anyhow!("starting {}: {error}", self.qemu.display()))?;
        let console = process
            .get_file_handle()
            .map_err(|error| anyhow!("opening the console of {}: {error}", self.qemu.display()))?;
        fcntl(&console, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
        Ok(Running {
            process,
            console: Console::new(console)?,
        })
    }
}

/// Makes QEMU, before it is executed, one that dies with the harness, holds on
/// to nothing that is not its own, and passes bytes on unchanged.
fn be_a_good_child() -> io::Result<()> {
    // SAFETY: both take numbers only. An old kernel without close_range(2)
    // leaves the descriptors open, which does no harm.
    unsafe {
        // Even `kill -9` of the harness must not leave a QEMU behind.
        if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) != 0 {
            return Err(io::Error::last_os_error());
        }
        let cloexec = libc::CLOSE_RANGE_CLOEXEC as libc::c_int;
        libc::close_range(3, libc::c_uint::MAX, cloexec);
    }
    let terminal = io::stdin();
    let mut settings = tcgetattr(&terminal)?;
    cfmakeraw(&mut settings);
    tcsetattr(&terminal, SetArg::TCSANOW, &settings)?;
    Ok(())
}

/// A machine that runs until it is dropped.
pub struct Running {
    process: PtyProcess,
    /// Its serial console.
    pub console: Console,
}

impl Running {
    /// Waits for QEMU to exit. To be called when the console has ended, which
    /// it does with the process.
    ///
    /// # Errors
    /// That of waitpid(2).
    pub fn wait(&mut self) -> Result<WaitStatus> {
        self.process
            .wait()
            .map_err(|error| anyhow!("waiting for QEMU: {error}"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // There is no disk to lose anything on, so there is nothing to ask for.
        // Errors mean that it has gone already.
        let _ = self.process.signal(Signal::SIGKILL);
        let _ = self.process.wait();
    }
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Machine {
        Machine {
            qemu: "qemu-system-x86_64".into(),
            accelerator: Accelerator::Tcg,
            kernel: "/k/vmlinuz".into(),
            initramfs: "/k/initramfs".into(),
            memory_mib: 256,
            cpus: 1,
            append: Vec::new(),
            gdb: None,
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
             -append console=ttyS0,115200 quiet panic=-1 no_timer_check cryptomgr.notests \
             -kernel /k/vmlinuz -initrd /k/initramfs"
        );
    }

    #[test]
    fn what_is_asked_for_is_added() {
        let machine = Machine {
            memory_mib: 1024,
            cpus: 4,
            append: vec!["nosmp".to_owned(), "loglevel=7".to_owned()],
            gdb: Some("/run/a,b/gdb".into()),
            ..machine()
        };
        let arguments = arguments(&machine);
        for words in [
            "-m 1024 -smp 4 ",
            "-append console=ttyS0,115200 quiet panic=-1 no_timer_check cryptomgr.notests nosmp loglevel=7 ",
            " -gdb unix:/run/a,,b/gdb,server=on,wait=off",
        ] {
            assert!(arguments.contains(words), "{words:?} in {arguments}");
        }
    }
}
