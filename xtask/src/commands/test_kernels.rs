use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use clap::error::ErrorKind;
use guest::{NATIVE, Version};
use harness::{
    Event, Exit, Header, Interrupt, Matrix, RunDir, Score, Suite, Target, Targets, Watcher, native,
    report, scenarios_named,
};
use images::Catalogue;

use crate::format::FormatOption;
use crate::options::{
    ArchOption, CpusOption, HostOptions, JobsOption, RerunOption, ShardOption, SourceOptions,
};

/// Boot kernels and assert what each must do
///
/// Obtains and verifies the kernels, and QEMU where this host has none, boots each
/// kernel, and compares what it shows with what is claimed of its version. Nothing is
/// installed on this host.
#[derive(Args)]
#[command(after_help = "\
Exit codes:
  0  all that ran agreed with its claims, or --shard left nothing to run
  1  a kernel disagreed with a claim, or kept a scenario from ending
  2  the command line made no sense
  3  the harness could not do its work: nothing was asserted, QEMU is missing
     or failed, a verification failed, or --strict and a kernel was not run
  130, 143, 129  ended by Ctrl-C, SIGTERM, SIGHUP

Examples:
  cargo xtask test-kernels                       the default set of kernels
  cargo xtask test-kernels 3.8..3.13 '>=6.12'    ranges
  cargo xtask test-kernels ./arch/x86/boot/bzImage
  cargo xtask test-kernels native                the running kernel, without QEMU
  cargo xtask test-kernels native --claims 4.4   a kernel that says it is like 4.4
  cargo xtask test-kernels 3.10 --scenario unshare_newpid_multithreaded
  cargo xtask test-kernels --format ktap > results.ktap
  cargo xtask test-kernels --rerun-failed
  cargo xtask test-kernels all --shard 1/3       the first of three machines")]
pub(crate) struct TestKernelsCommand {
    /// Kernels: 3.10, 5, '>=5.10', 3.8..3.13, all, the path of a bzImage, or
    /// native for the running one [default: those marked in images/kernels.toml]
    #[arg(value_name = "KERNEL")]
    kernels: Vec<Target>,

    #[command(flatten)]
    arch: ArchOption,

    #[command(flatten)]
    shard: ShardOption,

    /// Hold the running kernel against the claims for this version, whatever it
    /// calls itself, and give it a score by family
    #[arg(long, value_name = "VERSION", conflicts_with = "rerun_failed")]
    claims: Option<Version>,

    /// Run this scenario only; may be given more than once
    #[arg(
        long = "scenario",
        value_name = "NAME",
        conflicts_with = "rerun_failed"
    )]
    scenarios: Vec<String>,

    #[command(flatten)]
    rerun: RerunOption,

    #[command(flatten)]
    sources: SourceOptions,

    #[command(flatten)]
    host: HostOptions,

    #[command(flatten)]
    jobs: JobsOption,

    #[command(flatten)]
    cpus: CpusOption,

    #[command(flatten)]
    format: FormatOption,

    /// Restore machines that were saved, where there are any, instead of booting each
    /// kernel; save the others
    #[arg(long)]
    saved: bool,

    /// Fail where a kernel could not be run
    #[arg(long)]
    strict: bool,
}

impl TestKernelsCommand {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let interrupt = Interrupt::catch()?;
        match interrupt.unless_told(move || self.test())? {
            Some(exit) => Ok(exit?.into()),
            None => {
                eprintln!("interrupted: the kernels that are not told of above were not done");
                Ok(harness::interrupted(Some(&interrupt)).into())
            }
        }
    }

    fn test(&self) -> Result<Exit> {
        let catalogue = Catalogue::of_user()?;
        let (words, names) = match self.rerun.failures(|header| !header.suite)? {
            None => (self.kernels.clone(), self.scenarios.clone()),
            Some(failures) if failures.is_empty() => return Ok(Exit::Agreed),
            Some(failures) => {
                let words = failures.kernels.iter().map(|word| word.parse());
                (words.collect::<Result<_, _>>()?, failures.tests)
            }
        };
        let mut targets = Targets::of(&words, self.arch.named(), &catalogue)?;
        if self.claims.is_some() && !targets.native {
            conflict("--claims is for the running kernel: test-kernels native --claims 4.4\n");
        }
        let shard = self.shard.shard(targets.native)?;
        if let Some(shard) = shard {
            if targets.native {
                conflict("--shard is for kernels to boot: each machine runs one of its own\n");
            }
            targets.kernels = self.shard.part(shard, targets.kernels)?;
        }
        // With fewer kernels than shards, some shards are empty: they succeed.
        let idle = shard.filter(|_| targets.kernels.is_empty());
        let scenarios = scenarios_named(&names)?;

        let dir = RunDir::new_run()?;
        let bus = self.format.bus(&dir)?;
        let kernels = targets.names(self.claims);
        bus.event(&Event::Run(Header {
            shard,
            ..Header::now(&dir, kernels, &scenarios)
        }));
        let mut matrix = Matrix::default();
        if targets.native {
            let row = native(&scenarios, self.claims, &dir.kernel(NATIVE)?);
            bus.event(&Event::Kernel(Box::new(row.clone())));
            matrix.rows.push(row);
        }
        if !targets.kernels.is_empty() {
            let store = self.sources.store(&catalogue)?;
            let mut suite = Suite::new(targets.kernels, scenarios, store, dir.clone())?;
            self.host.apply(&mut suite.machines);
            suite.machines.cpus = self.cpus.cpus.get();
            suite.machines.saved = self.saved;
            suite.jobs = self.jobs.number();
            // A missing QEMU is reported once here, not again for each kernel.
            suite.machines.find_qemu(&suite.kernels, &bus)?;
            matrix.rows.extend(suite.run(&bus).rows);
        }

        let score = self.claims.map(|_| Score::of(&matrix.rows[0]));
        if let Some(score) = &score {
            bus.event(&Event::Score(score.clone()));
        }
        let exit = match idle {
            None => matrix.exit(self.strict),
            Some(_) => Exit::Agreed,
        };
        bus.event(&Event::Finished { exit });
        match idle {
            None => self.format.tell_people(|colour| {
                let table = report::table(&matrix, colour);
                let details = report::details(&matrix);
                let score = score.map_or_else(String::new, |score| format!("\n{score}"));
                format!("{table}\n{details}{score}")
            })?,
            Some(shard) => {
                eprintln!("shard {shard} has none of the kernels: nothing was asserted here");
            }
        }
        self.format.end(bus, &dir, &matrix, exit)
    }
}

/// Ends the program: two arguments do not fit together.
fn conflict(why: &str) -> ! {
    clap::Error::raw(ErrorKind::ArgumentConflict, why).exit()
}
