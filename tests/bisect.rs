//! The neighbours between which a case of somebody's own suite changes.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Output;

use images::{Catalogue, Kernel, Store};
use jiff::Timestamp;
use strata_tests::{PrintEvents, Repository};
use tempfile::{TempDir, tempdir};
use test_archive::{Compression, Files, Server, SigningKey, TestPackage, publish_checksums};

const FACTS: &str = "[[test]]\nname = \"probe\"\nrun = [\"./probe.sh\"]\nshows = \"facts\"\n";

/// Tells on which kernel it is: `call=EINVAL` up to 6.1, and `call=ok` after it.
const PROBE: &str = "#!/bin/sh\nread -r _ _ release _ < /proc/version\ncase $release in\n\
                     5.*|6.1.*) echo call=EINVAL;;\n*) echo call=ok;;\nesac\n";

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn store() -> Store {
    Store::builder(&Catalogue::builtin()).build().unwrap()
}

/// What was said on stdout by a command that ended well.
fn said(output: &Output) -> &str {
    let said = text(&output.stdout);
    let code = output.status.code();
    assert_eq!(code, Some(0), "{said}{}", text(&output.stderr));
    said
}

/// The neighbours between which a case changes; here, in a test that says which kernel it
/// is on.
#[test]
fn a_case_is_bisected() {
    let repository = Repository::new(&format!("kernels = [\"6.1\"]\n{FACTS}"));
    repository.write("probe.sh", PROBE);
    let kernels = ["5.10", "6.1", "6.12"];
    let cached = harness::cached_kernels(&Catalogue::builtin(), &store());
    let has = |name: &&str| cached.iter().any(|kernel| kernel.name() == **name);
    assert!(kernels.iter().all(has), "cargo xtask test fetches them");
    let mut command = repository.strata(&["bisect", "probe::call", "--accel", "tcg"]);
    command.args(kernels.iter().flat_map(|kernel| ["--kernel", kernel]));
    let output = command.output().unwrap();
    let said = said(&output);
    assert!(said.contains("It changes from 6.1"), "{said}");
    assert!(
        said.contains("call=EINVAL") && said.contains("call=ok"),
        "{said}"
    );
}

/// A test that shows its exit status alone is named by itself.
#[test]
fn a_test_without_cases_is_bisected_and_explained() {
    let tests = "[[test]]\nname = \"old\"\nrun = [\"./old\"]\n[[expect]]\ncase = \"old\"\n\
                 shows = \"exit status 3\"\nkernels = \"6.12..\"\nbecause = \"it is gone\"\n";
    let repository = Repository::new(&format!("kernels = [\"6.1\"]\n{tests}"));
    let program = "#!/bin/sh\nread -r _ _ release _ < /proc/version\ncase $release in\n\
                   6.1.*) exit 0;;\n*) exit 3;;\nesac\n";
    repository.write("old", program);
    let explained = repository.strata(&["explain", "old"]).output().unwrap();
    let expected = "old\n\n  6.12..: exit status 3\n    it is gone\n    by hand, in strata.toml\n";
    assert_eq!(text(&explained.stdout), expected);
    let kernels = ["--kernel", "6.1", "--kernel", "6.12"];
    let words = [&["bisect", "old", "--accel", "tcg"], &kernels[..]].concat();
    let output = repository.strata(&words).output().unwrap();
    let said = said(&output);
    assert!(said.contains("It changes from 6.1"), "{said}");
    assert!(said.contains("old=exit status 3"), "{said}");
    let unknown = repository.strata(&["bisect", "ald"]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(2), "{unknown:?}");
}

/// Uploads of one series, 6.12.1 to 6.12.9, in an archive of mainline builds on loopback:
/// kernels of Debian, of 6.1 up to 6.12.4 and of 6.12 from there on.
struct Uploads {
    _server: Server,
    dir: TempDir,
}

impl Uploads {
    /// All of them, without those of these numbers.
    fn without(missing: &[u16]) -> Self {
        let image = |name: &str| {
            let kernels = Catalogue::builtin()
                .select(&[name.parse().unwrap()])
                .unwrap();
            let [Kernel::Catalogued(entry)] = &kernels[..] else {
                panic!("{kernels:?}");
            };
            let progress = harness::Downloads::told_to(&PrintEvents);
            fs::read(store().obtain(entry, &progress).unwrap().path).unwrap()
        };
        let (old, new) = (image("6.1"), image("6.12"));
        let (key, mut files) = (SigningKey::generate(), Files::new());
        for number in (1..=9).filter(|number| !missing.contains(number)) {
            let abi = format!("6.12.{number}-06120{number}");
            let release = format!("{abi}-generic");
            let name = format!("linux-image-unsigned-{release}");
            let image = if number <= 4 { &old } else { &new };
            let package = TestPackage::new(&name, &format!("{abi}.202411221240"))
                .compression(Compression::None)
                .file(&format!("./boot/vmlinuz-{release}"), image);
            let place = format!("mainline/v6.12.{number}/amd64");
            publish_checksums(&key, Timestamp::now(), &place, &[package], &mut files);
        }
        let (server, dir) = (Server::start(files), tempdir().unwrap());
        let source = format!(
            "[[source]]\nname = 'mainline'\narchives = ['{}']\nkeys = ['{}']\n\
             key_rings = ['key.gpg']\n",
            server.url("mainline"),
            key.fingerprint()
        );
        fs::write(dir.path().join("key.gpg"), key.public_key()).unwrap();
        fs::write(dir.path().join("sources.toml"), source).unwrap();
        // Kernels of its own, and the QEMU that is in the user's.
        fs::create_dir(dir.path().join("cache")).unwrap();
        let tools = store().cache_dir().join("tools");
        symlink(tools, dir.path().join("cache/tools")).unwrap();
        Self {
            _server: server,
            dir,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// What `bisect` says of a case of the suite.
    fn bisect(&self, repository: &Repository) -> String {
        let words = ["bisect", "probe::call", "--accel", "tcg", "--kernel"];
        let mut command = repository.strata(&words);
        command.arg("mainline/6.12.1..6.12.9");
        command.env("STRATA_SOURCES", self.path("sources.toml"));
        command.env("STRATA_CACHE", self.path("cache"));
        let output = command.output().unwrap();
        said(&output).to_owned()
    }
}

/// Neighbours are exact; where one cannot be had, those between which it lies are told.
#[test]
fn among_uploads_the_neighbours_are_exact() {
    let repository = Repository::new(&format!("kernels = [\"6.1\"]\n{FACTS}"));
    repository.write("probe.sh", PROBE);
    let found = Uploads::without(&[]).bisect(&repository);
    let pair = "It changes from mainline/6.12.4 (6.12.4) to mainline/6.12.5 (6.12.5):\n  \
                mainline/6.12.4 (6.12.4)  call=EINVAL\n  mainline/6.12.5 (6.12.5)  call=ok\n";
    assert!(found.starts_with("9 kernels\n"), "{found}");
    assert!(found.ends_with(pair), "{found}");

    let found = Uploads::without(&[4, 5]).bisect(&repository);
    let pair = "It changes from mainline/6.12.3 (6.12.3) to mainline/6.12.6 (6.12.6):\n  \
                mainline/6.12.3 (6.12.3)  call=EINVAL\n  mainline/6.12.6 (6.12.6)  call=ok\n\
                between them, and not to be asked: mainline/6.12.4 (6.12.4), \
                mainline/6.12.5 (6.12.5)\n";
    assert!(
        found.contains("mainline/6.12.5 (6.12.5): skipped"),
        "{found}"
    );
    assert!(found.ends_with(pair), "{found}");
}
