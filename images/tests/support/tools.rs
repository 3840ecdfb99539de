//! An archive with tools that are none, but for their names.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use images::{ObtainError, Progress, Silent, StoreBuilder, Tool, ToolName};
use test_archive::{TestPackage, TestSuite, kernel_image};

use super::TestArchive;

/// The QEMU for kernels of the architecture that is meant where none is named.
pub(crate) const OWN_QEMU: ToolName = ToolName::Qemu(guest::HOST);
/// A version of QEMU that stands in for none.
pub(crate) const QEMU: &str = "1:7.2+dfsg-7+deb12u18";
/// One that may.
pub(crate) const NEWER: &str = "1:7.2+dfsg-7+deb12u19";

const LIBRARIES: &str = "./lib/x86_64-linux-gnu";

/// A suite with packages of all tools, QEMU's of one version.
pub(crate) fn bookworm(qemu: &str) -> TestSuite {
    others()
        .into_iter()
        .chain(qemu_of(qemu))
        .fold(TestSuite::new("oldstable", "bookworm"), TestSuite::package)
        .and_architecture("arm64")
}

fn qemu_of(version: &str) -> Vec<TestPackage> {
    let needs = "qemu-system-common (= 1), qemu-system-data, seabios | bios, libgcc-s1";
    vec![
        TestPackage::new("qemu-system-x86", version)
            .depends(needs)
            .program("./usr/bin/qemu-system-x86_64", &kernel_image(version))
            .program("./usr/bin/qemu-system-i386", b"not kept"),
        TestPackage::new("qemu-system-arm", version)
            .depends("qemu-system-common (= 1), qemu-system-data, libgcc-s1")
            .program("./usr/bin/qemu-system-aarch64", &kernel_image("arm")),
        TestPackage::new("qemu-system-common", version)
            .depends("")
            .file(
                "./usr/lib/x86_64-linux-gnu/qemu/accel-tcg-x86_64.so",
                &kernel_image("accelerator"),
            ),
        TestPackage::new("qemu-system-data", version)
            .depends("")
            .file("./usr/share/qemu/pvh.bin", b"pvh")
            .file("./usr/share/qemu/skiboot.lid", b"of another machine"),
    ]
}

fn others() -> Vec<TestPackage> {
    vec![
        TestPackage::new("seabios", "1.16.2-1")
            .depends("")
            .file("./usr/share/seabios/bios-256k.bin", b"bios"),
        TestPackage::new("libgcc-s1", "12.2.0-14")
            .depends("")
            .symlink(&format!("{LIBRARIES}/libgcc_s.so.1"), "libgcc_s.so.1.0")
            .file(&format!("{LIBRARIES}/libgcc_s.so.1.0"), b"gcc"),
        TestPackage::new("busybox-static", "1:1.35.0-4")
            .depends("")
            .program("./bin/busybox", b"busybox"),
        e2fsprogs("1.47.0-2"),
        libc6("2.36-9", true),
        TestPackage::new("logsave", "1.47.0-2")
            .depends("")
            .file("./usr/lib/x86_64-linux-gnu/libneeded-by-none.so.1", b"none"),
    ]
}

/// Its program is this host's `cat`.
pub(crate) fn e2fsprogs(version: &str) -> TestPackage {
    TestPackage::new("e2fsprogs", version)
        .depends("libc6 (>= 2.36), logsave")
        .program("./sbin/mke2fs", &fs::read("/bin/cat").unwrap())
        .file("./etc/mke2fs.conf", b"[defaults]")
}

/// What this host's `cat` is run with.
pub(crate) fn libc6(version: &str, whole: bool) -> TestPackage {
    let mut package = TestPackage::new("libc6", version).depends("");
    for name in ["ld-linux-x86-64.so.2", "libc.so.6"] {
        if whole || name.starts_with("ld") {
            let path = format!("{LIBRARIES}/{name}");
            package = package.program(&path, &fs::read(mapped(name)).unwrap());
        }
    }
    package
}

fn mapped(name: &str) -> PathBuf {
    let cat = Command::new("/bin/cat").arg("/proc/self/maps").output();
    let maps = String::from_utf8(cat.unwrap().stdout).unwrap();
    let mut paths = maps
        .lines()
        .filter_map(|line| line.split_whitespace().nth(5));
    let path = paths.find(|path| path.ends_with(&format!("/{name}")));
    path.unwrap_or_else(|| panic!("no {name} in {maps}")).into()
}

/// An archive with this suite, and a lock file that pins all of it.
pub(crate) fn pinned(suite: TestSuite) -> (TestArchive, String) {
    let archive = TestArchive::new(&[("debian", suite)]);
    let store = archive.mirrored().cache_dir(archive.path("pinning"));
    let pins = store.build().unwrap().pin_tools("bookworm", &Silent);
    (archive, pins.unwrap())
}

impl TestArchive {
    /// Publishes this suite in the place of all there is.
    pub(crate) fn only(&self, root: &str, suite: &TestSuite) {
        self.server.files(|files| {
            files.clear();
            suite.publish(&self.key, root, files);
        });
    }
}

pub(crate) fn tool(
    store: StoreBuilder,
    pins: &str,
    name: ToolName,
    progress: &dyn Progress,
) -> Result<Tool, ObtainError> {
    store.tool_pins(pins).build().unwrap().tool(name, progress)
}
