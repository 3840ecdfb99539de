//! What happens in a run, as a sequence of events.
//!
//! All reports are made from these events: progress, the formats for programs, and the
//! page. `docs/events.md` describes them as JSON.

use std::ffi::OsStr;
use std::time::Duration;

use guest::Scenario;
use jiff::Timestamp;
use nix::unistd::gethostname;
use serde::{Deserialize, Serialize};

use super::accelerator::ChosenAccelerator;
use super::matrix::{Exit, Row};
use super::shard::Shard;
use super::verdict::Verdict;
use crate::system::RunDir;

/// The format of the record. A reader skips events and fields that it does not
/// know, so a new one of these is no new format; a known one that means something
/// else is.
pub const FORMAT: u32 = 1;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A run begins.
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
    /// Something worth a line to a person.
    Note {
        /// One sentence, without a newline.
        text: String,
    },
    /// A download begins, or begins again.
    DownloadStarted {
        /// The name by which it is known.
        file: String,
        /// How large it is, in bytes, where that is known.
        size: Option<u64>,
    },
    /// There is more of a download.
    DownloadAdvanced {
        /// Its name.
        file: String,
        /// How much of it is there, in bytes.
        bytes: u64,
    },
    /// A download has ended, well or not.
    DownloadFinished {
        /// Its name.
        file: String,
    },
    /// A kernel is being booted.
    Boot {
        /// The name under which it was asked for.
        kernel: String,
        /// Which boot of this kernel it is, from 1.
        boot: usize,
        /// How many scenarios it is booted for.
        scenarios: usize,
    },
    /// A kernel that was booted for a program runs it now, or never will.
    Booted {
        /// The name under which it was asked for.
        kernel: String,
    },
    /// A scenario is done, on a kernel that was booted for it.
    Scenario {
        /// The name under which the kernel was asked for.
        kernel: String,
        /// The scenario's name.
        scenario: String,
        /// What is to be said of it.
        verdict: Verdict,
        /// How long it took.
        #[serde(with = "super::seconds")]
        took: Duration,
    },
    /// A kernel is done.
    Kernel(Box<Row>),
    /// The run is over; one that has no such event was cut short.
    Finished {
        /// What it comes to.
        exit: Exit,
    },
}

/// What is known of a run before it begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The format of the record: [`FORMAT`]. The records of the time before it was
    /// written down are of the first one.
    #[serde(default = "first_format")]
    pub format: u32,
    /// Its name: the time and the process, as its directory is called.
    pub run: String,
    /// When it began.
    pub started: Timestamp,
    /// The host's name.
    pub host: String,
    /// The names of the kernels, in the order in which they were asked for.
    pub kernels: Vec<String>,
    /// The names of the scenarios, in the order they are run.
    pub scenarios: Vec<String>,
    /// The part of the kernels that was asked for, where it is not all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
}

const fn first_format() -> u32 {
    1
}

impl Header {
    /// Of a run that begins now, of all kernels.
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
