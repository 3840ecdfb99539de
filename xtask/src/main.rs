//! Strata's command line: `strata`, and `cargo xtask` within its own repository.

mod bench;
mod bisect;
mod cli;
mod completions;
mod doctor;
mod explain;
mod history;
mod kernels;
mod machine;
mod man;
mod name_server;
mod options;
mod out;
mod report;
mod run;
mod shell;
mod sources;
mod stress;
mod test;
mod test_kernels;
mod tools;

use std::process::ExitCode;

use harness::Exit;

fn main() -> ExitCode {
    name_server::use_built_in();
    cli::run().unwrap_or_else(|error| {
        eprint!("{}", harness::report::complaint(&error));
        exit_of(&error).into()
    })
}

/// A request that made no sense is told from work that could not be done.
fn exit_of(error: &anyhow::Error) -> Exit {
    if error.is::<images::SelectError>()
        || error.is::<harness::UnknownScenario>()
        || error.is::<harness::bisect::RangeError>()
        || error.is::<harness::BadRequest>()
        || error.is::<harness::report::TooManyJobs>()
    {
        Exit::Usage
    } else {
        Exit::Unable
    }
}
