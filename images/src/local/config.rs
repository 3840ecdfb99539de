//! The configuration of a kernel on this machine.

use std::io::{self, Read};
use std::path::PathBuf;

use crate::files::open_regular;
use crate::files::read::read_text;
use crate::kernel_image::config::KernelConfig;
use crate::local::packages::MAX_BUILT_HERE;
use crate::local::{ImageAt, LocalKernel, image_in, packages};
use crate::package::WantedConfig;

/// A vmlinux with debug information has some hundred megabytes.
const MAX_KERNEL: u64 = 1 << 30;

impl LocalKernel {
    /// The configuration that the kernel was built with.
    ///
    /// # Errors
    /// As of [`LocalKernel::config_text`].
    pub fn config(&self) -> io::Result<KernelConfig> {
        let text = self.config_text(&[])?;
        KernelConfig::parse(&text).ok_or_else(|| io::Error::other("its configuration is empty"))
    }

    /// Its text: from beside the kernel's image or modules, from its package, or from the
    /// image itself. Modules may be elsewhere, too: packages, directories, built trees.
    ///
    /// # Errors
    /// If there is none, or it cannot be read.
    pub fn config_text(&self, modules: &[PathBuf]) -> io::Result<String> {
        if let Some(text) = self.config_beside(modules)? {
            return Ok(text);
        }
        let package = match &self.image {
            ImageAt::Package(package) => Some(package),
            ImageAt::File(_) => None,
        };
        // Some have it with the modules.
        let others = self.modules.iter().chain(modules);
        let others = others.filter(|path| !path.is_dir());
        for package in package.into_iter().chain(others) {
            let mut wanted = WantedConfig::default();
            packages::each(package, MAX_BUILT_HERE, &mut |member| wanted.see(member))?;
            let text = wanted.0.and_then(|text| String::from_utf8(text).ok());
            if let Some(text) = text.filter(|text| KernelConfig::parse(text).is_some()) {
                return Ok(text);
            }
        }
        let from_image = match &self.image {
            ImageAt::Package(package) => KernelConfig::text_in_image(&image_in(package)?),
            ImageAt::File(image) => {
                let mut bytes = Vec::new();
                open_regular(image)?
                    .take(MAX_KERNEL)
                    .read_to_end(&mut bytes)?;
                KernelConfig::text_in_image(&bytes)
            }
        };
        from_image.ok_or_else(|| {
            let why = "its configuration is neither beside the kernel nor in it (CONFIG_IKCONFIG)";
            io::Error::other(why)
        })
    }

    /// Its text, if it is a file of its own, beside the kernel's image or modules.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn config_beside(&self, modules: &[PathBuf]) -> io::Result<Option<String>> {
        for place in self.config_places(modules) {
            match read_text(&place) {
                Ok(text) if KernelConfig::parse(&text).is_some() => return Ok(Some(text)),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Where it may be.
    fn config_places(&self, modules: &[PathBuf]) -> Vec<PathBuf> {
        let mut places = Vec::new();
        if let ImageAt::File(image) = &self.image {
            let name = image.file_name().and_then(|name| name.to_str());
            if let Some(release) = name.and_then(|name| name.strip_prefix("vmlinuz-")) {
                places.push(image.with_file_name(format!("config-{release}")));
            }
        }
        let modules = self.modules.iter().chain(modules);
        for dir in modules.filter(|path| path.is_dir()) {
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
