//! A network on its worst day.

mod support;

use std::fs;
use std::time::{Duration, Instant};

use images::{Image, ObtainError, Silent};
use jiff::Timestamp;
use support::{
    Notes, TestArchive, VERSION, archive, deb, entry, files_below, obtain, refused, unavailable,
};
use test_archive::{Files, ServerFault, kernel_image};

fn with(fault: ServerFault, times: usize) -> (TestArchive, Result<Image, ObtainError>) {
    let archive = archive();
    archive.server.fault(&deb(), fault, times);
    let result = archive.obtain(VERSION, "bookworm");
    (archive, result)
}

fn is_whole(image: &Image) -> bool {
    fs::read(&image.path).unwrap() == kernel_image(VERSION)
}

/// Nothing that came from a server is left, other than the index that was right.
fn nothing_stays(archive: &TestArchive) -> bool {
    files_below(&archive.path("cache"))
        .iter()
        .all(|path| path.parent().unwrap().ends_with("indexes"))
}

#[test]
fn a_transfer_that_breaks_off_is_resumed() {
    let (archive, result) = with(ServerFault::BreakOff(100_000), 1);
    assert!(is_whole(&result.unwrap()));
    assert!(
        archive
            .server
            .requests()
            .contains(&format!("{}+100000", deb()))
    );
}

#[test]
fn a_transfer_that_stalls_is_resumed() {
    let (archive, result) = with(ServerFault::Stall(50_000), 1);
    assert!(is_whole(&result.unwrap()));
    assert!(
        archive
            .server
            .requests()
            .contains(&format!("{}+50000", deb()))
    );
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    let archive = archive();
    archive.server.fault(
        "debian/dists/bookworm/InRelease",
        ServerFault::Stall(0),
        100,
    );
    let why = unavailable(archive.obtain(VERSION, "bookworm"));
    assert!(
        why.contains("broke off") && why.contains("4 times"),
        "{why}"
    );
}

#[test]
fn an_earlier_run_s_part_is_resumed() {
    let archive = archive();
    archive
        .server
        .fault(&deb(), ServerFault::BreakOff(70_000), 1);
    archive
        .server
        .fault(&deb(), ServerFault::Status(503, Some("3600".to_owned())), 1);
    unavailable(archive.obtain(VERSION, "bookworm"));
    let before = archive.server.requests().len();
    assert!(is_whole(&archive.obtain(VERSION, "bookworm").unwrap()));
    let new = archive.server.requests().split_off(before);
    assert!(new.contains(&format!("{}+70000", deb())), "{new:?}");
}

#[test]
fn an_earlier_run_s_rubbish_is_not_built_upon() {
    let archive = archive();
    archive.obtain(VERSION, "bookworm").unwrap();
    let lock = fs::read_to_string(archive.path("kernels.lock")).unwrap();
    let sha256 = lock
        .lines()
        .find_map(|line| line.strip_prefix("sha256 = "))
        .unwrap();
    fs::remove_dir_all(archive.path("cache")).unwrap();
    fs::create_dir_all(archive.path("cache/partial")).unwrap();
    let partial = archive.path("cache/partial").join(sha256.trim_matches('"'));
    fs::write(&partial, [7; 1000]).unwrap();
    assert!(is_whole(&archive.obtain(VERSION, "bookworm").unwrap()));
    assert!(
        archive
            .server
            .requests()
            .contains(&format!("{}+1000", deb()))
    );
    assert!(!partial.exists());
}

#[test]
fn a_short_file_is_refused() {
    let (archive, result) = with(ServerFault::Short(1000), 1);
    let (file, expected, found) = refused(result);
    assert!(
        file.ends_with(".deb") && expected.ends_with(" bytes"),
        "{file}: {expected}"
    );
    assert_eq!(found, "1000 bytes");
    assert!(nothing_stays(&archive));
}

#[test]
fn a_wrong_file_of_the_right_size_is_refused() {
    let archive = archive();
    let mut size = 0;
    archive.server.files(|files| size = files[&deb()].len());
    archive
        .server
        .fault(&deb(), ServerFault::Replace(vec![0; size]), 1);
    let (file, expected, found) = refused(archive.obtain(VERSION, "bookworm"));
    assert!(
        file.ends_with(".deb") && expected.starts_with("SHA-256 "),
        "{file}: {expected}"
    );
    assert_eq!(found.len(), 64);
    assert!(nothing_stays(&archive));
}

#[test]
fn an_index_of_another_time_is_refused() {
    let archive = archive();
    archive.server.files(|files| {
        for (path, bytes) in files {
            if path.contains("by-hash") || path.ends_with("Packages.xz") {
                let last = bytes.len() - 1;
                bytes[last] ^= 1;
            }
        }
    });
    let (file, expected, _) = refused(archive.obtain(VERSION, "bookworm"));
    assert!(
        file.contains("by-hash") && expected.starts_with("SHA-256 "),
        "{file}: {expected}"
    );
    assert_eq!(
        files_below(&archive.path("cache")),
        Vec::<std::path::PathBuf>::new()
    );
}

#[test]
fn a_package_that_is_listed_and_missing_is_unavailable() {
    let archive = archive();
    archive.server.files(|files| {
        files.remove(&deb());
    });
    let why = unavailable(archive.obtain(VERSION, "bookworm"));
    assert!(why.contains("has no 6.1.176-1"), "{why}");
}

#[test]
fn a_redirect_loop_ends() {
    let (archive, result) = with(ServerFault::RedirectLoop, 1000);
    let why = unavailable(result);
    assert!(why.contains("redirect"), "{why}");
    assert!(archive.server.requests().len() < 40);
}

#[test]
fn a_busy_server_is_asked_again_when_it_said() {
    for status in [429, 503] {
        let begun = Instant::now();
        let (_archive, result) = with(ServerFault::Status(status, Some("1".to_owned())), 1);
        assert!(is_whole(&result.unwrap()));
        assert!(begun.elapsed() >= Duration::from_secs(1));
    }
}

#[test]
fn a_busy_server_may_say_when_by_a_date() {
    // Whole seconds: at least one of them is to come.
    let then = Timestamp::now() + Duration::from_secs(3);
    let date = then.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let begun = Instant::now();
    let (_archive, result) = with(ServerFault::Status(429, Some(date)), 1);
    assert!(is_whole(&result.unwrap()));
    assert!(begun.elapsed() >= Duration::from_secs(1));
}

#[test]
fn a_server_that_is_busy_for_an_hour_is_not_waited_for() {
    let begun = Instant::now();
    let (_archive, result) = with(ServerFault::Status(503, Some("3600".to_owned())), 1000);
    let why = unavailable(result);
    assert!(why.contains("status 503, again in 3600 s"), "{why}");
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_host_that_refuses_is_asked_once() {
    let archive = archive();
    // Bound and dropped, so that nothing listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let dead = archive
        .store()
        .mirror(format!("http://127.0.0.1:{port}/debian"));
    archive.server.files(Files::clear);
    let store = dead.build().unwrap();
    for version in ["6.1.176-1", "6.2.1-1", "6.3.1-1"] {
        let why = unavailable(store.obtain(&entry(version, "bookworm"), &Silent));
        assert!(why.contains("connection refused"), "{why}");
        assert!(!why.contains('\n') && why.len() < 200, "{why}");
    }
}

#[test]
fn a_disk_that_cannot_be_written_is_named() {
    let archive = archive();
    fs::write(archive.path("cache"), "a file where a directory should be").unwrap();
    let error = obtain(archive.mirrored(), VERSION, "bookworm").unwrap_err();
    assert!(matches!(error, ObtainError::Io { .. }), "{error:?}");
    assert!(error.to_string().contains("cache"), "{error}");
}

#[test]
fn a_body_of_unknown_length_that_breaks_off_is_asked_for_again() {
    for path in [&deb(), "debian/dists/bookworm/InRelease"] {
        let archive = archive();
        archive.server.fault(path, ServerFault::Unsized(200), 2);
        assert!(
            is_whole(&archive.obtain(VERSION, "bookworm").unwrap()),
            "{path}"
        );
    }
    // Where it never ends as it should, that is said of a file that was signed for.
    let archive = archive();
    archive.server.fault(&deb(), ServerFault::Unsized(200), 100);
    let why = unavailable(archive.obtain(VERSION, "bookworm"));
    assert!(why.contains("broke off"), "{why}");
}

/// A page for whatever is asked.
fn portal() -> TestArchive {
    let archive = archive();
    archive.server.files(|files| {
        files
            .values_mut()
            .for_each(|file| *file = b"<html>Log in</html>".to_vec());
    });
    archive
}

#[test]
fn a_portal_is_reported_and_does_not_end_the_search() {
    let (portal, archive) = (portal(), archive());
    let told = Notes::default();
    let builder = |first: &TestArchive| {
        let store = archive.store().mirror(first.server.url("debian"));
        store.mirror(archive.server.url("debian")).build().unwrap()
    };
    let image = builder(&portal).obtain(&entry(VERSION, "bookworm"), &told);
    assert!(is_whole(&image.unwrap()));
    let told = told.0.into_inner().unwrap().join("\n");
    assert!(
        told.contains("failed verification") && told.contains("InRelease"),
        "{told}"
    );

    // Where no other mirror serves, it is the error.
    archive.server.files(Files::clear);
    fs::remove_dir_all(archive.path("cache")).unwrap();
    fs::remove_file(archive.path("kernels.lock")).unwrap();
    let result = builder(&portal).obtain(&entry(VERSION, "bookworm"), &Silent);
    let (file, _, found) = refused(result);
    assert!(
        file.ends_with("InRelease") && found.contains("does not begin"),
        "{found}"
    );
}

#[test]
fn a_portal_in_place_of_apt_s_mirror_is_named() {
    let (portal, archive) = (portal(), archive());
    let source = format!("deb {} bookworm main", portal.server.url("debian"));
    fs::write(archive.path("apt/sources.list"), source).unwrap();
    let why = unavailable(obtain(archive.store(), VERSION, "bookworm"));
    assert!(why.contains("does not begin with -----BEGIN"), "{why}");
}

#[test]
fn a_wrong_package_of_one_mirror_does_not_end_the_search() {
    let (wrong, right) = (archive(), archive());
    let mut size = 0;
    wrong.server.files(|files| size = files[&deb()].len());
    wrong
        .server
        .fault(&deb(), ServerFault::Replace(vec![0; size]), 100);
    // Each is signed by another key; what is pinned needs none.
    right.obtain(VERSION, "bookworm").unwrap();
    fs::remove_dir_all(right.path("cache")).unwrap();
    let store = right.store().mirror(wrong.server.url("debian"));
    let store = store.mirror(right.server.url("debian"));
    let image = obtain(store, VERSION, "bookworm").unwrap();
    assert!(is_whole(&image) && image.source.starts_with(&right.server.url("")));
}

#[test]
fn a_retry_after_that_cannot_be_read_is_not_asked_against() {
    let (archive, result) = with(ServerFault::Status(503, Some("soon".to_owned())), 1000);
    let why = unavailable(result);
    assert!(why.contains("Retry-After that cannot be read"), "{why}");
    let asked = archive.server.requests();
    assert_eq!(
        asked.iter().filter(|path| **path == deb()).count(),
        1,
        "{asked:?}"
    );
}

#[test]
fn bytes_of_a_server_make_no_long_error() {
    let archive = archive();
    for junk in [vec![200; 115_000], b"Valid-Until: \x1b[31m\n".repeat(9_000)] {
        let release = "debian/dists/bookworm/InRelease";
        archive.server.unfault(release);
        archive
            .server
            .fault(release, ServerFault::Replace(junk), 100);
        let error = archive.obtain(VERSION, "bookworm").unwrap_err().to_string();
        assert!(error.len() < 3000, "{} bytes", error.len());
        assert!(!error.contains(char::is_control), "{error}");
    }
}

#[test]
fn the_credentials_of_a_mirror_are_neither_printed_nor_kept() {
    let archive = archive();
    let base = archive.server.url("debian").replace("://", "://me:s3cret@");
    let told = Notes::default();
    let store = || archive.store().mirror(&base).build().unwrap();
    let image = store().obtain(&entry(VERSION, "bookworm"), &told).unwrap();
    let mut said = vec![format!("{image:?}"), format!("{:?}", store().cached())];
    for path in files_below(archive.dir.path()) {
        said.push(String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned());
    }
    for fault in [
        ServerFault::Status(403, None),
        ServerFault::Replace(b"<html>".to_vec()),
        ServerFault::RedirectLoop,
        ServerFault::Short(9),
        ServerFault::Redirect("ftp://me:s3cret@host/".to_owned()),
    ] {
        fs::remove_dir_all(archive.path("cache")).unwrap();
        for path in [&deb(), "debian/dists/bookworm/InRelease"] {
            archive.server.fault(path, fault.clone(), 20);
        }
        let result = store().obtain(&entry(VERSION, "bookworm"), &told);
        said.push(result.unwrap_err().to_string());
        // What is left of the faults is of no other.
        for path in [&deb(), "debian/dists/bookworm/InRelease"] {
            archive.server.unfault(path);
        }
    }
    // As an earlier version kept it.
    store().obtain(&entry(VERSION, "bookworm"), &told).unwrap();
    let about = image.path.with_file_name("image.toml");
    let text = fs::read_to_string(&about)
        .unwrap()
        .replace("http://", "http://me:s3cret@");
    fs::write(&about, text).unwrap();
    said.push(format!("{:?}", store().cached()));
    said.extend(told.0.into_inner().unwrap());
    for line in said {
        assert!(!line.contains("s3cret"), "{line}");
    }
}
