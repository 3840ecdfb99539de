use anyhow::Result;
use clap::error::ErrorKind;
use clap::{Args, ValueEnum};
use guest::Version;
use harness::{Exit, Found, Subject, SuiteFile, report, scenarios_named};
use images::{Catalogue, Spec};

use crate::stdout::print;

/// Say what is claimed, why, and what it rests on: of a scenario, a system call, an errno
///
/// Prints each range of versions with what a kernel must show, the commit that
/// made it so, the point releases it was backported to, where people met it,
/// and the kernels on which it was seen (`basis: source` where there are none).
/// Where several scenarios mention the word, it is a line a range.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cargo xtask explain                                all scenarios
  cargo xtask explain unshare_newpid_multithreaded
  cargo xtask explain close_range                    a system call
  cargo xtask explain EXDEV                          an errno, or what else is seen
  cargo xtask explain /proc/self/auxv                a file
  cargo xtask explain runc                           a program whose users met it
  cargo xtask explain --between 5.10 6.1             what changes if your floor moves
  cargo xtask explain --between 5.10 6.1 epoll_pwait2
  cargo xtask explain --vendors                      which vendors have what early
  cargo xtask explain unshare_newpid_multithreaded --kernel 3.10
  cargo xtask explain unshare_newpid_multithreaded --kernel 6.1.176
  cargo xtask explain probe::mseal
  cargo xtask explain --kernel ./arch/x86/boot/bzImage
  cargo xtask explain --format json                  docs/explain.md")]
pub(crate) struct ExplainCommand {
    /// A scenario, a word that scenarios mention, a test of strata.toml or a
    /// case of it; all scenarios where none is named
    #[arg(value_name = "WORD")]
    words: Vec<String>,

    /// Say first what is claimed of this kernel: 3.10, 6.1.176, or the path of
    /// a bzImage
    #[arg(long, value_name = "KERNEL")]
    kernel: Option<Spec>,

    /// Say what changes from a version to a later one: 5.10 is 5.10.0
    #[arg(long, num_args = 2, value_names = ["FROM", "TO"], conflicts_with = "kernel")]
    between: Option<Vec<Version>>,

    /// Say only which vendors' kernels show what later versions do
    #[arg(long, conflicts_with_all = ["kernel", "between"])]
    vendors: bool,

    /// For people, or for programs
    #[arg(long, value_enum, default_value = "text")]
    format: ExplainFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExplainFormat {
    Text,
    Json,
}

impl ExplainCommand {
    pub(crate) fn run(&self) -> Result<Exit> {
        let (cases, words): (Vec<String>, Vec<String>) = (self.words.iter().cloned())
            .partition(|word| SuiteFile::names_case(word).unwrap_or(false));
        let json = self.format == ExplainFormat::Json;
        if !cases.is_empty() && (json || self.between.is_some()) {
            wrong("a case of strata.toml is explained as text, without --between\n");
        }
        for case in &cases {
            print(SuiteFile::find()?.explain(case)?);
        }
        if words.is_empty() && !cases.is_empty() {
            return Ok(Exit::Agreed);
        }
        let found = found(&words)?;
        if self.vendors && !json {
            print(report::explain_vendors(&Found::all(&found)));
            return Ok(Exit::Agreed);
        }
        if let Some(&[from, to]) = self.between.as_deref() {
            if from >= to {
                wrong(&format!("--between: {to} is not later than {from}\n"));
            }
            let between = report::Between::of(&Found::all(&found), from, to);
            match json {
                true => print(between.json()),
                false => print(between),
            }
            return Ok(Exit::Agreed);
        }
        let subjects = match &self.kernel {
            Some(spec) => Subject::named(spec, &Catalogue::of_user()?)?,
            None => Vec::new(),
        };
        if json {
            print(report::explain_json(&found, &subjects));
            return Ok(Exit::Agreed);
        }
        for one in &found {
            print(format_args!("{}\n", report::explain(one, &subjects)));
        }
        Ok(Exit::Agreed)
    }
}

/// What the words mean; all scenarios where there are none.
fn found(words: &[String]) -> Result<Vec<Found>> {
    if words.is_empty() {
        return Ok(scenarios_named(&[])?.into_iter().map(Found::only).collect());
    }
    let found = words.iter().map(|word| Ok(Found::of(word)?));
    found.collect()
}

/// Ends the program: the arguments make no sense together.
fn wrong(why: &str) -> ! {
    clap::Error::raw(ErrorKind::ArgumentConflict, why).exit()
}
