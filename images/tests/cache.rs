//! The cache: shared, interrupted, altered.

mod support;

use std::env;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use images::{Catalogue, ObtainError, Silent, Store};
use support::{Notes, TestArchive, VERSION, archive, entry, files_below, obtain};
use test_archive::{ServerFault, TestSuite, kernel_image};

fn downloads(archive: &TestArchive) -> usize {
    archive
        .server
        .requests()
        .iter()
        .filter(|path| path.ends_with(".deb"))
        .count()
}

#[test]
fn an_altered_image_is_never_used() {
    let archive = archive();
    let image = archive.obtain(VERSION, "bookworm").unwrap();
    for alteration in [b"evil".as_slice(), &[]] {
        fs::write(&image.path, alteration).unwrap();
        let notes = Notes::default();
        let again = archive
            .mirrored()
            .build()
            .unwrap()
            .obtain(&entry(VERSION, "bookworm"), &notes);
        assert_eq!(
            fs::read(again.unwrap().path).unwrap(),
            kernel_image(VERSION)
        );
        let notes = notes.0.into_inner().unwrap();
        assert!(
            notes.iter().any(|note| note.contains("altered")),
            "{notes:?}"
        );
    }
    assert_eq!(downloads(&archive), 3);
}

#[test]
fn an_image_altered_together_with_its_description_is_never_used() {
    let archive = archive();
    let image = archive.obtain(VERSION, "bookworm").unwrap();
    let genuine = fs::read(&image.path).unwrap();
    let about = image.path.with_file_name("image.toml");
    let sha256 = |bytes: &[u8]| {
        use sha2::Digest;
        let digest = sha2::Sha256::digest(bytes);
        digest
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let mut evil = genuine.clone();
    evil[0x300] = 1;
    let text = fs::read_to_string(&about)
        .unwrap()
        .replace(&sha256(&genuine), &sha256(&evil));
    assert!(text.contains(&sha256(&evil)));
    fs::write(&about, text).unwrap();
    fs::write(&image.path, &evil).unwrap();
    // The lock file still knows.
    let again = archive.obtain(VERSION, "bookworm").unwrap();
    assert_eq!(fs::read(again.path).unwrap(), genuine);
}

#[test]
fn an_altered_image_is_never_used_though_it_is_remembered() {
    let archive = archive();
    let remembering = || {
        let store = archive.mirrored().build().unwrap();
        store.remembering(&archive.path("memory"))
    };
    let obtain = || remembering().obtain(&entry(VERSION, "bookworm"), &Silent);
    let image = obtain().unwrap();
    // What was written just now is not remembered yet.
    thread::sleep(Duration::from_secs(3));
    obtain().unwrap();
    let remembered = files_below(&archive.path("memory"));
    assert!(remembered.iter().any(|path| path.ends_with(&image.sha256)));
    obtain().unwrap();

    // Of the same length, and with the old time.
    let mut evil = fs::read(&image.path).unwrap();
    evil[0x300] = 1;
    let modified = fs::metadata(&image.path).unwrap().modified().unwrap();
    fs::write(&image.path, &evil).unwrap();
    let file = File::options().write(true).open(&image.path).unwrap();
    file.set_modified(modified).unwrap();
    let again = obtain().unwrap();
    assert_eq!(fs::read(again.path).unwrap(), kernel_image(VERSION));
    assert_eq!(downloads(&archive), 2);
}

/// To read /proc/self/mem from its start is an error of the system (EIO).
#[test]
fn an_image_that_cannot_be_read_was_not_altered() {
    let archive = archive();
    let image = archive.obtain(VERSION, "bookworm").unwrap();
    for name in ["vmlinuz", "image.toml"] {
        let path = image.path.with_file_name(name);
        let genuine = archive.path("genuine");
        fs::rename(&path, &genuine).unwrap();
        symlink("/proc/self/mem", &path).unwrap();
        let error = archive.obtain(VERSION, "bookworm").unwrap_err();
        assert!(matches!(error, ObtainError::Io { .. }), "{error:?}");
        assert!(
            error.to_string().contains(path.to_str().unwrap()),
            "{error}"
        );
        fs::rename(&genuine, &path).unwrap();
    }
    archive.obtain(VERSION, "bookworm").unwrap();
    assert_eq!(downloads(&archive), 1);
}

#[test]
fn eight_runs_at_once_share_one_download() {
    let archive = archive();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let image = archive.obtain(VERSION, "bookworm").unwrap();
                assert_eq!(fs::read(image.path).unwrap(), kernel_image(VERSION));
            });
        }
    });
    assert_eq!(downloads(&archive), 1);
}

#[test]
fn leftovers_of_a_killed_run_are_removed() {
    let archive = archive();
    let left = archive
        .path("cache/partial")
        .join(format!("{VERSION}-cloud-amd64"));
    fs::create_dir_all(&left).unwrap();
    fs::write(left.join("vmlinuz"), b"half an im").unwrap();
    // What it was about to remove.
    let old = archive.path("cache/partial/old-x/root");
    fs::create_dir_all(&old).unwrap();
    fs::write(old.join("qemu"), b"altered").unwrap();
    archive.obtain(VERSION, "bookworm").unwrap();
    assert!(!left.exists() && !old.exists());
    assert!(
        files_below(&archive.path("cache/partial")).is_empty(),
        "the package was kept"
    );
}

#[test]
fn a_hit_writes_nothing() {
    let archive = archive();
    archive.obtain(VERSION, "bookworm").unwrap();
    // A file where the locks would be: any attempt to take one fails.
    fs::remove_dir_all(archive.path("cache/locks")).unwrap();
    fs::write(archive.path("cache/locks"), "").unwrap();
    archive.obtain(VERSION, "bookworm").unwrap();
}

#[test]
fn cached_kernels_can_be_listed() {
    let archive = archive();
    let store = archive.mirrored().build().unwrap();
    assert_eq!(store.cached(), []);
    let image = store.obtain(&entry(VERSION, "bookworm"), &Silent).unwrap();
    let listed = store.cached();
    let [cached] = &listed[..] else {
        panic!("{listed:?}")
    };
    assert_eq!(cached.path, image.path);
    assert_eq!(
        (cached.about.debian_version.as_str(), cached.about.size),
        (VERSION, image.size)
    );
    obtain(archive.store(), VERSION, "bookworm").unwrap();
}

/// For people, and for no other program than one that reads.
#[test]
fn files_of_a_tool_are_plain_and_others_cannot_write_them() {
    use std::os::unix::fs::PermissionsExt;
    let archive = archive();
    archive.obtain(VERSION, "bookworm").unwrap();
    let kept = files_below(&archive.path("cache"));
    assert_eq!(kept.len(), 3, "image, what it is, index: {kept:?}");
    for path in kept {
        let about = path.symlink_metadata().unwrap();
        let mode = about.permissions().mode();
        assert!(about.is_file(), "{}", path.display());
        assert_eq!(mode & 0o7113, 0, "{}: {mode:o}", path.display());
        for dir in path
            .ancestors()
            .take_while(|dir| *dir != archive.dir.path())
        {
            let mode = dir.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o7002, 0, "{}: {mode:o}", dir.display());
        }
    }
}

#[test]
fn a_link_in_the_cache_is_not_followed() {
    let archive = archive();
    archive.obtain(VERSION, "bookworm").unwrap();
    let lock = fs::read_to_string(archive.path("kernels.lock")).unwrap();
    let sha256 = lock.lines().find_map(|line| line.strip_prefix("sha256 = "));
    let partial = format!("cache/partial/{}", sha256.unwrap().trim_matches('"'));
    let victim = archive.path("victim");
    for link in ["cache/locks/kernel-6.1.176-1", &partial] {
        fs::remove_dir_all(archive.path("cache")).unwrap();
        fs::write(&victim, "precious").unwrap();
        let link = archive.path(link);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(&victim, &link).unwrap();
        let error = archive.obtain(VERSION, "bookworm").unwrap_err();
        assert!(matches!(error, ObtainError::Io { .. }), "{error:?}");
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    }
}

/// To open a FIFO waits until something writes to it.
#[test]
fn a_fifo_in_the_cache_is_not_waited_for() {
    let archive = archive();
    let image = archive.obtain(VERSION, "bookworm").unwrap();
    let index = files_below(&archive.path("cache/indexes")).remove(0);
    let sha256 = fs::read_to_string(archive.path("kernels.lock")).unwrap();
    let sha256 = sha256
        .lines()
        .find_map(|line| line.strip_prefix("sha256 = "));
    let partial = archive
        .path("cache/partial")
        .join(sha256.unwrap().trim_matches('"'));
    let lock = archive.path("kernels.lock");
    for (fifo, serves) in [
        (&image.path, true),
        (&image.path.with_file_name("image.toml"), true),
        (&index, true),
        (&partial, false),
        (&lock, false),
    ] {
        // The lock file would spare the index, and so on.
        let others = [&image.path, &lock];
        let _ = others.map(|path| fs::remove_file(path).ok());
        let _ = fs::remove_file(fifo);
        let path = std::ffi::CString::new(fifo.to_str().unwrap()).unwrap();
        // SAFETY: the path is a string with its end.
        assert_eq!(unsafe { libc::mkfifo(path.as_ptr(), 0o644) }, 0);
        let (send, receive) = std::sync::mpsc::channel();
        let store = archive.mirrored();
        thread::spawn(move || {
            let result = store.build().map(|store| {
                let checked = store.verify().len();
                (checked, store.obtain(&entry(VERSION, "bookworm"), &Silent))
            });
            send.send(result.is_ok_and(|(_, result)| result.is_ok()))
        });
        let served = receive.recv_timeout(Duration::from_secs(20));
        assert_eq!(served, Ok(serves), "{}", fifo.display());
        if !serves {
            fs::remove_file(fifo).unwrap();
        }
    }
}

/// Set for the process that is killed: where its archive is.
const KILLED: &str = "STRATA_TEST_KILLED";

#[test]
fn a_run_that_is_killed_amid_a_download_leaves_what_the_next_one_needs() {
    if let Some(archive) = env::var_os(KILLED) {
        let archive = archive.into_string().unwrap();
        let (dir, mirror) = archive.split_once(' ').unwrap();
        // What is pinned needs no key.
        let store = Store::builder(&Catalogue::builtin())
            .cache_dir(format!("{dir}/cache"))
            .lock_file(format!("{dir}/kernels.lock"))
            .kernel_pins("")
            .apt_dir(format!("{dir}/apt"))
            .mirror(mirror);
        panic!(
            "it was not killed: {:?}",
            obtain(store, VERSION, "bookworm")
        );
    }
    let archive = archive();
    archive.obtain(VERSION, "bookworm").unwrap();
    fs::remove_dir_all(archive.path("cache")).unwrap();
    let deb = TestSuite::pool_path("linux-binary-6.1-cloud-amd64", VERSION);
    let deb = format!("debian/{deb}");
    archive.server.fault(&deb, ServerFault::Stall(50_000), 1);
    let place = format!(
        "{} {}",
        archive.dir.path().display(),
        archive.server.url("debian")
    );
    let this = "a_run_that_is_killed_amid_a_download_leaves_what_the_next_one_needs";
    let mut run = Command::new(env::current_exe().unwrap())
        .args([this, "--exact"])
        .env(KILLED, place)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let partial = archive.path("cache/partial");
    let begun = Instant::now();
    let came = || {
        files_below(&partial)
            .iter()
            .any(|path| path.metadata().unwrap().len() == 50_000)
    };
    while !came() {
        assert!(begun.elapsed() < Duration::from_secs(15), "nothing came");
        assert_eq!(run.try_wait().unwrap(), None, "it ended by itself");
        thread::sleep(Duration::from_millis(10));
    }
    run.kill().unwrap();
    run.wait().unwrap();
    let image = archive.obtain(VERSION, "bookworm").unwrap();
    assert_eq!(fs::read(image.path).unwrap(), kernel_image(VERSION));
    let resumed = format!("{deb}+50000");
    assert!(archive.server.requests().contains(&resumed));
    assert!(files_below(&partial).is_empty());
}
