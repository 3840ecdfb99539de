use anyhow::Result;
use clap::{Args, ValueEnum};
use harness::Exit;

use crate::stdout::print;

/// Print a job that runs `strata test` in somebody's CI
#[derive(Args)]
#[command(after_help = "\
Examples:
  cargo xtask ci github > .github/workflows/kernels.yml
  cargo xtask ci gitlab >> .gitlab-ci.yml")]
pub(crate) struct CiCommand {
    /// Whose CI
    #[arg(value_enum)]
    engine: CiEngine,
}

#[derive(Clone, Copy, ValueEnum)]
enum CiEngine {
    Github,
    Gitlab,
}

impl CiCommand {
    pub(crate) fn run(&self) -> Result<Exit> {
        print(match self.engine {
            CiEngine::Github => include_str!("../../../docs/examples/github.yml"),
            CiEngine::Gitlab => include_str!("../../../docs/examples/gitlab-ci.yml"),
        });
        Ok(Exit::Agreed)
    }
}
