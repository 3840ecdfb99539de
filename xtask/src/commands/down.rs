use anyhow::Result;
use clap::Args;
use harness::{Exit, StandingPlace, end};

use crate::stdout::print;

/// End the machines that `up` keeps up
#[derive(Args)]
#[command(after_help = "\
Exit codes:
  0  they are down, or were already
  2  none were ever up under this name
  3  they do not answer

Examples:
  cargo xtask down 6.1")]
pub(crate) struct DownCommand {
    /// What they are called
    #[arg(value_name = "NAME")]
    name: String,
}

impl DownCommand {
    pub(crate) fn run(&self) -> Result<Exit> {
        let name = &self.name;
        let ended = end(&StandingPlace::find(name)?)?;
        let already = if ended { "" } else { " already" };
        print(format_args!("{name} is down{already}\n"));
        Ok(Exit::Agreed)
    }
}
