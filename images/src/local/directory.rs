//! An unpacked package, or the root of a system: a directory with one kernel, where a
//! package has it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use guest::arch;

use crate::local::format::{self, FileFormat};
use crate::local::{ImageAt, LocalKernel, tree};

/// Where packages have their modules.
const MODULES: [&str; 2] = ["usr/lib/modules", "lib/modules"];

/// The kernel in a directory: `boot/vmlinuz-R`, `[usr/]lib/modules/R/vmlinuz`, or
/// `vmlinuz` in a directory `lib/modules/R`.
pub(super) fn kernel(dir: &Path) -> io::Result<Result<LocalKernel, String>> {
    let mut images = Vec::new();
    for root in MODULES {
        for entry in listed(&dir.join(root))? {
            images.push(entry.join("vmlinuz"));
        }
    }
    for entry in listed(&dir.join("boot"))? {
        if name(&entry).starts_with("vmlinuz-") {
            images.push(entry);
        }
    }
    images.push(dir.join("vmlinuz"));
    // `lib` may be a link to `usr/lib`, and both places of an image may be there.
    images.retain(|image| fs::symlink_metadata(image).is_ok());
    let mut releases: Vec<String> = images.iter().map(|image| release(dir, image)).collect();
    releases.sort();
    releases.dedup();
    let image = match (images.first(), &releases[..]) {
        (Some(image), [_]) => image,
        (None, _) => return Ok(Err("there is no kernel in this directory".to_owned())),
        (_, several) => {
            let why = format!(
                "there are several kernels in this directory ({}): name the image of one",
                several.join(", ")
            );
            return Ok(Err(why));
        }
    };
    // An unpacked package is no more trusted than a packed one.
    if !fs::symlink_metadata(image)?.is_file() {
        return Ok(Err(format!(
            "{} is a link or a special file",
            image.display()
        )));
    }
    if let Err(why) = format::of_file(image)?.and_then(|format| match format {
        FileFormat::Image(_) => Ok(()),
        _ => Err("something else".to_owned()),
    }) {
        return Ok(Err(format!("{} is none: {why}", image.display())));
    }
    Ok(Ok(LocalKernel {
        image: ImageAt::File(image.clone()),
        modules: modules_of_image(image).into_iter().collect(),
    }))
}

/// The release in the path of an image.
fn release(dir: &Path, image: &Path) -> String {
    match name(image).strip_prefix("vmlinuz-") {
        Some(release) => release.to_owned(),
        None => name(image.parent().unwrap_or(dir)).to_owned(),
    }
}

/// The modules of an image, by where it stands.
pub(super) fn modules_of_image(image: &Path) -> Option<PathBuf> {
    let dir = parent(image)?;
    // `lib/modules/R/vmlinuz`.
    if name(image) == "vmlinuz" && name(&parent(&dir)?) == "modules" {
        return Some(dir);
    }
    // `boot/vmlinuz-R`, which has those in `lib/modules/R` beside `boot`.
    if let Some(release) = name(image).strip_prefix("vmlinuz-") {
        let root = parent(&dir)?;
        return modules_in(&root, release);
    }
    // `vmlinux` and `arch/x86/boot/bzImage` of a kernel tree.
    let of_tree = match name(image) {
        "vmlinux" => Some(dir),
        _ => {
            let built = arch::ALL.into_iter().map(tree::built_image);
            built.into_iter().find_map(|built| tree_of(image, &built))
        }
    };
    of_tree.filter(|dir| tree::is_tree(dir))
}

/// The directory below which an image stands at this path.
fn tree_of(image: &Path, built: &Path) -> Option<PathBuf> {
    let parts = built.iter().rev();
    parts.into_iter().try_fold(image.to_owned(), |path, part| {
        (path.file_name() == Some(part)).then(|| parent(&path))?
    })
}

/// Those of a release below a root. An image of Alpine has the name of its flavour, and
/// its package one directory of modules.
fn modules_in(root: &Path, release: &str) -> Option<PathBuf> {
    for modules in MODULES.map(|modules| root.join(modules)) {
        let dir = modules.join(release);
        if dir.is_dir() {
            return Some(dir);
        }
        if !release.starts_with(|c: char| c.is_ascii_digit())
            && let [only] = &listed(&modules).ok()?[..]
        {
            return Some(only.clone());
        }
    }
    None
}

/// What is in a directory, in the order of names; nothing where there is none.
fn listed(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let paths: io::Result<Vec<PathBuf>> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths?;
    paths.sort();
    Ok(paths)
}

fn name(path: &Path) -> &str {
    let name = path.file_name().and_then(|name| name.to_str());
    name.unwrap_or_default()
}

/// The directory of a path, which of a file in the current one is `.`.
fn parent(path: &Path) -> Option<PathBuf> {
    let parent = path.parent()?;
    Some(match parent.as_os_str().is_empty() {
        true => PathBuf::from("."),
        false => parent.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel_image::bzimage::tests::header;

    fn put(root: &Path, path: &str) {
        let file = root.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, header()).unwrap();
    }

    #[test]
    fn each_layout_of_a_package_is_found_with_its_modules() {
        for (image, module, modules) in [
            (
                "boot/vmlinuz-6.1",
                "lib/modules/6.1/kernel/x.ko",
                "lib/modules/6.1",
            ),
            (
                "usr/lib/modules/6.1/vmlinuz",
                "usr/lib/modules/6.1/x.ko",
                "usr/lib/modules/6.1",
            ),
            (
                "lib/modules/6.1/vmlinuz",
                "lib/modules/6.1/x.ko",
                "lib/modules/6.1",
            ),
            // Alpine.
            (
                "boot/vmlinuz-virt",
                "lib/modules/6.1-0-virt/x.ko",
                "lib/modules/6.1-0-virt",
            ),
        ] {
            let dir = tempfile::tempdir().unwrap();
            put(dir.path(), image);
            put(dir.path(), module);
            let found = kernel(dir.path()).unwrap().unwrap();
            assert_eq!(found.image, ImageAt::File(dir.path().join(image)));
            assert_eq!(found.modules, [dir.path().join(modules)], "{image}");
        }
    }

    #[test]
    fn a_directory_with_none_or_several_is_no_kernel() {
        let dir = tempfile::tempdir().unwrap();
        let why = || kernel(dir.path()).unwrap().unwrap_err();
        assert!(why().contains("no kernel"));
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("vmlinuz")).unwrap();
        assert!(why().contains("link or a special file"), "{}", why());
        fs::remove_file(dir.path().join("vmlinuz")).unwrap();
        put(dir.path(), "boot/vmlinuz-6.1");
        // The same one, in both places.
        put(dir.path(), "lib/modules/6.1/vmlinuz");
        assert!(kernel(dir.path()).unwrap().is_ok());
        put(dir.path(), "lib/modules/6.12/vmlinuz");
        assert!(why().contains("several kernels in this directory (6.1, 6.12)"));
    }

    #[test]
    fn the_modules_of_another_release_are_not_taken() {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), "boot/vmlinuz-6.1");
        put(dir.path(), "lib/modules/6.12/x.ko");
        assert_eq!(modules_of_image(&dir.path().join("boot/vmlinuz-6.1")), None);
    }

    #[test]
    fn an_image_of_a_tree_has_the_modules_of_the_tree() {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), "arch/x86/boot/bzImage");
        let image = dir.path().join("arch/x86/boot/bzImage");
        assert_eq!(modules_of_image(&image), None);
        put(dir.path(), "Kbuild");
        assert_eq!(modules_of_image(&image), Some(dir.path().to_owned()));
        assert_eq!(
            modules_of_image(&dir.path().join("vmlinux")),
            Some(dir.path().to_owned())
        );
    }
}
