use anyhow::Result;
use clap::Args;
use clap_complete::{Shell, generate};
use harness::{Exit, program_name};

use crate::stdout::print;

/// Print a completion script for a shell
///
/// Shells complete the words behind a single word: `cargo xtask` takes
/// `alias xtask='cargo xtask'`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  source <(cargo xtask completions bash)
  cargo xtask completions zsh > ~/.zfunc/_strata
  cargo xtask completions fish > ~/.config/fish/completions/strata.fish")]
pub(crate) struct CompletionsCommand {
    /// The shell
    shell: Shell,
}

impl CompletionsCommand {
    pub(crate) fn run(&self) -> Result<Exit> {
        let mut command = crate::cli::command();
        // A shell completes the words behind one word: `alias xtask=...`.
        let name = program_name().rsplit(' ').next().unwrap_or_default();
        let mut script = Vec::new();
        generate(self.shell, &mut command, name, &mut script);
        print(String::from_utf8_lossy(&script));
        Ok(Exit::Agreed)
    }
}
