//! The configuration of a kernel on this machine.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::files::open_regular;
use crate::files::read::read_text;
use crate::kernel_image::config::KernelConfig;
use crate::local::packages::MAX_BUILT_HERE;
use crate::local::{ImageAt, LocalKernel, image_in, packages};
use crate::package::WantedConfig;

/// A vmlinux with debug information has some hundred megabytes.
const MAX_KERNEL: u64 = 1 << 30;

impl LocalKernel {
    /// The configuration that the kernel was built with: from its package, from beside its
    /// image or its modules, or from the image itself.
    ///
    /// # Errors
    /// If there is none, or it cannot be read.
    pub fn config(&self) -> io::Result<KernelConfig> {
        let from_image = match &self.image {
            ImageAt::Package(package) => {
                // Some have it with the modules.
                for package in std::iter::once(package).chain(&self.modules) {
                    let mut wanted = WantedConfig::default();
                    packages::each(package, MAX_BUILT_HERE, &mut |member| wanted.see(member))?;
                    let text = wanted
                        .0
                        .map(|text| String::from_utf8_lossy(&text).into_owned());
                    if let Some(config) = text.and_then(|text| KernelConfig::parse(&text)) {
                        return Ok(config);
                    }
                }
                KernelConfig::in_image(&image_in(package)?)
            }
            ImageAt::File(image) => {
                for place in self.config_places(image) {
                    match read_text(&place) {
                        Ok(text) => match KernelConfig::parse(&text) {
                            Some(config) => return Ok(config),
                            None => continue,
                        },
                        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                        Err(error) => return Err(error),
                    }
                }
                let mut bytes = Vec::new();
                open_regular(image)?
                    .take(MAX_KERNEL)
                    .read_to_end(&mut bytes)?;
                KernelConfig::in_image(&bytes)
            }
        };
        from_image.ok_or_else(|| {
            let why = "its configuration is neither beside the kernel nor in it (CONFIG_IKCONFIG)";
            io::Error::other(why)
        })
    }

    /// Where the configuration of an image may be.
    fn config_places(&self, image: &Path) -> Vec<PathBuf> {
        let mut places = Vec::new();
        let name = image.file_name().and_then(|name| name.to_str());
        if let Some(release) = name.and_then(|name| name.strip_prefix("vmlinuz-")) {
            places.push(image.with_file_name(format!("config-{release}")));
        }
        for dir in self.modules.iter().filter(|path| path.is_dir()) {
            // Of a directory `lib/modules/R`, and of a built tree.
            places.extend(["config", ".config"].map(|name| dir.join(name)));
            let is_of_release = dir
                .parent()
                .is_some_and(|parent| parent.ends_with("modules"));
            let release = dir.file_name().and_then(|name| name.to_str());
            if let Some(release) = release.filter(|_| is_of_release) {
                // Of `usr/lib/modules/R`, and of `lib/modules/R`.
                let roots = dir.ancestors().skip(3).take(2);
                places.extend(roots.map(|root| root.join(format!("boot/config-{release}"))));
            }
        }
        places
    }
}
