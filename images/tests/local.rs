//! Kernels that are named by a path: images, packages, directories, trees.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use guest::ModuleIndex;
use images::{LocalKernel, LocalModules, SelectError, Silent, Store};
use tar::EntryType;
use tempfile::{TempDir, tempdir};
use test_archive::{TestPackage, kernel_image, kernel_module};

/// A store that keeps things in a directory of the test.
struct Setting {
    dir: TempDir,
    store: Store,
}

impl Setting {
    fn new() -> Self {
        let dir = tempdir().unwrap();
        let store = support::remembering(dir.path());
        Self { dir, store }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// The bytes of the image at a path.
    fn image(&self, path: &Path) -> Result<Vec<u8>, String> {
        let kernel = LocalKernel::at(path).map_err(|error| error.to_string())?;
        let image = self.store.local_image(&kernel, &Silent);
        Ok(fs::read(image.map_err(|error| error.to_string())?.path).unwrap())
    }

    /// The names of the modules that belong to a kernel at a path.
    fn modules(&self, path: &Path) -> Result<Vec<String>, String> {
        self.modules_at(LocalKernel::at(path).unwrap().modules())
    }

    fn modules_at(&self, paths: &[PathBuf]) -> Result<Vec<String>, String> {
        let modules = self.store.local_modules(paths, &Silent);
        let bytes = match modules.map_err(|error| error.to_string())? {
            LocalModules::Kept(kept) => fs::read(&kept.path).unwrap(),
            LocalModules::Made(bytes) => bytes,
        };
        let (index, _) = ModuleIndex::of_file(&bytes).unwrap();
        let names = index.modules.iter().map(|module| module.name.clone());
        Ok(names.collect())
    }
}

fn package() -> TestPackage {
    TestPackage::new("linux-image-6.1", "6.1.176-1")
}

fn whole() -> TestPackage {
    let module = kernel_module("depends=\0");
    package()
        .file("./usr/lib/modules/6.1/kernel/fs/overlay.ko", &module)
        .file("./boot/vmlinuz-6.1", &kernel_image("whole"))
}

#[test]
fn a_package_of_any_kind_has_image_and_modules() {
    let setting = Setting::new();
    // Their names say nothing.
    for (name, bytes) in [
        ("a", whole().build()),
        ("b", whole().apk()),
        ("c", whole().arch()),
    ] {
        let path = setting.write(name, &bytes);
        assert_eq!(setting.image(&path), Ok(kernel_image("whole")), "{name}");
        assert_eq!(setting.modules(&path).unwrap(), ["overlay"], "{name}");
        // What is kept is not that of another package with the same path.
        let other = package().file("./boot/vmlinuz-6.1", &kernel_image("other"));
        let path = setting.write(name, &other.build());
        assert_eq!(setting.image(&path), Ok(kernel_image("other")));
        let none = setting.modules(&path).unwrap_err();
        assert!(none.contains("no kernel module"), "{none}");
    }
}

/// As Ubuntu parts them.
#[test]
fn the_modules_may_be_in_packages_beside() {
    let setting = Setting::new();
    let deb = |name: &str| format!("{name}-5.15.0-79-generic_5.15.0-79.86_amd64.deb");
    let image = package().file("./boot/vmlinuz-5.15", &kernel_image("split"));
    let image = setting.write(&deb("linux-image-unsigned"), &image.build());
    for (name, module) in [("linux-modules", "veth"), ("linux-modules-extra", "hsr")] {
        let path = format!("./lib/modules/5.15/kernel/{module}.ko");
        let package = package().file(&path, &kernel_module("depends=\0"));
        setting.write(&deb(name), &package.build());
    }
    assert_eq!(setting.image(&image), Ok(kernel_image("split")));
    let mut modules = setting.modules(&image).unwrap();
    modules.sort();
    assert_eq!(modules, ["hsr", "veth"]);
}

#[test]
fn a_built_tree_has_the_modules_that_it_lists() {
    let setting = Setting::new();
    setting.write("linux/include/config/kernel.release", b"6.1.0\n");
    setting.write("linux/arch/x86/boot/bzImage", &kernel_image("tree"));
    for file in ["fs/fat/fat.ko", "kernel/torture.ko", "old/left.ko"] {
        setting.write(&format!("linux/{file}"), &kernel_module("depends=\0"));
    }
    let tree = setting.dir.path().join("linux");
    assert_eq!(setting.image(&tree), Ok(kernel_image("tree")));
    // As before 5.3, since then, and since 6.3.
    for order in [
        "kernel/fs/fat/fat.ko\nkernel/kernel/torture.ko\n",
        "fs/fat/fat.ko\nkernel/torture.ko\n",
        "fs/fat/fat.o\nkernel/torture.o\n",
    ] {
        setting.write("linux/modules.order", order.as_bytes());
        assert_eq!(setting.modules(&tree).unwrap(), ["fat", "torture"]);
        let image = tree.join("arch/x86/boot/bzImage");
        assert_eq!(setting.modules(&image).unwrap(), ["fat", "torture"]);
    }
    setting.write("linux/modules.order", b"fs/fat/gone.ko\n");
    let gone = setting.modules(&tree).unwrap_err();
    assert!(gone.contains("make modules"), "{gone}");
}

#[test]
fn what_a_package_should_not_have_is_refused() {
    let setting = Setting::new();
    let kernel = kernel_image("kernel");
    for (package, expected) in [
        (
            package().file("./etc/motd", b"hello"),
            "without a kernel image",
        ),
        (
            package().symlink("./boot/vmlinuz-6.1", "/etc/passwd"),
            "link or a special file",
        ),
        (
            package().special("./boot/vmlinuz-6.1", EntryType::Fifo, ""),
            "link or a special file",
        ),
        (
            package().file("./../boot/vmlinuz-6.1", &kernel),
            "leads out",
        ),
        (
            package().file_claiming("./boot/vmlinuz-6.1", &kernel, 65 << 20),
            "more than a kernel",
        ),
        (
            package().file("./boot/vmlinuz-6.1", b"text"),
            "is no kernel",
        ),
    ] {
        for bytes in [package.build(), package.apk(), package.arch()] {
            let refused = setting.image(&setting.write("package", &bytes));
            let refused = refused.unwrap_err();
            assert!(refused.contains(expected), "{expected}: {refused}");
        }
    }
    let whole = whole().arch();
    let cut = setting.write("cut", &whole[..whole.len() / 2]);
    setting.image(&cut).unwrap_err();
    let no_module = package().file("./lib/modules/6.1/kernel/x.ko", b"text");
    let path = setting.write("no-module", &no_module.build());
    let refused = setting.modules_at(&[path]).unwrap_err();
    assert!(refused.contains("x is no kernel module"), "{refused}");
}

#[test]
fn what_is_no_kernel_says_what_it_is_instead() {
    let setting = Setting::new();
    let text = setting.write("text", b"text");
    let adb = setting.write("new.apk", b"ADBd....");
    let elf = setting.write("ls", &fs::read("/bin/true").unwrap());
    let empty = setting.dir.path().join("empty");
    fs::create_dir(&empty).unwrap();
    for (path, expected) in [
        (text, "shorter than a boot header"),
        (adb, "third version of apk"),
        (elf, "CONFIG_PVH"),
        (empty, "no kernel in this directory"),
    ] {
        let refused = LocalKernel::at(&path);
        assert!(matches!(refused, Err(SelectError::NotAKernel { .. })));
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains(expected), "{expected}: {refused}");
    }
}

#[test]
fn an_image_that_was_altered_is_taken_out_again() {
    let setting = Setting::new();
    let path = setting.write("package", &whole().build());
    let kernel = LocalKernel::at(&path).unwrap();
    let taken = setting.store.local_image(&kernel, &Silent).unwrap();
    fs::write(&taken.path, "altered").unwrap();
    drop(taken);
    assert_eq!(setting.image(&path), Ok(kernel_image("whole")));
}

#[test]
fn a_configuration_is_found_wherever_packages_and_trees_have_it() {
    let setting = Setting::new();
    let text = b"CONFIG_OVERLAY_FS=m\n# CONFIG_X is not set\n";
    let of = |path: &Path| {
        let config = LocalKernel::at(path).unwrap().config();
        let config = config.map_err(|error| error.to_string())?;
        Ok::<_, String>(config.value("CONFIG_OVERLAY_FS").map(str::to_owned))
    };
    let module = Ok(Some("m".to_owned()));
    for path in ["./boot/config-6.1", "./lib/modules/6.1/config"] {
        let package = whole().file(path, text);
        for bytes in [package.build(), package.apk(), package.arch()] {
            assert_eq!(of(&setting.write("package", &bytes)), module, "{path}");
        }
    }
    let image = kernel_image("6.1");
    for (kernel, config, named) in [
        ("a/boot/vmlinuz-6.1", "a/boot/config-6.1", "a"),
        ("b/usr/lib/modules/6.1/vmlinuz", "b/boot/config-6.1", "b"),
        ("c/lib/modules/6.1/vmlinuz", "c/lib/modules/6.1/config", "c"),
        ("d/arch/x86/boot/bzImage", "d/.config", "d"),
    ] {
        setting.write(kernel, &image);
        if named == "d" {
            setting.write("d/include/config/kernel.release", b"6.1.0\n");
        }
        let dir = setting.dir.path().join(named);
        let none = of(&dir).unwrap_err();
        assert!(none.contains("CONFIG_IKCONFIG"), "{none}");
        setting.write(config, text);
        assert_eq!(of(&dir), module, "{config}");
    }
}
