//! Strata's command line: `strata`, and `cargo xtask` within its own repository.

mod bench;
mod bisect;
mod cli;
mod completions;
mod doctor;
mod exit;
mod explain;
mod history;
mod kernels;
mod machine;
mod man;
mod name_server;
mod observed;
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

use harness::report::{complaint, say};
use harness::stdio;

fn main() -> ExitCode {
    name_server::use_built_in();
    let codes = exit::codes(std::env::args_os());
    let done = stdio::prepare(codes.is_some()).and_then(|()| cli::run(codes));
    done.unwrap_or_else(|error| {
        say(complaint(&error).trim_end());
        exit::of_error(&error, codes).into()
    })
}
