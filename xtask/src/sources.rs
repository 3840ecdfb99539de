use anyhow::Result;
use clap::Args;
use harness::project;
use images::{Catalogue, Store, StoreBuilder};

/// Where kernels come from.
#[derive(Args, Default)]
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
    pub(crate) fn store(&self, catalogue: &Catalogue) -> Result<Store> {
        self.builder(catalogue).locked(self.locked).build()
    }

    /// A store that serves no other version than the one asked for, and pins
    /// none: for kernels that are not the catalogue's.
    pub(crate) fn exact_store(&self, catalogue: &Catalogue) -> Result<Store> {
        self.builder(catalogue).locked(true).build()
    }

    fn builder(&self, catalogue: &Catalogue) -> StoreBuilder {
        let mut builder = Store::builder(catalogue);
        if let Some(lock) = project::lock_file() {
            builder = builder.lock_file(lock);
        }
        let mirrors = self.mirror.iter();
        mirrors.fold(builder, |builder, mirror| builder.mirror(mirror))
    }
}
