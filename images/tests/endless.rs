//! A server that never comes to an end, or sends elsewhere.

mod support;

use std::fs;
use std::time::{Duration, Instant};

use images::{Image, ObtainError, Timeouts};
use support::{TestArchive, VERSION, archive, deb, files_below, obtain, refused, unavailable};
use test_archive::ServerFault;

const RELEASE: &str = "debian/dists/bookworm/InRelease";
const OK: &str = "HTTP/1.1 200 OK\r\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const WHOLE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n";
/// As fast as it goes.
const NOW: Duration = Duration::ZERO;
/// Often enough to be no stall, seldom enough to take for ever.
const SLOWLY: Duration = Duration::from_millis(50);

/// Ends within seconds, whatever is answered to the request for a path.
fn answered(path: &str, fault: ServerFault) -> (TestArchive, Result<Image, ObtainError>) {
    let archive = archive();
    let result = answered_by(&archive, path, fault);
    (archive, result)
}

fn answered_by(
    archive: &TestArchive,
    path: &str,
    fault: ServerFault,
) -> Result<Image, ObtainError> {
    archive.server.fault(path, fault, 100);
    let begun = Instant::now();
    let store = archive.mirrored().timeouts(Timeouts {
        response: Duration::from_millis(500),
        stall: Duration::from_millis(300),
        file: Duration::from_secs(1),
        ..Timeouts::default()
    });
    let result = obtain(store, VERSION, "bookworm");
    assert!(begun.elapsed() < Duration::from_secs(30));
    result
}

/// Nothing is left but an index that was right and what came so far.
fn nothing_is_kept(archive: &TestArchive) -> bool {
    !archive.path("cache/kernels").exists()
}

#[test]
fn a_header_without_an_end_is_given_up() {
    for pause in [NOW, SLOWLY] {
        for path in [RELEASE, &deb()] {
            let (archive, result) =
                answered(path, ServerFault::Endless(OK, "X-More: more\r\n", pause));
            unavailable(result);
            assert!(nothing_is_kept(&archive));
        }
    }
}

#[test]
fn a_header_line_without_an_end_is_given_up() {
    let line = "HTTP/1.1 200 OK\r\nX-More: ";
    let (_archive, result) = answered(RELEASE, ServerFault::Endless(line, "more and more", NOW));
    unavailable(result);
}

#[test]
fn a_body_without_an_end_is_refused() {
    let chunk: &'static str = format!("10000\r\n{}\r\n", "x".repeat(0x10000)).leak();
    for path in [RELEASE, &deb()] {
        let fault = ServerFault::Endless(CHUNKED, chunk, NOW);
        let (archive, result) = answered(path, fault);
        let (file, _, found) = refused(result);
        assert!(file.ends_with(path) && found == "more", "{file}: {found}");
        assert!(nothing_is_kept(&archive));
        let partial = archive.path("cache/partial");
        assert!(files_below(&partial).is_empty(), "{path}");
    }
}

#[test]
fn a_body_that_trickles_has_a_deadline() {
    for start in [CHUNKED, WHOLE] {
        for path in [RELEASE, &deb()] {
            let next = if start == CHUNKED { "1\r\nx\r\n" } else { "x" };
            let (archive, result) = answered(path, ServerFault::Endless(start, next, SLOWLY));
            match result {
                // A package of another size is not waited for.
                Err(ObtainError::Verification { found, .. }) => assert_eq!(found, "9999 bytes"),
                other => {
                    let why = unavailable(other);
                    assert!(why.contains("took more than 1 s"), "{path}: {why}");
                    // Not for the next file, nor the next archive of the same host.
                    let asked = archive.server.requests();
                    assert!(asked.last().unwrap().ends_with(path), "{asked:?}");
                }
            }
            assert!(nothing_is_kept(&archive));
        }
    }
}

#[test]
fn a_redirect_to_a_file_or_another_protocol_is_refused() {
    for scheme in ["file", "ftp", "gopher"] {
        let archive = archive();
        // What would be accepted if it came over the network.
        let mut genuine = Vec::new();
        archive
            .server
            .files(|files| genuine = files[RELEASE].clone());
        let file = archive.path("InRelease");
        fs::write(&file, genuine).unwrap();
        let url = match scheme {
            "file" => format!("file://{}", file.display()),
            other => archive.server.url(RELEASE).replace("http", other),
        };
        let why = unavailable(answered_by(&archive, RELEASE, ServerFault::Redirect(url)));
        assert!(why.contains("has no bookworm"), "{scheme}: {why}");
        assert!(files_below(&archive.path("cache")).is_empty(), "{scheme}");
    }
}

#[test]
fn another_host_may_have_the_file_but_not_another_one() {
    // As the snapshot archive sends to its file server.
    let elsewhere = archive();
    let fault = ServerFault::Redirect(elsewhere.server.url(&deb()));
    let (archive, result) = answered(&deb(), fault.clone());
    // Both made the same package.
    assert_eq!(result.unwrap().source, archive.server.url(&deb()));
    elsewhere.server.files(|files| {
        let size = files[&deb()].len();
        files.insert(deb(), vec![0; size]);
    });
    let (archive, result) = answered(&deb(), fault);
    let (_, expected, _) = refused(result);
    assert!(expected.starts_with("SHA-256 "), "{expected}");
    assert!(nothing_is_kept(&archive));
}

/// Seldom enough to take for ever, and never so seldom as to stall.
#[test]
fn a_body_that_is_too_slow_is_given_up_long_before_its_deadline() {
    for path in [RELEASE, &deb()] {
        let archive = archive();
        let fault = ServerFault::Endless(CHUNKED, "1\r\nx\r\n", SLOWLY);
        archive.server.fault(path, fault, 100);
        let begun = Instant::now();
        let store = archive.mirrored().timeouts(Timeouts {
            rate: Duration::from_secs(1),
            ..Timeouts::default()
        });
        let why = unavailable(obtain(store, VERSION, "bookworm"));
        assert!(why.contains("too slow"), "{path}: {why}");
        assert!(begun.elapsed() < Duration::from_secs(30));
    }
}
