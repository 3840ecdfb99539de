//! What is known of a kernel without booting it.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use guest::{Lineage, RunningKernel};
use images::{Kernel, KernelConfig, LocalKernel, Store, banner};
use serde::Serialize;

use super::subject::running;
use crate::payload::BadRequest;
use crate::results::{Downloads, Watcher};
use crate::system::words;

/// What is known of a kernel without booting it.
#[derive(Clone, Debug, Serialize)]
pub struct ShownKernel {
    /// Its name, as it was asked for.
    pub name: String,
    /// What it will report as its release.
    pub release: String,
    /// What it will report as its version, with the words of its builder.
    pub banner: String,
    /// The mark of a vendor whose version numbers say nothing; none of a kernel that follows
    /// the kernel's own releases.
    pub vendor: Option<String>,
    /// The kernel's own version that it is based on, if it says one.
    pub base: Option<String>,
    /// Where the image came from.
    pub from: String,
    /// Where the image is.
    pub image: PathBuf,
    /// The options that were asked for, or all that are set: `y`, `m`, another value, or
    /// none where it is not set.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub config: BTreeMap<String, Option<String>>,
    /// Why there are no options, if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_config: Option<String>,
    /// All options.
    #[serde(skip)]
    pub all: KernelConfig,
}

impl ShownKernel {
    /// Obtains a kernel and its configuration. Of the options, keeps those with these names,
    /// or all if there are none.
    ///
    /// # Errors
    /// If the kernel cannot be had. A configuration that cannot be had is no error.
    pub fn of(
        kernel: &Kernel,
        options: &[String],
        store: &Store,
        watcher: &dyn Watcher,
    ) -> Result<Self> {
        let is_name = |name: &String| name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_');
        if let Some(wrong) = options.iter().find(|option| !is_name(option)) {
            bail!(BadRequest::new(format!(
                "--config {wrong:?} is no name of an option: write OVERLAY_FS or CONFIG_OVERLAY_FS"
            )));
        }
        let progress = Downloads::told_to(watcher);
        let (image, from, config) = match kernel {
            Kernel::Catalogued(_) | Kernel::Vendored(_) => {
                let obtained = store.obtain_any(kernel, &progress);
                let image = obtained.with_context(|| kernel.to_string())?;
                let config = || {
                    let kept = store.config(kernel, &image, &progress)?;
                    let text = fs::read_to_string(&kept.path).context("reading what is kept")?;
                    KernelConfig::parse(&text).context("its configuration is empty")
                };
                let config = config();
                (image.path, image.source, config)
            }
            Kernel::File(path) => {
                let local = LocalKernel::at(path)?;
                let image = store.local_image(&local, &progress)?;
                let config = local.config().map_err(anyhow::Error::from);
                (image.path, path.display().to_string(), config)
            }
        };
        let (config, no_config) = match config {
            Ok(config) => (config, None),
            Err(error) => (KernelConfig::default(), Some(words(&error))),
        };
        let asked = |option: &String| {
            let option = option.strip_prefix("CONFIG_").unwrap_or(option);
            (option.to_owned(), config.value(option).map(str::to_owned))
        };
        let set = |(option, value): (&str, &str)| (option.to_owned(), Some(value.to_owned()));
        let wanted = match (&no_config, options) {
            (Some(_), _) => BTreeMap::new(),
            (None, []) => config.options().map(set).collect(),
            (None, options) => options.iter().map(asked).collect(),
        };
        let banner = banner(&image)?;
        let running: RunningKernel = running(&banner);
        Ok(Self {
            name: kernel.name(),
            vendor: match running.lineage() {
                Lineage::Vendor(mark) => Some(mark),
                Lineage::Upstream => None,
            },
            base: running.follows().ok().map(|version| version.to_string()),
            release: running.release,
            banner,
            from,
            image,
            config: wanted,
            no_config,
            all: config,
        })
    }
}

/// How two kernels differ in what they were built with.
#[derive(Clone, Debug, Serialize)]
pub struct ComparedKernels {
    /// Both, without their options.
    pub kernels: [ShownKernel; 2],
    /// What differs: an option, and its value in each, none where it is not set.
    pub config: BTreeMap<String, [Option<String>; 2]>,
}

impl ComparedKernels {
    /// Compares two kernels.
    ///
    /// # Errors
    /// If one has no configuration that can be had.
    pub fn of(mut kernels: [ShownKernel; 2]) -> Result<Self> {
        for kernel in &mut kernels {
            if let Some(why) = &kernel.no_config {
                anyhow::bail!("{} has no configuration to compare: {why}", kernel.name);
            }
            kernel.config.clear();
        }
        let differing = kernels[0].all.other_than(&kernels[1].all);
        let config = differing.into_iter().map(|it| (it.option, it.values));
        Ok(Self {
            config: config.collect(),
            kernels,
        })
    }
}
