//! Strata's command line.

mod machine;
mod run;
mod shell;
mod test;
mod test_kernels;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use harness::Exit;

/// One program, every Linux kernel since 3.2.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
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
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::TestKernels(arguments) => test_kernels::run(&arguments).map(ExitCode::from),
        Command::Run(arguments) => run::run(&arguments),
        Command::Shell(arguments) => shell::run(&arguments),
        Command::Test(arguments) => test::run(&arguments).map(ExitCode::from),
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        exit_of(&error).into()
    })
}

/// A request that made no sense is told from work that could not be done.
fn exit_of(error: &anyhow::Error) -> Exit {
    if error.is::<images::SelectError>()
        || error.is::<harness::UnknownScenario>()
        || error.is::<harness::BadRequest>()
    {
        Exit::Usage
    } else {
        Exit::Unable
    }
}
