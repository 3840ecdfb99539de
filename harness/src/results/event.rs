//! What happens in a run, as a sequence of events.
//!
//! All reports are made from these events: progress, the formats for programs, and the
//! page. `docs/events.md` describes them as JSON.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

use guest::Scenario;
use jiff::Timestamp;
use nix::unistd::gethostname;
use serde::{Deserialize, Serialize};

use super::accelerator::ChosenAccelerator;
use super::matrix::{Exit, Row};
use super::score::Score;
use super::shard::Shard;
use super::verdict::Verdict;
use crate::system::RunDir;

/// The format of the log. A reader skips unknown events and fields, so only a change of
/// the meaning of a known one makes a new format.
pub const FORMAT: u32 = 1;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Event {
    /// A run begins: always the first event.
    Run(Header),
    /// The accelerator was chosen.
    Accelerator(ChosenAccelerator),
    /// The QEMU that runs the machines was found.
    Qemu {
        /// Its version, in its own words.
        version: String,
        /// Where it is from: its path on this host, or the archive.
        from: String,
    },
    /// Something that takes a while begins; it ends with the next event.
    Step {
        /// What, without a newline.
        text: String,
    },
    /// A note to the user.
    Note {
        /// One sentence, without a newline.
        text: String,
    },
    /// A download begins, or begins again.
    DownloadStarted {
        /// Its name.
        file: String,
        /// Its size in bytes, if known.
        size: Option<u64>,
    },
    /// A download has advanced; at most ten times a second.
    DownloadAdvanced {
        /// Its name.
        file: String,
        /// How many bytes have come.
        bytes: u64,
    },
    /// A download has ended or failed.
    DownloadFinished {
        /// Its name.
        file: String,
    },
    /// A kernel is being booted.
    Boot {
        /// The name under which it was asked for.
        kernel: String,
        /// Which boot of this kernel it is, from 1.
        #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
        boot: usize,
        /// How many scenarios it is booted for.
        #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
        scenarios: usize,
    },
    /// The boot for a program is over: the program runs, or never will.
    #[cfg_attr(feature = "schema", schemars(skip))]
    Booted {
        /// The name under which it was asked for.
        kernel: String,
    },
    /// A scenario has ended.
    Scenario {
        /// The name under which the kernel was asked for.
        kernel: String,
        /// The scenario's name.
        scenario: String,
        /// Its verdict.
        verdict: Verdict,
        /// How long it took; in the log, in seconds.
        #[serde(with = "super::seconds")]
        #[cfg_attr(feature = "schema", schemars(with = "f64", range(min = 0)))]
        took: Duration,
    },
    /// A kernel is done.
    Kernel(Box<Row>),
    /// How much of what is claimed a kernel does that is held against a version, by family.
    Score(Score),
    /// The run is over. A run without this event was cut short.
    Finished {
        /// Its exit code.
        exit: Exit,
    },
}

/// What is known of a run at its beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Header {
    /// The format of the log: [`FORMAT`]. Logs without this field have the first one.
    #[serde(default = "first_format")]
    #[cfg_attr(feature = "schema", schemars(extend("const" = FORMAT)))]
    pub format: u32,
    /// Its name: the time and the process, as its directory is called.
    pub run: String,
    /// When it began.
    #[cfg_attr(feature = "schema", schemars(with = "String", extend("format" = "date-time")))]
    pub started: Timestamp,
    /// The host's name.
    pub host: String,
    /// The names of the kernels, in the order in which they were asked for.
    pub kernels: Vec<String>,
    /// The names of the scenarios, in the order they are run.
    pub scenarios: Vec<String>,
    /// Whether the scenarios are tests of somebody's own suite: these may show cases, each
    /// in a cell `test::case`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suite: bool,
    /// The directory of that suite's `strata.toml`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub repository: Option<PathBuf>,
    /// The part of the kernels that is tested, if not all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Shard"))]
    pub shard: Option<Shard>,
}

const fn first_format() -> u32 {
    1
}

impl Header {
    /// Whether a cell of this name is one of the run.
    pub(super) fn lists(&self, scenario: &str) -> bool {
        let test = self.test_of(scenario);
        self.scenarios.iter().any(|known| known == test)
    }

    /// What is run for a cell of this name: the scenario, or the test of a suite.
    pub(super) fn test_of<'a>(&self, scenario: &'a str) -> &'a str {
        match self.suite {
            true => scenario.split("::").next().unwrap_or(scenario),
            false => scenario,
        }
    }

    /// The header of a run of all kernels that begins now.
    #[must_use]
    pub fn now(dir: &RunDir, kernels: Vec<String>, scenarios: &[&Scenario]) -> Self {
        let name = |name: Option<&OsStr>| name.unwrap_or_default().to_string_lossy().into_owned();
        Self {
            format: FORMAT,
            run: name(dir.path().file_name()),
            started: Timestamp::now(),
            host: name(gethostname().ok().as_deref()),
            kernels,
            scenarios: scenarios.iter().map(|s| s.name.to_owned()).collect(),
            suite: false,
            repository: None,
            shard: None,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::results) fn header(shard: Option<&str>) -> Header {
        Header {
            format: 1,
            run: "example".to_owned(),
            started: Timestamp::UNIX_EPOCH,
            host: "example".to_owned(),
            kernels: Vec::new(),
            scenarios: Vec::new(),
            suite: false,
            repository: None,
            shard: shard.map(|text| text.parse().unwrap()),
        }
    }

    /// A run that was made before there were shards is a whole one.
    #[test]
    fn a_header_has_its_shard_or_none() {
        for shard in [None, Some("2/3")] {
            let header = header(shard);
            let json = serde_json::to_string(&header).unwrap();
            assert_eq!(json.contains("shard"), shard.is_some(), "{json}");
            assert_eq!(serde_json::from_str::<Header>(&json).unwrap(), header);
        }
    }
}
