use std::time::Duration;

use anyhow::Result;
use clap::error::ErrorKind;
use clap::{Args, Subcommand, ValueEnum};
use guest::HOST;
use harness::{
    ComparedKernels, Downloads, Exit, ShownKernel, Stock, fetch_all, inventory, prune_machines,
    report,
};
use images::{Catalogue, Kernel, STALE, Spec, Store};

use crate::options::SourceOptions;
use crate::stdout::print;

/// See what kernels there are; fetch, check and remove them
#[derive(Args)]
#[command(after_help = "\
The cache is $STRATA_CACHE, else ~/.cache/strata.

Examples:
  cargo xtask kernels list
  cargo xtask kernels list --format json
  cargo xtask kernels show 6.1 --config OVERLAY_FS
  cargo xtask kernels diff 6.1 6.12
  cargo xtask kernels fetch 3.10 '>=6.12'
  cargo xtask kernels verify
  cargo xtask kernels prune")]
pub(crate) struct KernelsCommand {
    #[command(subcommand)]
    command: KernelsSubcommand,
}

#[derive(Subcommand)]
enum KernelsSubcommand {
    /// List the catalogue and the tools: what is cached, how large, and where from
    #[command(after_help = "\
Examples:
  cargo xtask kernels list
  cargo xtask kernels list '>=6'
  cargo xtask kernels list --format json | jq '.[] | select(.cached) | .name'
  cargo xtask kernels list --format github-matrix 5.10 6.1    a job a kernel, see docs/nightly.md")]
    List {
        /// Kernels: 3.10, 5, '>=5.10' or 3.8..3.13 [default: the whole catalogue]
        #[arg(value_name = "KERNEL")]
        kernels: Vec<Spec>,

        /// For people, for programs, or for `strategy.matrix` of a GitHub workflow
        #[arg(long, value_enum, default_value = "text")]
        format: ListFormat,
    },

    /// Say what a kernel is, where it is from, and what it was built with
    #[command(after_help = "\
Examples:
  cargo xtask kernels show 6.1
  cargo xtask kernels show 6.1 --config OVERLAY_FS --config USER_NS
  cargo xtask kernels show ./kernel-core-5.14.0-427.el9.x86_64.rpm
  cargo xtask kernels show ~/linux --format json | jq .config")]
    Show {
        /// A kernel, or several: 3.10, 3.8..3.13, ./bzImage, ./linux-image.deb
        #[arg(value_name = "KERNEL", required = true)]
        kernels: Vec<Spec>,

        /// An option of the configuration, with CONFIG_ or without; may be given more than once
        #[arg(long, value_name = "OPTION")]
        config: Vec<String>,

        /// For people, or for programs
        #[arg(long, value_enum, default_value = "text")]
        format: ShowFormat,

        #[command(flatten)]
        sources: SourceOptions,
    },

    /// Compare what two kernels were built with
    #[command(after_help = "\
Examples:
  cargo xtask kernels diff 6.1 6.12
  cargo xtask kernels diff 6.1 ./arch/x86/boot/bzImage --format json")]
    Diff {
        /// A kernel
        #[arg(value_name = "KERNEL")]
        one: Spec,

        /// Another one
        #[arg(value_name = "OTHER")]
        other: Spec,

        /// For people, or for programs
        #[arg(long, value_enum, default_value = "text")]
        format: ShowFormat,

        #[command(flatten)]
        sources: SourceOptions,
    },

    /// Obtain and verify kernels, so that later runs need no network
    #[command(after_help = "\
Exit codes:
  0  all of them are in the cache
  2  no such kernel
  3  some cannot be had, or failed verification

Examples:
  cargo xtask kernels fetch 3.10
  cargo xtask kernels fetch 3.8..3.13 6
  cargo xtask kernels fetch 6.1 --mirror http://mirror.example.org/debian")]
    Fetch {
        /// Kernels: 3.10, 5, '>=5.10', 3.8..3.13 or all
        #[arg(value_name = "KERNEL", required = true)]
        kernels: Vec<Spec>,

        #[command(flatten)]
        sources: SourceOptions,
    },

    /// Hash all images and tools in the cache again
    #[command(after_help = "\
Exit codes:
  0  all are what they were when they were verified
  3  some are not

Examples:
  cargo xtask kernels verify")]
    Verify,

    /// Remove the images and tools that are not named any more, saved machines that were
    /// not used for a week, and what broken-off downloads have left
    #[command(after_help = "\
Examples:
  cargo xtask kernels prune
  cargo xtask kernels prune --all      everything")]
    Prune {
        /// Remove everything
        #[arg(long)]
        all: bool,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum ListFormat {
    Text,
    Json,
    GithubMatrix,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ShowFormat {
    Text,
    Json,
}

impl KernelsCommand {
    pub(crate) fn run(self) -> Result<Exit> {
        let catalogue = Catalogue::of_user()?;
        let store = SourceOptions::default().store(&catalogue)?;
        let terminal = report::Terminal::default();
        let done = match self.command {
            KernelsSubcommand::List { kernels, format } => {
                list(&catalogue, &store, &kernels, format)?;
                true
            }
            KernelsSubcommand::Show {
                kernels,
                config,
                format,
                sources,
            } => {
                let store = sources.remembering_store(&catalogue)?;
                for kernel in catalogue.select(&kernels)? {
                    let shown = ShownKernel::of(&kernel, &config, &store, &terminal)?;
                    match format {
                        ShowFormat::Text => print(report::shown(&shown, !config.is_empty())),
                        ShowFormat::Json => print(serde_json::to_string_pretty(&shown)? + "\n"),
                    }
                }
                true
            }
            KernelsSubcommand::Diff {
                one,
                other,
                format,
                sources,
            } => {
                let store = sources.remembering_store(&catalogue)?;
                let show = |spec: Spec| {
                    let kernels = catalogue.select(&[spec])?;
                    let [kernel] = &kernels[..] else {
                        let why = "two kernels are compared, and no ranges\n";
                        clap::Error::raw(ErrorKind::InvalidValue, why).exit();
                    };
                    ShownKernel::of(kernel, &[], &store, &terminal)
                };
                let compared = ComparedKernels::of([show(one)?, show(other)?])?;
                match format {
                    ShowFormat::Text => print(report::compared(&compared)),
                    ShowFormat::Json => print(serde_json::to_string_pretty(&compared)? + "\n"),
                }
                true
            }
            KernelsSubcommand::Fetch { kernels, sources } => {
                let kernels = catalogue.select(&kernels)?;
                fetch_all(&sources.store(&catalogue)?, &kernels, &terminal)? == 0
            }
            KernelsSubcommand::Verify => {
                let checked = store.verify();
                print(report::checked(&checked));
                checked.iter().all(|image| image.problem.is_none())
            }
            KernelsSubcommand::Prune { all } => {
                let progress = Downloads::told_to(&terminal);
                let mut removed = match all {
                    true => store.prune_all(&progress)?,
                    false => store.prune(&catalogue, &progress)?,
                };
                let unused = if all { Duration::ZERO } else { STALE };
                removed.extend(prune_machines(unused)?);
                print(report::removed(&removed));
                true
            }
        };
        Ok(if done { Exit::Agreed } else { Exit::Unable })
    }
}

fn list(catalogue: &Catalogue, store: &Store, specs: &[Spec], format: ListFormat) -> Result<()> {
    let kernels = match specs {
        [] => catalogue.select(&["all".parse()?])?,
        specs => catalogue.select(specs)?,
    };
    let is_file = |kernel: &Kernel| matches!(kernel, Kernel::File(_));
    if kernels.iter().any(is_file) {
        let why = "only kernels of the catalogue are listed, no files\n";
        clap::Error::raw(ErrorKind::InvalidValue, why).exit();
    }
    let names: Vec<String> = kernels.iter().map(Kernel::name).collect();
    let mut stocks = inventory(catalogue, store);
    let is_named = |stock: &Stock| stock.name.as_ref().is_some_and(|name| names.contains(name));
    match specs.is_empty() {
        // Those of other architectures would double the list.
        true => stocks.retain(|it| it.arch == HOST.name || it.cached.is_some()),
        false => stocks.retain(is_named),
    }
    match format {
        ListFormat::Text => print(report::stock(&stocks)),
        ListFormat::Json => print(serde_json::to_string_pretty(&stocks)? + "\n"),
        ListFormat::GithubMatrix => print(report::github_matrix(&kernels)? + "\n"),
    }
    Ok(())
}
