//! The matrix of kernels by scenarios, and the exit code.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use guest::{Arch, RunningKernel, Version};
use serde::{Deserialize, Serialize, Serializer};

use super::tally::Tally;
use super::verdict::{Cell, Verdict};
use crate::system::{advised, words};

/// One kernel and what it showed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Row {
    /// The name under which it was asked for.
    pub name: String,
    /// The words that select exactly this kernel on a command line, quoted for a shell.
    pub spec: String,
    /// A description of the image and its source.
    pub image: Option<String>,
    /// The version that was served instead of the pinned one, if it was.
    pub substitute: Option<Substitute>,
    /// The kernel that ran, as it reports itself.
    pub kernel: Option<RunningKernel>,
    /// One a scenario, in the order they were asked for.
    pub cells: Vec<Cell>,
    /// What kept the harness from its work, if anything did.
    pub problem: Option<Problem>,
    /// How often it was booted.
    pub boots: usize,
    /// The reason for each repeated boot: a panic that is the host's fault.
    #[serde(default)]
    pub retries: Vec<String>,
    /// How long all that took, without obtaining the kernel; in the log, in seconds.
    #[serde(with = "super::seconds")]
    #[cfg_attr(feature = "schema", schemars(with = "f64", range(min = 0)))]
    pub took: Duration,
    /// The last lines of the console of each boot that ended badly.
    pub last_lines: Vec<String>,
    /// The directory of its transcript. In a log, bytes that are not UTF-8 are
    /// replaced.
    #[serde(serialize_with = "lossy")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub dir: PathBuf,
}

/// A path that is not UTF-8 must not make the log fail.
fn lossy<S: Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&path.to_string_lossy())
}

/// A kernel that stands in for another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(deny_unknown_fields)
)]
pub struct Substitute {
    /// The Debian version that was served.
    pub served: String,
    /// The Debian version that is pinned.
    pub pinned: String,
}

/// What kept the harness from its work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Problem {
    /// The kernel cannot be obtained here: no failure unless `--strict` makes it one.
    #[error("not available: {0}")]
    Unavailable(String),
    /// Something is wrong that must not be ignored.
    #[error("{0}")]
    Failed(String),
}

impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(advised(words(&error)))
    }
}

impl Problem {
    /// What the problem is.
    #[must_use]
    pub fn why(&self) -> &str {
        let (Self::Unavailable(why) | Self::Failed(why)) = self;
        why
    }
}

impl Row {
    /// A row without results.
    #[must_use]
    pub fn new(name: impl Into<String>, spec: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            spec: spec.into(),
            ..Self::default()
        }
    }

    /// The version that the kernel follows.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        self.kernel.as_ref()?.follows().ok()
    }

    /// The same; or the version in its name, if the kernel never came up.
    #[must_use]
    pub fn likely_version(&self) -> Option<Version> {
        let named = || {
            let digits = |c: char| c.is_ascii_digit();
            // `arm64/6.1` begins with no version.
            let name = self.name.rsplit('/').next()?;
            let (version, _) = Version::leading(&name[name.find(digits)?..]).ok()?;
            Some(version)
        };
        self.version().or_else(named)
    }

    /// The architecture that the kernel was asked for by, where it is not the host's.
    #[must_use]
    pub fn other_arch(&self) -> Option<&'static Arch> {
        let (arch, _) = self.name.split_once('/')?;
        Arch::named(arch).filter(|arch| !arch.is_default())
    }

    /// How many of its cells are of each kind.
    #[must_use]
    pub fn tally(&self) -> Tally {
        Tally::of(&self.cells)
    }

    /// Whether any scenario ran. A problem may have come later.
    #[must_use]
    pub fn was_run(&self) -> bool {
        self.count(Verdict::NotRun) < self.cells.len()
    }

    /// How many of its cells have this verdict.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.cells
            .iter()
            .filter(|cell| cell.verdict == verdict)
            .count()
    }
}

/// All kernels of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matrix {
    /// One a kernel, in the order they were asked for.
    pub rows: Vec<Row>,
}

/// The exit code of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Exit {
    /// All that ran agreed.
    Agreed = 0,
    /// A kernel disagreed with its claim, or kept a scenario from ending.
    Disagreed = 1,
    /// The command line made no sense.
    #[cfg_attr(feature = "schema", schemars(skip))]
    Usage = 2,
    /// The harness could not do its work.
    Unable = 3,
}

impl Exit {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Agreed => "agreed",
            Self::Disagreed => "disagreed",
            Self::Usage => "usage",
            Self::Unable => "unable",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Matrix {
    /// How many of all cells are of each kind.
    #[must_use]
    pub fn tally(&self) -> Tally {
        Tally::of(self.rows.iter().flat_map(|row| &row.cells))
    }

    /// The exit code. A disagreement that was seen outweighs all that went wrong
    /// besides.
    #[must_use]
    pub fn exit(&self, strict: bool) -> Exit {
        let tally = self.tally();
        let mut problems = self.rows.iter().filter_map(|row| row.problem.as_ref());
        let failed = problems.any(|problem| matches!(problem, Problem::Failed(_)));
        let left_out = strict && tally.not_run > 0;
        if tally.red > 0 {
            Exit::Disagreed
        } else if failed || tally.qemu_failed > 0 || tally.passed == 0 || left_out {
            Exit::Unable
        } else {
            Exit::Agreed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(verdicts: &[Verdict], problem: Option<Problem>) -> Row {
        let cell = |verdict: &Verdict| Cell::without("example", *verdict, "for a test");
        Row {
            cells: verdicts.iter().map(cell).collect(),
            problem,
            boots: 1,
            ..Row::new("3.10", "3.10")
        }
    }

    fn exit(rows: &[Row], strict: bool) -> Exit {
        Matrix {
            rows: rows.to_vec(),
        }
        .exit(strict)
    }

    #[test]
    fn nothing_run_is_a_failure() {
        let unavailable = || Some(Problem::Unavailable("no network".to_owned()));
        assert_eq!(exit(&[], false), Exit::Unable);
        assert_eq!(
            exit(&[row(&[Verdict::NotRun], unavailable())], false),
            Exit::Unable
        );
        assert_eq!(
            exit(
                &[row(&[Verdict::NoClaim, Verdict::NotApplicable], None)],
                false
            ),
            Exit::Unable
        );
    }

    #[test]
    fn a_kernel_that_cannot_be_had_fails_a_strict_run_only() {
        let rows = [
            row(&[Verdict::Passed], None),
            row(
                &[Verdict::NotRun],
                Some(Problem::Unavailable("no network".to_owned())),
            ),
        ];
        assert_eq!(exit(&rows, false), Exit::Agreed);
        assert_eq!(exit(&rows, true), Exit::Unable);
    }

    #[test]
    fn one_red_cell_is_a_disagreement() {
        for red in [
            Verdict::Failed,
            Verdict::Panicked,
            Verdict::Hung,
            Verdict::Garbled,
        ] {
            let rows = [
                row(&[Verdict::Passed, red], None),
                row(&[Verdict::Passed], None),
            ];
            assert_eq!(exit(&rows, false), Exit::Disagreed, "{red:?}");
        }
    }

    #[test]
    fn a_qemu_that_failed_says_nothing_of_a_kernel() {
        let rows = [row(&[Verdict::Passed, Verdict::QemuFailed], None)];
        assert_eq!(exit(&rows, false), Exit::Unable);
    }

    #[test]
    fn a_failed_verification_is_never_green() {
        let rows = [
            row(&[Verdict::Passed], None),
            row(
                &[Verdict::NotRun],
                Some(Problem::Failed("wrong signature".to_owned())),
            ),
        ];
        assert_eq!(exit(&rows, false), Exit::Unable);
    }
}
