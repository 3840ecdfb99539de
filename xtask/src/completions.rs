use anyhow::Result;
use clap::{Args, Command};
use clap_complete::{Shell, generate};
use harness::Exit;

use crate::out::print;

/// Print a completion script for a shell
///
/// Shells complete the words after `cargo xtask` where it has a name of one
/// word: `alias xtask='cargo xtask'`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  alias xtask='cargo xtask'; source <(cargo xtask completions bash)
  cargo xtask completions zsh > ~/.zfunc/_xtask
  cargo xtask completions fish > ~/.config/fish/completions/xtask.fish")]
pub(crate) struct Arguments {
    /// Which one
    shell: Shell,
}

pub(crate) fn run(arguments: &Arguments, mut command: Command) -> Result<Exit> {
    let mut script = Vec::new();
    generate(arguments.shell, &mut command, "xtask", &mut script);
    print(String::from_utf8_lossy(&script));
    Ok(Exit::Agreed)
}
