//! A kernel tree that was built: `~/linux`, or the directory of `make O=DIR`.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use guest::{Arch, arch};

use crate::files::open_regular;
use crate::files::read::read_text;
use crate::kernel_modules::ModulePacker;
use crate::local::format::{self, FileFormat};
use crate::local::{ImageAt, LocalKernel};

/// What kbuild makes in it first.
const RELEASE: &str = "include/config/kernel.release";

/// Whether it is a kernel tree, built or not.
pub(super) fn is_tree(dir: &Path) -> bool {
    let has_sources = |arch: &Arch| dir.join(arch.tree).is_dir();
    dir.join(RELEASE).is_file()
        || (dir.join("Kbuild").is_file() && arch::ALL.into_iter().any(has_sources))
}

/// Where the image of an architecture is in a tree.
pub(super) fn built_image(arch: &Arch) -> PathBuf {
    Path::new(arch.tree).join("boot").join(arch.built_image)
}

/// The kernel that was built in a tree.
pub(super) fn kernel(tree: &Path) -> io::Result<Result<LocalKernel, String>> {
    let built = arch::ALL.map(|arch| (arch, built_image(arch)));
    let mut there = built
        .iter()
        .filter(|(_, image)| fs::symlink_metadata(tree.join(image)).is_ok());
    let (arch, image) = match (there.next(), there.next()) {
        (Some(one), None) => one,
        (Some((_, one)), Some((_, two))) => {
            return Ok(Err(format!(
                "there are two kernels in this tree: name {} or {}",
                one.display(),
                two.display()
            )));
        }
        (None, _) => {
            let images = built.map(|(arch, image)| {
                format!("{} (make {} modules)", image.display(), arch.built_image)
            });
            return Ok(Err(format!(
                "it is a kernel tree without a built kernel: build {}",
                images.join(" or ")
            )));
        }
    };
    let shown = image.display();
    let image = tree.join(image);
    if let Err(why) = format::of_file(&image)?.and_then(|format| match format {
        FileFormat::Image(of) if of == *arch => Ok(()),
        _ => Err("something else".to_owned()),
    }) {
        return Ok(Err(format!("its {shown} is none: {why}")));
    }
    Ok(Ok(LocalKernel {
        image: ImageAt::File(image),
        modules: vec![tree.to_owned()],
    }))
}

/// Takes the modules of a tree. `modules.order` lists them: `kernel/fs/fat/fat.ko` before
/// 5.3, `fs/fat/fat.ko`, and `fs/fat/fat.o` since 6.3.
pub(super) fn take_modules(tree: &Path, packer: &mut ModulePacker) -> io::Result<()> {
    for name in ["modules.builtin", "modules.builtin.modinfo"] {
        if let Ok(file) = open_regular(&tree.join(name)) {
            packer.take(name, file)?;
        }
    }
    let order = match read_text(&tree.join("modules.order")) {
        Ok(order) => order,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let why = "it has no modules.order: build its modules, with make modules";
            return Err(io::Error::other(why));
        }
        Err(error) => return Err(error),
    };
    for line in order.lines() {
        let module = Path::new(line).with_extension("ko");
        let is_below = |part: Component<'_>| matches!(part, Component::Normal(_));
        if !module.components().all(is_below) {
            let why = format!("modules.order names {line:?}, which is not in the tree");
            return Err(io::Error::other(why));
        }
        let shorter = module.strip_prefix("kernel").ok();
        let file = open_regular(&tree.join(&module)).or_else(|error| match shorter {
            Some(shorter) => open_regular(&tree.join(shorter)),
            None => Err(error),
        });
        let missing = |error| {
            let why = format!(
                "{}: {error}: build its modules, with make modules",
                module.display()
            );
            io::Error::other(why)
        };
        packer.take(&module.to_string_lossy(), file.map_err(missing)?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_that_was_not_built_says_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let tree = dir.path();
        assert!(!is_tree(tree));
        fs::create_dir_all(tree.join("arch/x86/boot")).unwrap();
        fs::write(tree.join("Kbuild"), "").unwrap();
        assert!(is_tree(tree));
        let why = kernel(tree).unwrap().unwrap_err();
        assert!(why.contains("make bzImage"), "{why}");
        let image = tree.join("arch/x86/boot/bzImage");
        fs::write(&image, "text").unwrap();
        let why = kernel(tree).unwrap().unwrap_err();
        assert!(why.contains("bzImage is none"), "{why}");
        let modules = || take_modules(tree, &mut ModulePacker::default()).unwrap_err();
        assert!(modules().to_string().contains("make modules"));
        for order in ["../x.ko\n", "/etc/x.ko\n"] {
            fs::write(tree.join("modules.order"), order).unwrap();
            assert!(modules().to_string().contains("not in the tree"), "{order}");
        }
    }
}
