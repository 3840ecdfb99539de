//! Machines that share one source: the archive is asked once.

mod support;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use images::{Image, ObtainError, Store, StoreBuilder, Timeouts};
use support::{Notes, TestArchive, VERSION, archive, deb, entry, files_below};
use test_archive::{Files, Server, ServerFault};

/// A machine with a cache of its own.
fn machine(archive: &TestArchive, name: &str, from: &str) -> StoreBuilder {
    let store = archive.mirrored().cache_from(from);
    let store = store.cache_dir(archive.path(name));
    store.lock_file(archive.path(&format!("{name}.lock")))
}

fn obtain(store: StoreBuilder) -> (Result<Image, ObtainError>, Vec<String>) {
    let notes = Notes::default();
    let store: Store = store.build().unwrap();
    let result = store.obtain(&entry(VERSION, "bookworm"), &notes);
    (result, notes.0.into_inner().unwrap())
}

/// What was asked of the archive, other than release files, which have no hash.
fn asked(archive: &TestArchive) -> Vec<String> {
    let requests = archive.server.requests();
    let small = |path: &String| path.ends_with("Release") || path.contains("nothing-is-here");
    requests.into_iter().filter(|path| !small(path)).collect()
}

/// An archive, the directory that machines share, and what the first machine put there.
fn shared() -> (TestArchive, PathBuf, Vec<PathBuf>) {
    let archive = archive();
    let dir = archive.path("shared");
    let (first, notes) = obtain(machine(&archive, "one", dir.to_str().unwrap()));
    first.unwrap();
    assert!(notes.is_empty(), "{notes:?}");
    let files = files_below(&dir);
    // The index, and the package.
    assert_eq!(files.len(), 2, "{files:?}");
    assert_eq!(asked(&archive).len(), 2);
    (archive, dir, files)
}

/// The same files, on a server.
fn served(files: &[PathBuf]) -> Server {
    let path = |file: &PathBuf| {
        let name = file.file_name().unwrap().to_str().unwrap();
        format!("strata/sha256/{name}")
    };
    let files = files
        .iter()
        .map(|file| (path(file), fs::read(file).unwrap()));
    Server::start(files.collect::<Files>())
}

#[test]
fn what_one_machine_downloaded_others_take_from_a_directory_or_a_server() {
    let (archive, dir, files) = shared();
    let server = served(&files);
    for (name, from) in [
        ("two", dir.to_str().unwrap()),
        ("three", &server.url("strata/")),
    ] {
        let (image, notes) = obtain(machine(&archive, name, from));
        image.unwrap();
        assert!(notes.is_empty(), "{notes:?}");
        // Nothing more than by the first machine.
        assert_eq!(asked(&archive).len(), 2, "{name}");
    }
    assert_eq!(server.requests().len(), 2);
}

/// What has another hash, breaks off, stalls, fails or is not there is asked of the archive.
#[test]
fn a_first_source_is_not_believed_and_not_waited_for() {
    let (archive, dir, files) = shared();
    let image = |from: &str, name: &str| {
        let before = asked(&archive).len();
        let store = machine(&archive, name, from).timeouts(Timeouts {
            response: Duration::from_millis(500),
            stall: Duration::from_millis(300),
            rate: Duration::from_secs(1),
            ..Timeouts::default()
        });
        let (image, notes) = obtain(store);
        let text = fs::read(image.unwrap().path).unwrap();
        let of_first = archive.path("one/kernels");
        let first = files_below(&of_first)
            .into_iter()
            .find(|file| file.ends_with("vmlinuz"));
        assert_eq!(text, fs::read(first.unwrap()).unwrap());
        (notes, asked(&archive).len() - before)
    };
    let faults = [
        ServerFault::Replace(b"something else".to_vec()),
        ServerFault::BreakOff(10),
        ServerFault::Stall(10),
        ServerFault::Status(503, None),
        ServerFault::Endless("x", "y", Duration::from_millis(20)),
    ];
    for (number, fault) in faults.into_iter().enumerate() {
        let server = served(&files);
        for file in &files {
            let name = file.file_name().unwrap().to_str().unwrap();
            server.fault(&format!("strata/sha256/{name}"), fault.clone(), 1);
        }
        let (notes, asked) = image(&server.url("strata"), &format!("fault{number}"));
        assert_eq!(asked, 2, "{fault:?}");
        assert!(
            notes[0].contains("of STRATA_CACHE_FROM is of no use"),
            "{notes:?}"
        );
        // It is asked once, and then no more.
        assert_eq!(
            (notes.len(), server.requests().len()),
            (1, 1),
            "{fault:?}: {notes:?}"
        );
    }
    let empty = Server::start(Files::new());
    assert_eq!(image(&empty.url("strata"), "empty"), (Vec::new(), 2));
    let gone = empty.url("strata");
    drop(empty);
    assert_eq!(image(&gone, "gone").1, 2);

    // Of the same length, and altered where it lies.
    for file in &files {
        let mut bytes = fs::read(file).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(file, bytes).unwrap();
    }
    let (notes, asked) = image(dir.to_str().unwrap(), "altered");
    assert_eq!(asked, 2);
    assert!(notes[0].contains("is of no use"), "{notes:?}");
}

/// Where nothing can be written, nothing is given, and all is well.
#[test]
fn a_directory_that_cannot_be_written_to_is_no_failure() {
    let archive = archive();
    let file = archive.path("file");
    fs::write(&file, "").unwrap();
    let from = file.join("shared");
    let (image, notes) = obtain(machine(&archive, "one", from.to_str().unwrap()));
    image.unwrap();
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(archive.server.requests().contains(&deb()));
}

#[test]
fn what_is_no_source_is_told_with_what_to_write() {
    let archive = archive();
    for from in ["shared", "ftp://example.org", "://"] {
        let error = archive
            .store()
            .cache_from(from)
            .build()
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains("http://cache.example.org/strata"), "{error}");
    }
}
