use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use harness::{
    Event, Exit, Header, Interrupt, ProgramSuite, RunDir, SuiteFile, TestOrder, Watcher, record,
    report,
};
use images::{Catalogue, Kernel};

use crate::format::FormatOption;
use crate::options::{
    CpusOption, HostOptions, JobsOption, RerunOption, ShardOption, SourceOptions,
};

/// Run the tests of strata.toml on its kernels
///
/// strata.toml is looked for in this directory and above. What a test shows is held
/// against what the file expects of that kernel, and against what --record wrote down
/// beside it, in strata.expected.toml.
#[derive(Args)]
#[command(after_help = "\
Exit codes are those of `test-kernels`.

Examples:
  cargo xtask init
  cargo xtask test
  cargo xtask test --kernel 6.1 --test probe
  cargo xtask test --rerun-failed
  cargo xtask test --record
  cargo xtask test --accept probe::unshare")]
pub(crate) struct TestSuiteCommand {
    /// Run on these kernels instead of those of the file: as for `test-kernels`, or a
    /// group of the file; may be given more than once
    #[arg(long = "kernel", value_name = "KERNEL")]
    kernels: Vec<String>,

    /// Run this test only; may be given more than once
    #[arg(long = "test", value_name = "NAME", conflicts_with = "rerun_failed")]
    tests: Vec<String>,

    /// Run all tests three times, and write down what they show
    #[arg(long, conflicts_with = "rerun_failed")]
    record: bool,

    /// The same for one case; may be given more than once
    #[arg(long = "accept", value_name = "CASE", conflicts_with_all = ["record", "rerun_failed", "tests"])]
    accepted: Vec<String>,

    #[command(flatten)]
    rerun: RerunOption,

    #[command(flatten)]
    shard: ShardOption,

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

    /// Fail where a kernel could not be run
    #[arg(long)]
    strict: bool,
}

impl TestSuiteCommand {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let interrupt = Interrupt::catch()?;
        match interrupt.unless_told(move || self.test())? {
            Some(exit) => Ok(exit?.into()),
            None => Ok(harness::interrupted(Some(&interrupt)).into()),
        }
    }

    fn test(&self) -> Result<Exit> {
        let catalogue = Catalogue::of_user()?;
        let file = SuiteFile::find()?;
        let dir_of_file = file.dir.clone();
        let of_file = |header: &Header| header.repository.as_ref() == Some(&dir_of_file);
        let (words, tests) = match self.rerun.failures(of_file)? {
            None => (self.kernels.clone(), self.tests.clone()),
            Some(failures) if failures.is_empty() => return Ok(Exit::Agreed),
            Some(failures) => (failures.kernels, failures.tests),
        };
        let mut kernels = file.select(&words, &catalogue)?;
        let shard = self.shard.shard(false)?;
        if let Some(shard) = shard {
            kernels = self.shard.part(shard, kernels)?;
            if kernels.is_empty() {
                eprintln!("shard {shard} has none of the kernels: nothing was asserted here");
                return Ok(Exit::Agreed);
            }
        }
        let names = match self.accepted.is_empty() {
            true => &tests,
            false => &self.accepted,
        };
        let dir = RunDir::new_run()?;
        let store = self.sources.store(&catalogue)?;
        let mut suite = ProgramSuite::new(file, names, kernels, store, dir.clone())?;
        let records = self.record || !self.accepted.is_empty();
        if !records {
            suite.check_recorded()?;
        }
        self.host.apply(&mut suite.machines);
        suite.machines.cpus = self.cpus.cpus.get();
        suite.jobs = self.jobs.number();

        let bus = self.format.bus(&dir)?;
        let kernels = suite.kernels.iter().map(Kernel::name).collect();
        bus.event(&Event::Run(Header {
            shard,
            scenarios: suite.names(),
            suite: true,
            repository: Some(dir_of_file),
            ..Header::now(&dir, kernels, &[])
        }));
        // A missing QEMU is reported once here, not again for each kernel.
        suite.machines.find_qemu(&suite.kernels, &bus)?;
        let (matrix, changes) = if records {
            record(&suite, &self.accepted, &bus)?
        } else {
            (suite.run(TestOrder::Forwards, &bus), Vec::new())
        };
        let exit = matrix.exit(self.strict);
        bus.event(&Event::Finished { exit });
        self.format.tell_people(|colour| {
            let (table, values) = (report::table(&matrix, colour), report::values(&matrix));
            let mut red = matrix.clone();
            for row in &mut red.rows {
                row.cells.retain(|cell| cell.verdict.is_red());
            }
            format!("{table}\n{values}\n{}", report::details(&red))
        })?;
        for change in &changes {
            eprintln!("recorded: {change}");
        }
        self.format.end(bus, &dir, &matrix, exit)
    }
}
