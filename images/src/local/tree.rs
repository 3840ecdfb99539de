//! A kernel tree that was built: `~/linux`, or the directory of `make O=DIR`.

use std::fs;
use std::io;
use std::path::{Component, Path};

use crate::files::open_regular;
use crate::files::read::read_text;
use crate::kernel_modules::ModulePacker;
use crate::local::format::{self, FileFormat};
use crate::local::{ImageAt, LocalKernel};

/// What kbuild makes in it first.
const RELEASE: &str = "include/config/kernel.release";

/// Whether it is a kernel tree, built or not.
pub(super) fn is_tree(dir: &Path) -> bool {
    dir.join(RELEASE).is_file() || (dir.join("Kbuild").is_file() && dir.join("arch/x86").is_dir())
}

/// The kernel that was built in a tree.
pub(super) fn kernel(tree: &Path) -> io::Result<Result<LocalKernel, String>> {
    let image = tree.join("arch/x86/boot/bzImage");
    if fs::symlink_metadata(&image).is_err() {
        let why = "it is a kernel tree without arch/x86/boot/bzImage: build it, with make bzImage \
                   modules";
        return Ok(Err(why.to_owned()));
    }
    if let Err(why) = format::of_file(&image)?.and_then(|format| match format {
        FileFormat::BzImage => Ok(()),
        _ => Err("something else".to_owned()),
    }) {
        return Ok(Err(format!("its arch/x86/boot/bzImage is none: {why}")));
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
