//! Strata's command line.

mod bench;
mod bisect;
mod completions;
mod exit;
mod explain;
mod history;
mod kernels;
mod machine;
mod out;
mod report;
mod run;
mod shell;
mod sources;
mod stress;
mod test;
mod test_kernels;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use harness::report::{say, words};
use harness::stdio;

/// One program, every Linux kernel since 3.2.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
#[command(after_help = "\
Examples:
  cargo xtask test-kernels 3.8..3.13
  cargo xtask test-kernels native
  cargo xtask explain unshare_newpid_multithreaded --kernel 3.10
  cargo xtask bisect unshare_newpid_multithreaded")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    TestKernels(test_kernels::Arguments),
    Run(run::Arguments),
    Shell(shell::Arguments),
    Test(test::Arguments),
    Bisect(bisect::Arguments),
    Bench(bench::Arguments),
    Explain(explain::Arguments),
    History(history::Arguments),
    Report(report::Arguments),
    Kernels(kernels::Arguments),
    Stress(stress::Arguments),
    Completions(completions::Arguments),
}

fn main() -> ExitCode {
    let codes = exit::codes(std::env::args_os());
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(error) => return exit::of_usage(&error, codes),
    };
    if let Err(error) = stdio::prepare(codes.is_some()) {
        say(&format!("error: {}", words(&error)));
        return exit::of_error(&error, codes);
    }
    let result = match command {
        Command::TestKernels(arguments) => test_kernels::run(arguments),
        Command::Run(arguments) => run::run(&arguments),
        Command::Shell(arguments) => shell::run(&arguments),
        Command::Test(arguments) => test::run(&arguments).map(ExitCode::from),
        Command::Bench(arguments) => bench::run(&arguments).map(ExitCode::from),
        Command::Bisect(arguments) => bisect::run(&arguments).map(ExitCode::from),
        Command::Explain(arguments) => explain::run(&arguments).map(ExitCode::from),
        Command::History(arguments) => history::run(&arguments).map(ExitCode::from),
        Command::Report(arguments) => report::run(&arguments).map(ExitCode::from),
        Command::Kernels(arguments) => kernels::run(&arguments).map(ExitCode::from),
        Command::Stress(arguments) => stress::run(&arguments).map(ExitCode::from),
        Command::Completions(arguments) => {
            completions::run(&arguments, Cli::command()).map(ExitCode::from)
        }
    };
    result.unwrap_or_else(|error| {
        say(&format!("error: {}", words(&error)));
        exit::of_error(&error, codes)
    })
}
