//! What is taken from the members of a package: its kernel, its modules, its
//! configuration.

use std::ops::ControlFlow;

use super::{MAX_IMAGE, MemberKind, Next, PackageError, PackageMember, malformed};
use crate::kernel_image;
use crate::kernel_image::config::MAX_CONFIG;
use crate::kernel_modules::ModulePacker;

/// The kernel image: the first of a package.
#[derive(Default)]
pub(crate) struct WantedImage(Option<Vec<u8>>);

impl WantedImage {
    pub(crate) fn see(&mut self, member: &mut PackageMember<'_>) -> Next {
        if !is_kernel(member)? {
            return Ok(ControlFlow::Continue(()));
        }
        let bytes = member.read(MAX_IMAGE, "a kernel")?;
        let path = &member.path;
        kernel_image::arch_of(&bytes)
            .map_err(|why| malformed(format!("{path} is no kernel: {why}")))?;
        self.0 = Some(bytes);
        Ok(ControlFlow::Break(()))
    }

    pub(crate) fn found(self) -> Result<Vec<u8>, PackageError> {
        self.0
            .ok_or_else(|| malformed("a package without a kernel image"))
    }
}

/// All modules, into a packer.
pub(crate) struct WantedModules<'a>(pub(crate) &'a mut ModulePacker);

impl WantedModules<'_> {
    pub(crate) fn see(&mut self, member: &mut PackageMember<'_>) -> Next {
        let is_file = member.kind == MemberKind::File;
        if is_file && member.path.contains("lib/modules/") {
            let path = &member.path;
            let taken = self.0.take(path, &mut member.content);
            taken.map_err(|error| malformed(format!("{path}: {error}")))?;
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// The configuration of the kernel.
#[derive(Default)]
pub(crate) struct WantedConfig(pub(crate) Option<Vec<u8>>);

impl WantedConfig {
    pub(crate) fn see(&mut self, member: &mut PackageMember<'_>) -> Next {
        if !is_config(member) {
            return Ok(ControlFlow::Continue(()));
        }
        self.0 = Some(member.read(MAX_CONFIG, "a configuration")?);
        Ok(ControlFlow::Break(()))
    }
}

/// Whether this is the configuration: `boot/config-RELEASE` or
/// `[usr/]lib/modules/RELEASE/config`.
fn is_config(member: &PackageMember<'_>) -> bool {
    let (parts, _) = member.parts();
    let named = match parts[..] {
        ["boot", file] => file.starts_with("config-"),
        ["lib", "modules", _, "config"] | ["usr", "lib", "modules", _, "config"] => true,
        _ => false,
    };
    named && member.kind == MemberKind::File
}

/// Whether this is the image: `boot/vmlinuz-RELEASE` or
/// `[usr/]lib/modules/RELEASE/vmlinuz`. A path that leads out of the package is refused.
fn is_kernel(member: &PackageMember<'_>) -> Result<bool, PackageError> {
    let (parts, astray) = member.parts();
    let kernel = match parts[..] {
        ["boot", file] => file.starts_with("vmlinuz-"),
        ["lib", "modules", _, "vmlinuz"] | ["usr", "lib", "modules", _, "vmlinuz"] => true,
        _ => false,
    };
    if kernel && astray {
        let why = format!("{} leads out of the package", member.path);
        return Err(malformed(why));
    }
    Ok(kernel)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::MemberKind;

    #[test]
    fn only_an_image_is_taken_for_one() {
        for (path, kernel) in [
            ("./boot/vmlinuz-3.10-2-amd64", true),
            ("boot/vmlinuz-6.1.0-50-cloud-amd64", true),
            ("./usr/lib/modules/7.3.4+deb13-cloud-amd64/vmlinuz", true),
            ("./lib/modules/7.3.4/vmlinuz", true),
            ("./boot/System.map-3.10-2-amd64", false),
            ("./usr/share/doc/boot/vmlinuz-3.10", false),
            ("./usr/lib/modules/7.3.4/kernel/vmlinuz", false),
        ] {
            let member = PackageMember {
                path: path.to_owned(),
                kind: MemberKind::File,
                size: 0,
                content: &mut std::io::empty(),
            };
            assert_eq!(is_kernel(&member).unwrap(), kernel, "{path}");
        }
    }
}
