//! A disk that is full, or may not be written to.

mod support;

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, ExitCode};

use images::{Image, ObtainError};
use libtest_mimic::{Arguments, Trial};
use support::{TestArchive, VERSION, archive, deb, files_below};
use test_archive::{kernel_image, unshare_options, why_no_mounts};

fn main() -> ExitCode {
    let tests: [(&str, fn()); 3] = [
        (
            "a_full_disk_leaves_nothing_half",
            a_full_disk_leaves_nothing_half,
        ),
        (
            "a_package_is_not_downloaded_again_where_its_kernel_did_not_fit",
            a_package_is_not_downloaded_again_where_its_kernel_did_not_fit,
        ),
        (
            "a_cache_that_may_only_be_read_serves_what_it_has",
            a_cache_that_may_only_be_read_serves_what_it_has,
        ),
    ];
    // Ignored, with the reason, where a test can mount nothing.
    let missing = match std::env::var_os(INSIDE) {
        Some(_) => None,
        None => why_no_mounts(),
    };
    let trials = tests.into_iter().map(|(name, test)| {
        let trial = Trial::test(name, move || {
            test();
            Ok(())
        });
        match missing {
            Some(missing) => trial.with_kind(missing).with_ignored_flag(true),
            None => trial,
        }
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

/// Set where a test runs in its own mount namespace.
const INSIDE: &str = "STRATA_TEST_MAY_MOUNT";

/// Runs the test of this name again, where it may mount: in namespaces of its
/// own, which takes no root.
fn where_it_may_mount(test: &str, body: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        return body();
    }
    let output = Command::new("unshare")
        .arg(unshare_options())
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

fn archive_with_cache() -> TestArchive {
    let archive = archive();
    fs::create_dir(archive.path("cache")).unwrap();
    archive
}

fn assert_genuine(image: &Image) {
    assert_eq!(fs::read(&image.path).unwrap(), kernel_image(VERSION));
}

/// Wherever the room ends, either the kernel is there and genuine, or the error
/// says what failed; and when there is room again, it is obtained.
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

/// What is in the cache is served all the same; what is not is not to be had.
fn a_cache_that_may_only_be_read_serves_what_it_has() {
    where_it_may_mount("a_cache_that_may_only_be_read_serves_what_it_has", || {
        let archive = archive_with_cache();
        let cache = archive.path("cache");
        mount(&["-t", "tmpfs", "none"], &cache);
        archive.obtain(VERSION, "bookworm").unwrap();
        mount(&["-o", "remount,bind,ro"], &cache);
        assert_genuine(&archive.obtain(VERSION, "bookworm").unwrap());

        // What stands in for another version of the series does so, too.
        let image = archive.obtain("6.1.170-1", "bookworm").unwrap();
        assert_eq!(image.substituted_for.as_deref(), Some("6.1.170-1"));
        assert_genuine(&image);

        let other = archive.obtain("6.2.1-1", "bookworm");
        let Err(ObtainError::Io { action, source }) = other else {
            panic!("{other:?}")
        };
        assert_eq!(source.kind(), ErrorKind::ReadOnlyFilesystem);
        assert!(action.contains(cache.to_str().unwrap()), "{action}");
    });
}
