use anyhow::Result;
use clap::Args;
use images::{Catalogue, Store};

/// Where kernels come from.
#[derive(Args)]
pub(crate) struct Sources {
    /// A Debian mirror to ask first, such as <http://mirror.example.org/debian>
    /// [also: STRATA_MIRROR]
    #[arg(long, value_name = "URL")]
    mirror: Vec<String>,

    /// Take exactly the kernels that are pinned, no newer ones of their series
    #[arg(long)]
    locked: bool,
}

impl Sources {
    /// The store; `exact` serves no other version than the one asked for,
    /// whatever the command line says.
    pub(crate) fn store(&self, catalogue: &Catalogue, exact: bool) -> Result<Store> {
        let builder = Store::builder(catalogue).locked(self.locked || exact);
        self.mirror
            .iter()
            .fold(builder, |builder, mirror| builder.mirror(mirror))
            .build()
    }
}
