use std::ffi::OsString;
use std::slice;

use anyhow::Result;
use clap::Args;
use harness::bisect::{Ends, Step, ask_case, ask_program, ask_scenario, bisect, candidates};
use harness::{
    Exit, Interrupt, Program, ProgramSuite, RunDir, Runner, Suite, SuiteFile, report,
    scenarios_named,
};
use images::{Catalogue, Kernel, Spec};

use crate::options::{HostOptions, ProgramOptions, SourceOptions, TimeoutOption};
use crate::stdout::print;

/// Find the two neighbouring kernels between which a behaviour changes
///
/// Halves the catalogue, one kernel a series, until two neighbours differ in
/// what the scenario, or the case of a strata.toml, shows; prints each step, then the pair, what each showed,
/// and the commit that the table of claims names. A kernel that cannot be had or
/// does not boot is skipped; a line says so.
///
/// With a program instead of a scenario, its exit status counts, as with
/// `git bisect run`: 0 is good, 125 skips the kernel, all else is bad.
#[derive(Args)]
#[command(after_help = "\
Exit codes:
  0  a pair was found, and both show what is claimed of them
  1  a pair was found, and a kernel disagreed with its claim
  2  the command line made no sense
  3  no two kernels differ, or none could be asked

Examples:
  cargo xtask bisect unshare_newpid_multithreaded
  cargo xtask bisect unshare_newpid_multithreaded --good 3.8 --bad 3.13
  cargo xtask bisect unshare_newpid_multithreaded --good 3.11 --bad 3.12 --all
  cargo xtask bisect unshare_newpid_multithreaded --kernel ./bzImage-a --kernel ./bzImage-b
  cargo xtask bisect probe::epoll_pwait2
  cargo xtask bisect probe                  a test that shows its exit status
  cargo xtask bisect --good 3.12 --bad 3.10 -- ./reproducer --verbose")]
pub(crate) struct BisectCommand {
    /// What the kernels are asked: a scenario, or a test of strata.toml, or
    /// a case of it
    #[arg(value_name = "SCENARIO", required_unless_present = "command")]
    scenario: Option<String>,

    /// One end of the range: a kernel that is as it should be [default: the
    /// catalogue's first]
    #[arg(long, value_name = "KERNEL")]
    good: Option<Spec>,

    /// The other end: a kernel that is not [default: the catalogue's last]
    #[arg(long, value_name = "KERNEL")]
    bad: Option<Spec>,

    /// Search these kernels instead of the catalogue: 3.10, a range, or the
    /// path of a bzImage; may be given more than once
    #[arg(long = "kernel", value_name = "KERNEL")]
    kernels: Vec<Spec>,

    /// Search every upload to Debian, some 600, instead of one a series
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    program: ProgramOptions,

    #[command(flatten)]
    timeout: TimeoutOption,

    #[command(flatten)]
    sources: SourceOptions,

    #[command(flatten)]
    host: HostOptions,

    /// The program, by its path or its name in PATH, and its arguments
    #[arg(last = true, value_name = "PROGRAM ARGS", conflicts_with = "scenario")]
    command: Vec<OsString>,
}

impl BisectCommand {
    pub(crate) fn run(&self) -> Result<Exit> {
        let case = match &self.scenario {
            Some(name) if SuiteFile::names_case(name)? => Some(name),
            _ => None,
        };
        let scenario = match &self.scenario {
            Some(name) if case.is_none() => scenarios_named(slice::from_ref(name))?.pop(),
            _ => None,
        };
        let ends = Ends {
            good: self.good.clone(),
            bad: self.bad.clone(),
        };
        let catalogue = Catalogue::of_user()?;
        let (store, catalogue) = if self.all {
            let store = self.sources.exact_store(&catalogue)?;
            (store, catalogue.with_uploads())
        } else {
            (self.sources.store(&catalogue)?, catalogue)
        };
        let candidates = candidates(&catalogue, &self.kernels, &ends)?;
        let program = match self.command.split_first() {
            Some((program, rest)) => {
                let program = Program::new(program).args(rest);
                Some(self.program.furnish(program).pack()?)
            }
            None => None,
        };
        let terminal = report::Terminal::without_kernels();
        let watch = |step: &Step| print(format_args!("{step}\n"));
        let dir = RunDir::new_run()?;
        print(format_args!("{} kernels\n", candidates.len()));
        if let Some(case) = case {
            let (file, names) = (SuiteFile::find()?, slice::from_ref(case));
            let mut suite = ProgramSuite::new(file, names, Vec::new(), store, dir)?;
            self.host.apply(&mut suite.machines);
            let ask = |kernel: &Kernel| ask_case(&suite, case, kernel, &terminal);
            let bisection = bisect(None, &candidates, ask, watch)?;
            print(format_args!("\n{}", report::bisection(&bisection)));
            return Ok(bisection.exit());
        }
        let scenarios = scenario.into_iter().collect();
        let mut suite = Suite::new(Vec::new(), scenarios, store, dir)?;
        self.host.apply(&mut suite.machines);
        // The machine of a program ends in good order; that of a scenario is killed
        // with this process.
        let interrupt = program.as_ref().map(|_| Interrupt::catch()).transpose()?;
        let mut runner = Runner {
            interrupt: interrupt.as_ref(),
            ..Runner::default()
        };
        self.timeout.apply(&mut runner);
        let ask = |kernel: &Kernel| match &program {
            Some(program) => ask_program(&suite.machines, &runner, program, kernel, &terminal),
            None => ask_scenario(&suite, kernel, &terminal),
        };
        let bisection = bisect(scenario, &candidates, ask, watch)?;
        print(format_args!("\n{}", report::bisection(&bisection)));
        Ok(bisection.exit())
    }
}
