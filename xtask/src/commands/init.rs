use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::Args;
use harness::{BadRequest, Exit, program_name};

use crate::stdout::print;

/// Write a strata.toml for this directory
///
/// It names three kernels, and the tests that are found: of a cargo package, of a Go module,
/// of a directory of programs, or a place holder.
#[derive(Args)]
#[command(after_help = "\
Exit codes:
  0  it was written
  2  there is one already

Examples:
  cargo xtask init")]
pub(crate) struct InitCommand {}

const FILE: &str = "strata.toml";

fn makefile_has_tests() -> bool {
    let text = fs::read_to_string("Makefile").unwrap_or_default();
    let mut lines = text.lines();
    lines.any(|line| line.starts_with("test:") || line.starts_with("check:"))
}

impl InitCommand {
    pub(crate) fn run(&self) -> Result<Exit> {
        let test = if Path::new("Cargo.toml").exists() {
            "name = \"tests\"\ncargo = \".\"          # each test of this package is a case\n"
        } else if Path::new("go.mod").exists() {
            "name = \"tests\"\ngo = \"./...\"         # each test of these packages is a case\n"
        } else if makefile_has_tests() {
            "name = \"tests\"\n# `make test` runs on this host: name a program that it runs.\n\
             run = [\"./probe\"]    # a program and its arguments\n\
             shows = \"exit\"       # or \"facts\", \"tap\", \"libtest\", \"go\"\n"
        } else if fs::read_dir("tests").is_ok() {
            "name = \"tests\"\ndir = \"tests\"        # each program in it is a test\n"
        } else {
            "name = \"probe\"\n# No tests were found here: ./probe holds the place of a program of yours.\n\
             run = [\"./probe\"]    # a program and its arguments\n\
             shows = \"exit\"       # or \"facts\", \"tap\", \"libtest\", \"go\"\n"
        };
        let text = format!("kernels = [\"5.10\", \"6.1\", \"6.12\"]\n\n[[test]]\n{test}");
        let mut file = match File::create_new(FILE) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => bail!(BadRequest::new(
                format!("{FILE} is there already: change it, or remove it first")
            )),
            created => created.with_context(|| format!("creating {FILE}"))?,
        };
        file.write_all(text.as_bytes())
            .with_context(|| format!("writing {FILE}"))?;
        print(format_args!(
            "{text}\n{FILE} is written: {} test\n",
            program_name()
        ));
        Ok(Exit::Agreed)
    }
}
