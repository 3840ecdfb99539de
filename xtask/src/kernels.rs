use anyhow::Result;
use clap::error::ErrorKind;
use clap::{Args, Subcommand, ValueEnum};
use harness::{Downloads, Exit, fetch_all, inventory, report};
use images::{Catalogue, Kernel, Spec, Store};

use crate::out::print;
use crate::sources::Sources;

/// See what kernels there are; fetch, check and remove them
#[derive(Args)]
#[command(after_help = "\
The cache is $STRATA_CACHE, else ~/.cache/strata.

Examples:
  cargo xtask kernels list
  cargo xtask kernels list --format json
  cargo xtask kernels fetch 3.10 '>=6.12'
  cargo xtask kernels verify
  cargo xtask kernels prune")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List(List),
    Fetch(Fetch),
    Verify(Verify),
    Prune(Prune),
}

/// List the catalogue and the tools: what is cached, how large, and where from
#[derive(Args)]
#[command(after_help = "\
Examples:
  cargo xtask kernels list
  cargo xtask kernels list '>=6'
  cargo xtask kernels list --format json | jq '.[] | select(.cached) | .name'
  cargo xtask kernels list --format github-matrix 5.10 6.1    a job a kernel, see docs/nightly.md")]
struct List {
    /// Kernels: 3.10, 5, '>=5.10' or 3.8..3.13 [default: the whole catalogue]
    #[arg(value_name = "KERNEL")]
    kernels: Vec<Spec>,

    /// For people, for programs, or for `strategy.matrix` of a GitHub workflow
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
    GithubMatrix,
}

/// Obtain and verify kernels, so that later runs need no network
#[derive(Args)]
#[command(after_help = "\
Exit codes:
  0  all of them are in the cache
  2  no such kernel
  3  some cannot be had, or failed verification

Examples:
  cargo xtask kernels fetch 3.10
  cargo xtask kernels fetch 3.8..3.13 6
  cargo xtask kernels fetch 6.1 --mirror http://mirror.example.org/debian")]
struct Fetch {
    /// Kernels: 3.10, 5, '>=5.10', 3.8..3.13 or all
    #[arg(value_name = "KERNEL", required = true)]
    kernels: Vec<Spec>,

    #[command(flatten)]
    sources: Sources,
}

/// Hash all images and tools in the cache again
#[derive(Args)]
#[command(after_help = "\
Exit codes:
  0  all are what they were when they were verified
  3  some are not

Examples:
  cargo xtask kernels verify")]
struct Verify {}

/// Remove the images and tools that are not named any more, and what broken-off
/// downloads have left
#[derive(Args)]
#[command(after_help = "\
Examples:
  cargo xtask kernels prune
  cargo xtask kernels prune --all      everything")]
struct Prune {
    /// Remove everything
    #[arg(long)]
    all: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    let catalogue = Catalogue::builtin();
    let store = Sources::default().store(&catalogue)?;
    match &arguments.command {
        Command::List(list) => list.run(&catalogue, &store),
        Command::Fetch(fetch) => {
            let kernels = catalogue.select(&fetch.kernels)?;
            let store = fetch.sources.store(&catalogue)?;
            match fetch_all(&store, &kernels, &report::Terminal::default())? {
                0 => Ok(Exit::Agreed),
                _ => Ok(Exit::Unable),
            }
        }
        Command::Verify(_) => {
            let checked = store.verify();
            print(report::checked(&checked));
            match checked.iter().all(|image| image.problem.is_none()) {
                true => Ok(Exit::Agreed),
                false => Ok(Exit::Unable),
            }
        }
        Command::Prune(prune) => {
            let terminal = report::Terminal::default();
            let progress = Downloads::told_to(&terminal);
            let removed = match prune.all {
                true => store.prune_all(&progress)?,
                false => store.prune(&catalogue, &progress)?,
            };
            print(report::removed(&removed));
            Ok(Exit::Agreed)
        }
    }
}

impl List {
    fn run(&self, catalogue: &Catalogue, store: &Store) -> Result<Exit> {
        let kernels = match &self.kernels[..] {
            [] => catalogue.select(&["all".parse()?])?,
            specs => catalogue.select(specs)?,
        };
        if kernels
            .iter()
            .any(|kernel| matches!(kernel, Kernel::File(_)))
        {
            let why = "only kernels of the catalogue are listed, no files\n";
            clap::Error::raw(ErrorKind::InvalidValue, why).exit();
        }
        let names: Vec<String> = kernels.iter().map(Kernel::name).collect();
        let mut stocks = inventory(catalogue, store);
        if !self.kernels.is_empty() {
            stocks.retain(|stock| stock.name.as_ref().is_some_and(|name| names.contains(name)));
        }
        match self.format {
            Format::Text => print(report::stock(&stocks)),
            Format::Json => print(serde_json::to_string_pretty(&stocks)? + "\n"),
            Format::GithubMatrix => print(report::github_matrix(&kernels)? + "\n"),
        }
        Ok(Exit::Agreed)
    }
}
