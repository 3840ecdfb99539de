//! Strata's command line: `strata`, and `cargo xtask` within its own repository.
//!
//! `commands` holds a file for each command, `options` what several of them read from
//! the command line; `bench`, `stress` and `tools` serve developers of Strata.

mod bench;
mod cli;
mod commands;
mod exit;
mod format;
mod name_server;
mod options;
mod stdout;
mod stress;
mod tools;

use std::process::ExitCode;

use harness::report::complaint;
use harness::{say, stdio};

fn main() -> ExitCode {
    name_server::use_built_in();
    let codes = exit::codes(std::env::args_os());
    let done = stdio::prepare(codes.is_some()).and_then(|()| cli::run(codes));
    done.unwrap_or_else(|error| {
        say(complaint(&error).trim_end());
        exit::of_error(&error, codes).into()
    })
}
