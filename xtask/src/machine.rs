//! What `run` and `shell` have in common: a machine, and what travels into it.

use std::ffi::OsString;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use harness::{Machines, Program, RunDir, Runner};
use images::{Catalogue, Store};

use crate::options::HostOptions;
use crate::sources::Sources;

#[derive(Args)]
pub(crate) struct Machine {
    /// Run as this user instead of root
    #[arg(long, value_name = "UID")]
    user: Option<u32>,

    /// Set an environment variable; may be given more than once
    #[arg(long = "env", value_name = "K=V", value_parser = variable)]
    environment: Vec<(OsString, OsString)>,

    /// Take a file or directory along, to its own path or another; may be given
    /// more than once
    #[arg(long = "file", value_name = "HOST[:GUEST]", value_parser = file)]
    files: Vec<(PathBuf, Option<String>)>,

    /// Memory of the machine [default: 256 and three times what travels]
    #[arg(long, value_name = "MIB")]
    memory: Option<NonZeroU32>,

    /// Processors of the machine
    #[arg(long, value_name = "N", default_value = "1")]
    cpus: NonZeroU32,

    /// Add to the kernel's command line; may be given more than once
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true)]
    append: Vec<String>,

    #[command(flatten)]
    host: HostOptions,

    #[command(flatten)]
    sources: Sources,
}

impl Machine {
    /// Gives a program what was asked for it.
    pub(crate) fn furnish(&self, mut program: Program) -> Program {
        for (name, value) in &self.environment {
            program = program.env(name, value);
        }
        for (host, guest) in &self.files {
            program = program.file(host, guest.clone());
        }
        match self.user {
            Some(user) => program.user(user),
            None => program,
        }
    }

    pub(crate) fn store(&self, catalogue: &Catalogue) -> Result<Store> {
        self.sources.store(catalogue)
    }

    pub(crate) fn bench(&self, catalogue: &Catalogue, dir: RunDir) -> Result<Machines> {
        let mut bench = Machines::new(self.store(catalogue)?, dir)?;
        self.host.apply(&mut bench);
        bench.cpus = self.cpus.get();
        bench.append.clone_from(&self.append);
        Ok(bench)
    }

    pub(crate) fn runner(&self) -> Runner<'_> {
        Runner {
            memory_mib: self.memory.map(NonZeroU32::get),
            ..Runner::default()
        }
    }
}

fn variable(text: &str) -> Result<(OsString, OsString), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.into(), value.into())),
        _ => Err(format!("{text:?} is no variable: write NAME=VALUE")),
    }
}

/// A file whose own name has a colon is taken for what it is.
fn file(text: &str) -> Result<(PathBuf, Option<String>), String> {
    match text.rsplit_once(':') {
        Some((host, guest)) if !Path::new(text).exists() => {
            Ok((host.into(), Some(guest.to_owned())))
        }
        _ => Ok((text.into(), None)),
    }
}
