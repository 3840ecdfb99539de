//! Runs in a process of their own, on a host that makes them difficult.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::Signal;

use super::plan::Hostility;
use super::trial::Bed;
use super::{Figures, orphans};
use crate::child::dies_with_this;
use crate::qemu::script;
use crate::shell_word::quoted;

/// How long such a run may take, however busy the host is.
const PATIENCE: Duration = Duration::from_secs(600);
const POLL: Duration = Duration::from_millis(20);
/// How many lines a program writes.
const LINES: usize = 40_000;
/// How much a program writes into a pipe that it has enlarged.
const ENLARGED: usize = 1 << 20;
/// What a reader that takes its time takes at once.
const SIP: usize = 16 << 10;

/// A QEMU that boots once, ends in a panic amid its report, and then has no memory:
/// `$qemu` is the true one, `$here` a directory of its own.
const FAILS_LATER: &str = r#"case "$*" in *-version*|*'-machine none'*) exec "$qemu" "$@";; esac
if mkdir "$here/begun" 2>/dev/null; then
    exec 3<&0; mkfifo "$here/console"
    "$qemu" "$@" <&3 >"$here/console" &
    dd bs=1 count=8000 status=none <"$here/console"; kill -9 $!
    printf '\r\n[    9.9] Kernel panic - not syncing: for a test\r\n'; exit 0
fi
echo "qemu: cannot set up guest memory 'pc.ram': Cannot allocate memory" >&2; exit 1
"#;

/// What must come of it.
struct Wanted {
    /// The exit codes that are right.
    codes: &'static [i32],
    /// What must arrive on stdout, where that is known.
    output: Option<Vec<u8>>,
}

impl Hostility {
    /// Whether this host has what it takes.
    pub(super) fn is_possible(self) -> bool {
        let has = |program: &str| which::which(program).is_ok();
        match self {
            Self::EnlargedPipe => has("perl"),
            Self::SlowReader(_) | Self::StoppedReader(_) => has("seq"),
            _ => true,
        }
    }
}

impl Bed<'_> {
    /// Makes one such run, and holds it against what must come of it.
    pub(super) fn suffer(self, hostility: Hostility) -> Result<Figures> {
        let temporary = self.dir.path().join("tmp");
        fs::create_dir(&temporary).with_context(|| format!("creating {}", temporary.display()))?;
        let log = self.dir.path().join("log");
        let log = File::create(&log).with_context(|| format!("creating {}", log.display()))?;
        let mark = format!("{}-{}", std::process::id(), self.number);
        let mut command = Command::new(&self.stress.program);
        dies_with_this(&mut command, Signal::SIGKILL);
        command.env(orphans::MARK, &mark).env("TMPDIR", &temporary);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log);
        let wanted = self.prepare(hostility, &mut command)?;
        let mut child = command
            .spawn()
            .with_context(|| format!("starting {}", self.stress.program.display()))?;
        // Held open, and silent.
        let _stdin = child.stdin.take();
        let (status, output) = listen(&mut child, hostility)?;
        let mut figures = Figures {
            orphans: orphans::processes(&mark),
            ..Figures::default()
        };
        figures.hostile.insert(hostility.name().to_owned(), 1);
        figures.orphans.extend(orphans::files(&temporary));
        let told = |what: String| format!("{} {}: {what}", self.kernel.name(), hostility.name());
        match status {
            None => figures
                .lost
                .push(told(format!("no end within {} s", PATIENCE.as_secs()))),
            Some(status) if !wanted.codes.contains(&code(status)) => {
                figures.wrong.push(told(status.to_string()));
            }
            Some(_) => {}
        }
        if let Some(wanted) = wanted.output.filter(|wanted| *wanted != output) {
            let (came, all) = (output.len(), wanted.len());
            figures
                .lost
                .push(told(format!("{came} bytes of {all} arrived as they were")));
        }
        Ok(figures)
    }

    /// The command line, what is done to it, and what must come of it.
    fn prepare(&self, hostility: Hostility, command: &mut Command) -> Result<Wanted> {
        let spec = self.kernel.spec();
        let run = |command: &mut Command, program: &[&str]| {
            command.args(["run", "--kernel", &spec, "--"]).args(program);
        };
        let test = |command: &mut Command| {
            command.args(["test-kernels", &spec]);
        };
        Ok(match hostility {
            Hostility::SlowReader(_) | Hostility::StoppedReader(_) => {
                run(command, &["seq", &LINES.to_string()]);
                let lines: String = (1..=LINES).map(|number| format!("{number}\n")).collect();
                Wanted {
                    codes: &[0],
                    output: Some(lines.into_bytes()),
                }
            }
            Hostility::SilentStdin => {
                run(command, &["echo", "done"]);
                command.stdin(Stdio::piped());
                Wanted {
                    codes: &[0],
                    output: Some(b"done\n".to_vec()),
                }
            }
            Hostility::EnlargedPipe => {
                // F_SETPIPE_SZ.
                let write = format!("fcntl(STDOUT, 1031, {ENLARGED}); print 'x' x {ENLARGED}");
                run(command, &["perl", "-e", &write]);
                Wanted {
                    codes: &[0],
                    output: Some(vec![b'x'; ENLARGED]),
                }
            }
            Hostility::RealTimeSignal => {
                run(command, &["sh", "-c", "kill -40 $$"]);
                Wanted {
                    codes: &[128 + 40],
                    output: Some(Vec::new()),
                }
            }
            Hostility::LittleMemory(bytes) => {
                test(command);
                limit(command, Resource::RLIMIT_AS, bytes);
                Wanted::done_or_not()
            }
            Hostility::FewDescriptors(count) => {
                test(command);
                limit(command, Resource::RLIMIT_NOFILE, count);
                Wanted::done_or_not()
            }
            Hostility::LaterBootFails => {
                test(command);
                // No probe of this host is to have the one boot that there is.
                command.args(["--accel", "tcg"]);
                let dir = self.dir.path().join("qemu");
                self.fake_qemu(&dir, command)?;
                Wanted {
                    codes: &[1],
                    output: None,
                }
            }
        })
    }

    /// Gives a command the QEMU that fails later.
    fn fake_qemu(&self, dir: &Path, command: &mut Command) -> Result<()> {
        let path = dir.join("qemu");
        let here = quoted(dir.as_os_str());
        let text = format!("#!/bin/sh\nhere={here}\nqemu=$here/true-qemu\n{FAILS_LATER}");
        let write = |path: &Path, text: &str| -> io::Result<()> {
            fs::write(path, text)?;
            fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        };
        fs::create_dir(dir)
            .and_then(|()| write(&dir.join("true-qemu"), &script(&self.stress.qemu)))
            .and_then(|()| write(&path, &text))
            .with_context(|| format!("writing into {}", dir.display()))?;
        command.arg("--qemu").arg(path);
        Ok(())
    }
}

impl Wanted {
    /// Of a run that may lack what it takes: it says so, and blames no kernel.
    const fn done_or_not() -> Self {
        Self {
            codes: &[0, 3],
            output: None,
        }
    }
}

fn limit(command: &mut Command, resource: Resource, to: u64) {
    // SAFETY: it makes one system call.
    unsafe {
        command.pre_exec(move || Ok(setrlimit(resource, to, to)?));
    }
}

/// Reads what it writes, at the pace of this hostility, and waits for its end.
fn listen(child: &mut Child, hostility: Hostility) -> Result<(Option<ExitStatus>, Vec<u8>)> {
    let stdout = child.stdout.take().context("stdout is a pipe")?;
    let reader = thread::spawn(move || read(stdout, hostility));
    let until = Instant::now() + PATIENCE;
    let status = loop {
        match child.try_wait().context("waiting for a run")? {
            Some(status) => break Some(status),
            None if Instant::now() >= until => break None,
            None => sleep(POLL),
        }
    };
    if status.is_none() {
        child.kill().context("ending a run")?;
        child.wait().context("waiting for a run that was ended")?;
    }
    let output = reader.join().map_err(|_| anyhow!("a reader panicked"))?;
    Ok((status, output.context("reading what a run writes")?))
}

fn read(mut from: impl Read, hostility: Hostility) -> io::Result<Vec<u8>> {
    let mut output = Vec::new();
    if let Hostility::StoppedReader(pause) = hostility {
        sleep(pause);
    }
    let mut buffer = vec![0; SIP];
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok(output),
            length => output.extend(&buffer[..length]),
        }
        if let Hostility::SlowReader(pause) = hostility {
            sleep(pause);
        }
    }
}

/// As a shell has it.
fn code(status: ExitStatus) -> i32 {
    let signal = || status.signal().map(|signal| 128 + signal);
    status.code().or_else(signal).unwrap_or(-1)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use images::{Catalogue, Kernel, Store};

    use super::*;
    use crate::qemu::Launch;
    use crate::stress::Stress;
    use crate::{RunDir, Wish};

    /// What is counted of a harness that is this script: wrong, and lost.
    fn counted(script: &str, hostility: Hostility) -> (usize, usize) {
        let place = tempfile::tempdir().unwrap();
        let program = place.path().join("xtask");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let name = place.path().file_name().unwrap_or_default();
        let dir = RunDir::of_run(&format!("tests-hostile{}", name.display())).unwrap();
        let kernel = Kernel::File(Path::new("/k/vmlinuz").into());
        let stress = Stress {
            kernels: vec![kernel.clone()],
            boots: 1,
            jobs: NonZeroUsize::MIN,
            load: 0,
            seed: 1,
            wish: Wish::Auto,
            qemu: Launch::of_host("qemu-system-x86_64"),
            program,
            dir: dir.clone(),
        };
        let bed = Bed {
            kernel: &kernel,
            store: Store::builder(&Catalogue::builtin()).build().unwrap(),
            stress: &stress,
            dir: &dir,
            number: 0,
        };
        let figures = bed.suffer(hostility).unwrap();
        assert_eq!(figures.hostile[hostility.name()], 1);
        (figures.wrong.len(), figures.lost.len())
    }

    #[test]
    fn what_a_reader_does_not_get_is_lost() {
        let slow = Hostility::SlowReader(Duration::from_millis(1));
        let stopped = Hostility::StoppedReader(Duration::from_millis(300));
        for hostility in [slow, stopped] {
            assert_eq!(counted(&format!("seq {LINES}"), hostility), (0, 0));
            assert_eq!(counted(&format!("seq {}", LINES - 1), hostility), (0, 1));
            assert_eq!(counted(&format!("seq {LINES}; exit 3"), hostility), (1, 0));
        }
        let silent = Hostility::SilentStdin;
        assert_eq!(counted("echo done", silent), (0, 0));
        // It is open, so this is ended by its own means.
        assert_eq!(counted("timeout 1 cat; echo done", silent), (0, 0));
        let pipe = Hostility::EnlargedPipe;
        let write = |bytes: usize| format!("head -c {bytes} /dev/zero | tr '\\0' x");
        assert_eq!(counted(&write(ENLARGED), pipe), (0, 0));
        assert_eq!(counted(&write(ENLARGED - 1), pipe), (0, 1));
    }

    #[test]
    fn an_exit_code_that_is_not_right_is_wrong() {
        let signal = Hostility::RealTimeSignal;
        assert_eq!(counted("exit 168", signal), (0, 0));
        assert_eq!(counted("kill -40 $$", signal), (0, 0));
        assert_eq!(counted("exit 3", signal), (1, 0));
        let later = Hostility::LaterBootFails;
        assert_eq!(counted("exit 1", later), (0, 0));
        assert_eq!(counted("exit 3", later), (1, 0));
        let (few, little) = (
            Hostility::FewDescriptors(20),
            Hostility::LittleMemory(1 << 30),
        );
        for (hostility, limit) in [
            (few, "[ $(ulimit -n) = 20 ]"),
            (little, "[ $(ulimit -v) = 1048576 ]"),
        ] {
            for (code, wrong) in [(0, 0), (3, 0), (1, 1)] {
                let script = format!("{limit} && exit {code}; exit 9");
                assert_eq!(counted(&script, hostility), (wrong, 0), "{script}");
            }
        }
    }
}
