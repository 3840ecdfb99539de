//! How many machines run side by side, and on which part of the kernels.

use std::env;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread::available_parallelism;

use anyhow::{Result, bail};
use clap::Args;
use harness::{BadRequest, Failures, Header, Merged, PastRun, Shard, runs};
use images::Kernel;

use super::values::positive;

#[derive(Args)]
pub(crate) struct JobsOption {
    /// How many machines to run side by side [default: one a core]
    #[arg(short, long, value_name = "N", value_parser = positive::<NonZeroUsize>)]
    #[arg(allow_negative_numbers = true)]
    jobs: Option<NonZeroUsize>,
}

impl JobsOption {
    /// The number, if one is named.
    pub(crate) const fn named(&self) -> Option<NonZeroUsize> {
        self.jobs
    }

    pub(crate) fn number(&self) -> NonZeroUsize {
        let cores = || available_parallelism().unwrap_or(NonZeroUsize::MIN);
        self.jobs.unwrap_or_else(cores)
    }
}

#[derive(Args)]
pub(crate) struct RerunOption {
    /// Run what failed in the newest run: its kernels, and on each of them its tests
    #[arg(long, conflicts_with_all = ["kernels"])]
    rerun_failed: bool,
}

impl RerunOption {
    /// What failed in the newest run of a kind, if that is wanted.
    pub(crate) fn failures(&self, of_kind: impl Fn(&Header) -> bool) -> Result<Option<Failures>> {
        if !self.rerun_failed {
            return Ok(None);
        }
        let Some(run) = PastRun::newest_of(of_kind)? else {
            let runs = runs()?;
            bail!(BadRequest::new(format!(
                "no run in {} could have failed: leave out --rerun-failed",
                runs.display()
            )));
        };
        if run.finished.is_none() {
            bail!(BadRequest::new(format!(
                "the newest run, {}, did not finish: leave out --rerun-failed",
                run.header.run
            )));
        }
        let failures = Failures::of(&run);
        match failures.is_empty() {
            true => eprintln!("nothing failed in the run {}", failures.run),
            false => eprintln!("what failed in the run {}", failures.run),
        }
        Ok(Some(failures))
    }
}

#[derive(Args)]
pub(crate) struct ShardOption {
    /// Run on this part of the kernels only: 1/3, 2/3 and 3/3 are all of them [default:
    /// the part of this job, as GitLab, Slurm or Kubernetes tells it]
    #[arg(long, value_name = "K/N")]
    shard: Option<Shard>,

    /// Spread the kernels over the parts by how long each took in this run, its directory or
    /// the file of its events; the same for all parts; may be given more than once
    #[arg(long, value_name = "RUN")]
    spread_by: Vec<PathBuf>,
}

impl ShardOption {
    /// The kernels of a part.
    pub(crate) fn part(&self, shard: Shard, kernels: Vec<Kernel>) -> Result<Vec<Kernel>> {
        if self.spread_by.is_empty() {
            return Ok(shard.part(kernels));
        }
        let run = Merged::read(&self.spread_by)?;
        Ok(shard.part_by_time(kernels, |kernel| run.took(&kernel.name())))
    }

    /// The part that was asked for; else that of the engine, unless the running kernel is
    /// among those to be tested.
    pub(crate) fn shard(&self, native: bool) -> Result<Option<Shard>> {
        if self.shard.is_some() || native {
            return Ok(self.shard);
        }
        let told = Shard::of_engine(|name| env::var(name).ok());
        told.map_err(|error| {
            BadRequest::new(format!(
                "the part of this job: {error}; or name it with --shard"
            ))
            .into()
        })
    }
}
