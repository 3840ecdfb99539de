//! The commands, and the name under which they were called.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};

use anyhow::Result;
use clap::{Arg, Command, CommandFactory, FromArgMatches, Parser, Subcommand};
use harness::report::ExitCodes;
use harness::{RUNS, is_in_workspace, program_name, set_program_name};

use crate::{
    bench, bisect, completions, doctor, exit, explain, history, kernels, man, observed, report,
    run, shell, stress, test, test_kernels,
};

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

/// What is of use anywhere.
#[derive(Subcommand)]
enum Anywhere {
    TestKernels(test_kernels::Arguments),
    Run(run::Arguments),
    Shell(shell::Arguments),
    Bisect(bisect::Arguments),
    Explain(explain::Arguments),
    Report(report::Arguments),
    Kernels(kernels::Arguments),
    Doctor(doctor::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
}

/// What serves developing Strata itself, too.
#[derive(Subcommand)]
enum InWorkspace {
    #[command(flatten)]
    Anywhere(Anywhere),
    Test(test::Arguments),
    Bench(bench::Arguments),
    History(history::Arguments),
    Observed(observed::Arguments),
    Stress(stress::Arguments),
}

/// Does what the command line says.
pub(crate) fn run(codes: Option<ExitCodes>) -> Result<ExitCode> {
    set_program_name(called());
    if is_in_workspace() {
        let Cli { command, kept_in } = parse::<InWorkspace>(codes);
        keep_runs_in(kept_in);
        match command {
            InWorkspace::Anywhere(command) => anywhere(command),
            InWorkspace::Test(arguments) => test::run(&arguments).map(ExitCode::from),
            InWorkspace::Bench(arguments) => bench::run(&arguments).map(ExitCode::from),
            InWorkspace::History(arguments) => history::run(&arguments).map(ExitCode::from),
            InWorkspace::Observed(arguments) => observed::run(&arguments).map(ExitCode::from),
            InWorkspace::Stress(arguments) => stress::run(&arguments),
        }
    } else {
        let Cli { command, kept_in } = parse::<Anywhere>(codes);
        keep_runs_in(kept_in);
        anywhere(command)
    }
}

fn anywhere(command: Anywhere) -> Result<ExitCode> {
    match command {
        Anywhere::TestKernels(arguments) => test_kernels::run(arguments),
        Anywhere::Run(arguments) => run::run(&arguments),
        Anywhere::Shell(arguments) => shell::run(&arguments),
        Anywhere::Bisect(arguments) => bisect::run(&arguments).map(ExitCode::from),
        Anywhere::Explain(arguments) => explain::run(&arguments).map(ExitCode::from),
        Anywhere::Report(arguments) => report::run(&arguments).map(ExitCode::from),
        Anywhere::Kernels(arguments) => kernels::run(&arguments).map(ExitCode::from),
        Anywhere::Doctor(arguments) => doctor::run(&arguments).map(ExitCode::from),
        Anywhere::Completions(arguments) => completions::run(&arguments).map(ExitCode::from),
        Anywhere::Man(arguments) => man::run(&arguments).map(ExitCode::from),
    }
}

/// The whole command line, as the user calls it.
pub(crate) fn command() -> Command {
    if is_in_workspace() {
        named(Cli::<InWorkspace>::command())
    } else {
        named(Cli::<Anywhere>::command())
    }
}

fn parse<C: Subcommand>(codes: Option<ExitCodes>) -> Cli<C> {
    let matches = named(Cli::<C>::command()).try_get_matches();
    matches
        .and_then(|matches| Cli::from_arg_matches(&matches))
        .unwrap_or_else(|error| process::exit(exit::of_usage(&error, codes).into()))
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

/// A command whose help speaks of the program as it was called.
fn named(command: Command) -> Command {
    let name = program_name();
    spoken(command.name(name).bin_name(name), name)
}

fn spoken(mut command: Command, name: &str) -> Command {
    let speak = |text: Option<&clap::builder::StyledStr>| {
        text.map(|text| text.to_string().replace(IN_WORKSPACE, name))
    };
    if let Some(text) = speak(command.get_after_help()) {
        command = command.after_help(text);
    }
    if let Some(text) = speak(command.get_long_about()) {
        command = command.long_about(text);
    }
    let spoken_argument = |argument: Arg| match speak(argument.get_help()) {
        Some(text) => argument.help(text),
        None => argument,
    };
    let names: Vec<String> = command
        .get_subcommands()
        .map(|command| command.get_name().to_owned())
        .collect();
    command = command.mut_args(spoken_argument);
    for name_of_sub in names {
        command = command.mut_subcommand(name_of_sub, |command| spoken(command, name));
    }
    command
}

/// Runs go there, also those of the processes that this one starts.
fn keep_runs_in(dir: Option<PathBuf>) {
    if let Some(dir) = dir {
        // SAFETY: this process has a single thread still.
        unsafe { env::set_var(RUNS, dir) };
    }
}
