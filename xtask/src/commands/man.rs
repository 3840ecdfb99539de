use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, Command};
use clap_mangen::Man;
use harness::Exit;

/// Write the manual pages of all commands into a directory
#[derive(Args)]
#[command(after_help = "\
Examples:
  cargo xtask man ~/.local/share/man/man1")]
pub(crate) struct ManCommand {
    /// Where to write them
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

impl ManCommand {
    pub(crate) fn run(&self) -> Result<Exit> {
        let dir = &self.dir;
        fs::create_dir_all(dir).with_context(|| format!("creating {}", dir.display()))?;
        let mut command = crate::cli::command().name("strata").bin_name("strata");
        command.build();
        write(dir, command)?;
        Ok(Exit::Agreed)
    }
}

/// The page of a command, and those of its subcommands: `strata-kernels-list.1`.
fn write(dir: &Path, command: Command) -> Result<()> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    let name = name.to_owned();
    for subcommand in command.get_subcommands().filter(|it| !it.is_hide_set()) {
        if subcommand.get_name() != "help" {
            write(dir, subcommand.clone())?;
        }
    }
    let path = dir.join(format!("{name}.1"));
    let mut page = Vec::new();
    Man::new(command.name(name)).render(&mut page)?;
    fs::write(&path, page).with_context(|| format!("writing {}", path.display()))
}
