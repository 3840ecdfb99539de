//! The guest as a process of this host.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use guest::{NATIVE, NativeJob, NativeRecord};
use nix::sys::signal::Signal;

use super::SCENARIO;
use crate::system::{ChildProcess, RunDir, printable_data};

/// How much longer than a scenario a record may take on a loaded host.
const GRACE: Duration = Duration::from_secs(20);
/// How long the guest may take to end the processes it has started.
const ENDING: Duration = Duration::from_secs(5);

/// The running guest. It dies with the thread that starts it.
pub(super) struct Guest(ChildProcess);

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
        // On SIGTERM, it ends the processes it has started.
        let process = ChildProcess::start(&mut command, Signal::SIGTERM, &job);
        let process = process.with_context(|| format!("starting {}", binary.display()))?;
        Ok(Self(process))
    }

    /// The next record, harmless to print; none at the end of the report.
    pub(super) fn hear(&mut self, what: &str) -> Result<Option<NativeRecord>> {
        let patience = SCENARIO + GRACE;
        let line = match self.0.line(patience) {
            Err(error) if error.kind() == ErrorKind::TimedOut => {
                bail!("waited {} s without success for {what}", patience.as_secs())
            }
            line => line.context("reading the guest's report")?,
        };
        let record = |line: Vec<u8>| {
            let record = serde_json::from_slice(&line).map(|record| printable_data(&record));
            record.with_context(|| format!("no record: {}", String::from_utf8_lossy(&line)))
        };
        line.map(record).transpose()
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        // The process outside of the namespaces ends their PID 1, waits for it, and
        // ends. Killed, it would leave a zombie to a parent that may not wait.
        self.0.terminate(ENDING);
    }
}
