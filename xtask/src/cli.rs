//! The commands, and the name under which they were called.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};

use anyhow::Result;
use clap::builder::StyledStr;
use clap::{Command, CommandFactory, FromArgMatches, Parser, Subcommand};
use harness::ExitCodes;
use harness::{RUNS, is_in_workspace, program_name, set_program_name};

use crate::commands::bench::BenchCommand;
use crate::commands::bisect::BisectCommand;
use crate::commands::check::CheckCommand;
use crate::commands::ci::CiCommand;
use crate::commands::completions::CompletionsCommand;
use crate::commands::doctor::DoctorCommand;
use crate::commands::down::DownCommand;
use crate::commands::explain::ExplainCommand;
use crate::commands::history::HistoryCommand;
use crate::commands::init::InitCommand;
use crate::commands::kernels::KernelsCommand;
use crate::commands::man::ManCommand;
use crate::commands::observed::ObservedCommand;
use crate::commands::report::ReportCommand;
use crate::commands::run::RunCommand;
use crate::commands::runner::RunnerCommand;
use crate::commands::shell::ShellCommand;
use crate::commands::stress::StressCommand;
use crate::commands::test::TestCommand;
use crate::commands::test_kernels::TestKernelsCommand;
use crate::commands::test_suite::TestSuiteCommand;
use crate::commands::up::UpCommand;
use crate::exit;

/// How this program is called within its own repository, and in all examples.
const IN_WORKSPACE: &str = "cargo xtask";

/// One program, every Linux kernel since 3.2.
#[derive(Parser)]
#[command(
    version,
    after_help = "\
Examples:
  cargo xtask test-kernels 3.8..3.13
  cargo xtask run --kernel 6.1 -- ./reproducer
  cargo xtask explain unshare_newpid_multithreaded --kernel 3.10
  cargo xtask bisect unshare_newpid_multithreaded"
)]
struct Cli<C: Subcommand> {
    #[command(subcommand)]
    command: C,

    /// Keep runs, and what is remembered between them, in this directory
    /// [default: strata in the user's state directory; target/strata in Strata's
    /// own repository]
    // `report` has an argument `runs`; two of one name would share their values.
    #[arg(long = "runs", global = true, value_name = "DIR", env = RUNS, hide_env_values = true)]
    kept_in: Option<PathBuf>,
}

/// The commands for users.
#[derive(Subcommand)]
enum Anywhere {
    TestKernels(TestKernelsCommand),
    Run(Box<RunCommand>),
    Shell(Box<ShellCommand>),
    Up(UpCommand),
    Runner(RunnerCommand),
    Down(DownCommand),
    Bisect(Box<BisectCommand>),
    Explain(ExplainCommand),
    Report(ReportCommand),
    Kernels(KernelsCommand),
    Doctor(DoctorCommand),
    Completions(CompletionsCommand),
    Man(ManCommand),
}

/// The commands in a user's own repository. In Strata's, `test` runs its own tests.
#[derive(Subcommand)]
enum InOwnRepository {
    #[command(flatten)]
    Anywhere(Anywhere),
    Test(TestSuiteCommand),
    Init(InitCommand),
    Ci(CiCommand),
}

/// The commands for developers of Strata, which need its sources.
#[derive(Subcommand)]
enum InWorkspace {
    #[command(flatten)]
    Anywhere(Anywhere),
    Check(CheckCommand),
    Test(TestCommand),
    Bench(BenchCommand),
    History(HistoryCommand),
    Observed(ObservedCommand),
    Stress(StressCommand),
}

/// Does what the command line says.
pub(crate) fn run(codes: Option<ExitCodes>) -> Result<ExitCode> {
    set_program_name(called());
    if !is_in_workspace() {
        return match parse_as(codes) {
            InOwnRepository::Anywhere(command) => run_anywhere(command),
            InOwnRepository::Test(command) => command.run(),
            InOwnRepository::Init(command) => command.run().map(ExitCode::from),
            InOwnRepository::Ci(command) => command.run().map(ExitCode::from),
        };
    }
    let exit = match parse_as(codes) {
        InWorkspace::Anywhere(command) => return run_anywhere(command),
        InWorkspace::Check(command) => command.run(),
        InWorkspace::Test(command) => command.run(),
        InWorkspace::Bench(command) => command.run(),
        InWorkspace::History(command) => command.run(),
        InWorkspace::Observed(command) => command.run(),
        InWorkspace::Stress(command) => return command.run(),
    };
    exit.map(ExitCode::from)
}

fn run_anywhere(command: Anywhere) -> Result<ExitCode> {
    let exit = match command {
        Anywhere::TestKernels(command) => return command.run(),
        Anywhere::Run(command) => return command.run(),
        Anywhere::Shell(command) => return command.run(),
        Anywhere::Runner(command) => return command.run(),
        Anywhere::Up(command) => command.run(),
        Anywhere::Down(command) => command.run(),
        Anywhere::Bisect(command) => command.run(),
        Anywhere::Explain(command) => command.run(),
        Anywhere::Report(command) => command.run(),
        Anywhere::Kernels(command) => command.run(),
        Anywhere::Doctor(command) => command.run(),
        Anywhere::Completions(command) => command.run(),
        Anywhere::Man(command) => command.run(),
    };
    exit.map(ExitCode::from)
}

/// The whole command line, as the user calls it.
pub(crate) fn command() -> Command {
    if is_in_workspace() {
        named(Cli::<InWorkspace>::command())
    } else {
        named(Cli::<InOwnRepository>::command())
    }
}

fn parse_as<C: Subcommand>(codes: Option<ExitCodes>) -> C {
    let cli = command()
        .try_get_matches()
        .and_then(|matches| Cli::from_arg_matches(&matches))
        .unwrap_or_else(|error| process::exit(exit::of_usage(&error, codes).into()));
    if let Some(dir) = cli.kept_in {
        // For the processes that this one starts, too.
        // SAFETY: this process has a single thread still.
        unsafe { env::set_var(RUNS, dir) };
    }
    cli.command
}

/// The name of the program that was called, such as `strata`.
fn called() -> String {
    if is_in_workspace() {
        return IN_WORKSPACE.to_owned();
    }
    let program = env::args_os().next().unwrap_or_default();
    match Path::new(&program).file_name() {
        Some(name) => name.to_string_lossy().into_owned(),
        None => "strata".to_owned(),
    }
}

/// A command whose help has the name by which the program was called.
fn named(command: Command) -> Command {
    let name = program_name();
    renamed(command.name(name).bin_name(name), name)
}

fn renamed(mut command: Command, name: &str) -> Command {
    let rename = |text: &StyledStr| text.to_string().replace(IN_WORKSPACE, name);
    if let Some(text) = command.get_after_help().map(rename) {
        command = command.after_help(text);
    }
    if let Some(text) = command.get_long_about().map(rename) {
        command = command.long_about(text);
    }
    command
        .mut_args(|argument| match argument.get_help().map(rename) {
            Some(text) => argument.help(text),
            None => argument,
        })
        .mut_subcommands(|command| renamed(command, name))
}
