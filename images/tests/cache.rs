//! The cache: shared, interrupted, altered.

mod support;

use std::fs::{self, File};
use std::thread;
use std::time::Duration;

use images::Silent;
use images::testing::{Package, Suite, kernel_image};
use support::{Archive, Notes, entry, files_below, obtain};

const VERSION: &str = "6.1.176-1";

fn archive() -> Archive {
    let package = Package::of_2026("6.1-cloud-amd64", VERSION);
    Archive::new(&[(
        "debian",
        Suite::new("oldstable", "bookworm").package(package),
    )])
}

fn downloads(archive: &Archive) -> usize {
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
fn what_a_killed_run_left_is_cleared_away() {
    let archive = archive();
    let left = archive
        .path("cache/partial")
        .join(format!("{VERSION}-cloud-amd64"));
    fs::create_dir_all(&left).unwrap();
    fs::write(left.join("vmlinuz"), b"half an im").unwrap();
    archive.obtain(VERSION, "bookworm").unwrap();
    assert!(!left.exists());
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
fn what_is_cached_can_be_listed() {
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
