//! A disk that is full, or may not be written to.

mod support;

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use images::testing::kernel_image;
use images::{Image, ObtainError};
use support::{Archive, VERSION, archive, deb, files_below};

/// Set where a test runs in a mount namespace of its own.
const INSIDE: &str = "STRATA_TEST_MAY_MOUNT";

/// Runs the test of this name again, where it may mount: in namespaces of its
/// own, for which nobody has to be root.
fn where_it_may_mount(test: &str, body: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        return body();
    }
    // SAFETY: geteuid(2) always succeeds.
    let root = unsafe { libc::geteuid() } == 0;
    let options = if root { "-m" } else { "-rm" };
    let output = Command::new("unshare")
        .arg(options)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    let passed = output.status.success() && said.contains("1 passed");
    assert!(passed, "{said}\n{complaint}");
}

fn mount(arguments: &[&str], on: &Path) {
    let mounted = Command::new("mount").args(arguments).arg(on).status();
    assert!(mounted.unwrap().success(), "mount {arguments:?}");
}

fn archive_with_cache() -> Archive {
    let archive = archive();
    fs::create_dir(archive.path("cache")).unwrap();
    archive
}

fn assert_genuine(image: &Image) {
    assert_eq!(fs::read(&image.path).unwrap(), kernel_image(VERSION));
}

/// Wherever the room ends, either the kernel is there and genuine, or the error
/// says what failed; and when there is room again, it is obtained.
#[test]
fn a_full_disk_leaves_nothing_half() {
    where_it_may_mount("a_full_disk_leaves_nothing_half", || {
        let mut full = 0;
        for room in (0..=64).step_by(4) {
            let archive = archive_with_cache();
            let cache = archive.path("cache");
            mount(&["-t", "tmpfs", "-o", "size=1m", "none"], &cache);
            let rest = cache.join("taken");
            fs::write(&rest, vec![0; (1024 - room) << 10]).unwrap();
            match archive.obtain(VERSION, "bookworm") {
                Ok(image) => assert_genuine(&image),
                Err(ObtainError::Io { action, source }) => {
                    full += 1;
                    assert_eq!(source.kind(), ErrorKind::StorageFull, "{action}");
                    assert!(action.contains(cache.to_str().unwrap()), "{action}");
                    let kept = files_below(&cache.join("kernels"));
                    assert!(kept.is_empty(), "{kept:?}");
                }
                Err(other) => panic!("{other}"),
            }
            fs::remove_file(&rest).unwrap();
            assert_genuine(&archive.obtain(VERSION, "bookworm").unwrap());
        }
        assert!(full > 0, "there was always room");
    });
}

/// There is room for the package, and none for the kernel in it.
#[test]
fn a_package_is_not_downloaded_again_where_its_kernel_did_not_fit() {
    let test = "a_package_is_not_downloaded_again_where_its_kernel_did_not_fit";
    where_it_may_mount(test, || {
        let archive = archive_with_cache();
        let cache = archive.path("cache");
        let mut size = 0;
        archive.server.files(|files| size = files[&deb()].len());
        mount(&["-t", "tmpfs", "-o", "size=4m", "none"], &cache);
        let rest = cache.join("taken");
        let room = size + kernel_image(VERSION).len() / 2;
        fs::write(&rest, vec![0; (4 << 20) - room]).unwrap();
        let error = archive.obtain(VERSION, "bookworm").unwrap_err();
        let ObtainError::Io { source, .. } = error else {
            panic!("{error}")
        };
        assert_eq!(source.kind(), ErrorKind::StorageFull);
        fs::remove_file(&rest).unwrap();
        let before = archive.server.requests().len();
        assert_genuine(&archive.obtain(VERSION, "bookworm").unwrap());
        let asked = archive.server.requests().split_off(before);
        assert!(asked.iter().all(|path| !path.contains(".deb")), "{asked:?}");
    });
}

/// What is in the cache is served all the same; what is not is asked for in vain.
#[test]
fn a_cache_that_may_only_be_read_serves_what_it_has() {
    where_it_may_mount("a_cache_that_may_only_be_read_serves_what_it_has", || {
        let archive = archive_with_cache();
        let cache = archive.path("cache");
        mount(&["-t", "tmpfs", "none"], &cache);
        archive.obtain(VERSION, "bookworm").unwrap();
        mount(&["-o", "remount,bind,ro"], &cache);
        assert_genuine(&archive.obtain(VERSION, "bookworm").unwrap());

        let other = archive.obtain("6.1.170-1", "bookworm");
        let Err(ObtainError::Io { action, source }) = other else {
            panic!("{other:?}")
        };
        assert_eq!(source.kind(), ErrorKind::ReadOnlyFilesystem);
        assert!(action.contains(cache.to_str().unwrap()), "{action}");
    });
}
