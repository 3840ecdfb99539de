//! Packages beside a kernel's, which have its modules: vendors part them.

use std::fs;
use std::path::{Path, PathBuf};

/// How the names of packages begin: with an image, and with the modules for it. What
/// follows, a release, is the same for all of them.
const SPLIT: &[(&str, &[&str])] = &[
    // Ubuntu, and Debian since 6.19.
    (
        "linux-image-unsigned-",
        &["linux-modules-", "linux-modules-extra-"],
    ),
    ("linux-image-", &["linux-modules-", "linux-modules-extra-"]),
    ("linux-binary-", &["linux-modules-"]),
    // RHEL and its kin since 8, Fedora.
    (
        "kernel-core-",
        &[
            "kernel-modules-core-",
            "kernel-modules-",
            "kernel-modules-extra-",
        ],
    ),
    (
        "kernel-uek-core-",
        &[
            "kernel-uek-modules-core-",
            "kernel-uek-modules-",
            "kernel-uek-modules-extra-",
        ],
    ),
];

/// The packages in the same directory that have modules of the kernel in this one.
pub(super) fn packages_with_modules(package: &Path) -> Vec<PathBuf> {
    let name = package.file_name().and_then(|name| name.to_str());
    let Some(name) = name else {
        return Vec::new();
    };
    let wanted = names(name);
    let dir = match package.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    let mut paths: Vec<PathBuf> = paths
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| wanted.iter().any(|wanted| name == wanted)) && path.is_file()
        })
        .collect();
    paths.sort();
    paths
}

/// The names of the packages with modules for the kernel in a package of this name.
fn names(image: &str) -> Vec<String> {
    let split = SPLIT
        .iter()
        .find_map(|(prefix, others)| Some((image.strip_prefix(prefix)?, others)));
    let Some((rest, others)) = split else {
        return Vec::new();
    };
    // Debian's binary package is that of the image before it is signed.
    let rest = rest.replacen("-unsigned_", "_", 1);
    others
        .iter()
        .map(|other| format!("{other}{rest}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_modules_of_split_packages_are_known_by_name() {
        for (image, modules) in [
            (
                "linux-image-unsigned-5.15.0-79-generic_5.15.0-79.86_amd64.deb",
                "linux-modules-5.15.0-79-generic_5.15.0-79.86_amd64.deb",
            ),
            (
                "linux-binary-7.3.4+deb13-amd64-unsigned_7.3.4-1_amd64.deb",
                "linux-modules-7.3.4+deb13-amd64_7.3.4-1_amd64.deb",
            ),
            (
                "kernel-core-5.14.0-427.el9.x86_64.rpm",
                "kernel-modules-core-5.14.0-427.el9.x86_64.rpm",
            ),
        ] {
            assert_eq!(names(image)[0], modules);
        }
        assert!(names("kernel-3.10.0-1160.el7.x86_64.rpm").is_empty());
    }

    #[test]
    fn only_what_is_there_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let image = path("kernel-core-6.1.x86_64.rpm");
        assert!(packages_with_modules(&image).is_empty());
        for name in [
            "kernel-modules-6.1.x86_64.rpm",
            "kernel-modules-6.2.x86_64.rpm",
        ] {
            fs::write(path(name), "").unwrap();
        }
        assert_eq!(
            packages_with_modules(&image),
            [path("kernel-modules-6.1.x86_64.rpm")]
        );
    }
}
