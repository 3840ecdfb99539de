//! The guest as a process of this host.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use guest::{NATIVE, NativeJob, NativeRecord};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::SCENARIO;
use crate::system::{RunDir, dies_with_this};

/// What may come on top of a scenario, on a loaded host.
const GRACE: Duration = Duration::from_secs(20);
/// How long it may take to end what it has started.
const ENDING: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(2);

/// The guest, which runs until this is dropped.
///
/// It is to be started by a thread that lives as long: it dies with that.
pub(super) struct Guest {
    process: Child,
    lines: Receiver<String>,
}

impl Guest {
    pub(super) fn start(binary: &Path, scenarios: Vec<String>, dir: &RunDir) -> Result<Self> {
        let job = NativeJob {
            scenarios,
            deadline_ms: u64::try_from(SCENARIO.as_millis()).unwrap_or(u64::MAX),
        };
        let job = serde_json::to_vec(&job)?;
        let log = dir.console();
        let log = File::create(&log).with_context(|| format!("creating {}", log.display()))?;
        let mut command = Command::new(binary);
        command.arg(NATIVE).stderr(log);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        // On that signal it ends what it has started.
        dies_with_this(&mut command, Signal::SIGTERM);
        let mut process = command
            .spawn()
            .with_context(|| format!("starting {}", binary.display()))?;
        if let Some(mut stdin) = process.stdin.take() {
            // Should it be gone, that is heard of soon enough.
            let _ = stdin.write_all(&job);
        }
        let (say, lines) = channel();
        if let Some(stdout) = process.stdout.take() {
            // Ends with the guest, or with the first line that is not wanted.
            thread::spawn(move || {
                let lines = BufReader::new(stdout).lines();
                let _ = lines.map_while(Result::ok).try_for_each(|l| say.send(l));
            });
        }
        Ok(Self { process, lines })
    }

    /// The next record; none where the report has come to its end.
    pub(super) fn hear(&self, what: &str) -> Result<Option<NativeRecord>> {
        let patience = SCENARIO + GRACE;
        match self.lines.recv_timeout(patience) {
            Ok(line) => {
                let record = serde_json::from_str(&line);
                Ok(Some(record.with_context(|| format!("no record: {line}"))?))
            }
            Err(RecvTimeoutError::Disconnected) => Ok(None),
            Err(RecvTimeoutError::Timeout) => {
                bail!("waited {} s without success for {what}", patience.as_secs())
            }
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        // The process outside of the namespaces ends their PID 1, waits for it, and
        // ends. Killed, it would leave a zombie to a parent that may not wait.
        let _ = kill(
            Pid::from_raw(self.process.id().cast_signed()),
            Signal::SIGTERM,
        );
        let until = Instant::now() + ENDING;
        while let Ok(None) = self.process.try_wait() {
            if Instant::now() >= until {
                let _ = self.process.kill();
                let _ = self.process.wait();
                return;
            }
            sleep(POLL);
        }
    }
}
