//! Tools of Strata's own: from an archive to what can be started.

mod support;

use std::ffi::OsString;
use std::fs;

use guest::HOST;
use images::{CachedKind, ObtainError, Silent, ToolName};
use support::tools::{NEWER, OWN_QEMU, QEMU, bookworm, e2fsprogs, libc6, pinned, tool};
use support::{Notes, UPLOADED_2013, at, files_below};
use tar::EntryType;
use test_archive::{TestPackage, TestSuite, kernel_image};

fn downloads(archive: &support::TestArchive) -> usize {
    let asked = archive.server.requests();
    asked.iter().filter(|path| path.ends_with(".deb")).count()
}

fn notes(notes: Notes) -> String {
    notes.0.into_inner().unwrap().join("\n")
}

#[test]
fn the_pinned_packages_are_unpacked_once() {
    let (archive, pins) = pinned(bookworm(QEMU));
    let before = downloads(&archive);
    let obtain = || tool(archive.mirrored(), &pins, OWN_QEMU, &Silent).unwrap();
    let first = obtain();
    assert_eq!(
        (first.version.as_str(), &first.substituted_for),
        (QEMU, &None)
    );
    let program = fs::read(first.path("usr/bin/qemu-system-x86_64")).unwrap();
    assert_eq!(program, kernel_image(QEMU));
    let root = first.dir.to_str().unwrap().len() + 1;
    let mut kept: Vec<String> = files_below(&first.dir)
        .iter()
        .map(|path| path.to_str().unwrap()[root..].to_owned())
        .collect();
    kept.sort();
    let expected = [
        "lib/x86_64-linux-gnu/libgcc_s.so.1",
        "lib/x86_64-linux-gnu/libgcc_s.so.1.0",
        "usr/bin/qemu-system-x86_64",
        "usr/lib/x86_64-linux-gnu/qemu/accel-tcg-x86_64.so",
        "usr/share/qemu/pvh.bin",
        "usr/share/seabios/bios-256k.bin",
    ];
    assert_eq!(kept, expected);
    assert_eq!(downloads(&archive) - before, 5);
    assert!(files_below(&archive.path("cache/partial")).is_empty());
    assert!(
        first
            .source
            .starts_with("5 packages of bookworm from 127.0.0.1")
    );

    let asked = archive.server.requests().len();
    let second = obtain();
    assert_eq!(archive.server.requests().len(), asked);
    assert!(
        second.source.starts_with("cache, from 5"),
        "{}",
        second.source
    );
    assert_eq!(second.dir, first.dir);
}

/// The program is `cat`, so it tells what it was started with.
#[test]
fn a_tool_runs_with_its_own_libraries_and_none_of_the_host() {
    let (archive, pins) = pinned(bookworm(QEMU));
    let mke2fs = tool(archive.mirrored(), &pins, ToolName::Mke2fs, &Silent).unwrap();
    let mut command = mke2fs.launch("mke2fs").command();
    let run = command.args(["/proc/self/maps", "/proc/self/environ"]);
    // As if the caller had had them.
    run.env("LC_CTYPE", "de_DE.ISO-8859-1");
    let output = run.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said} {output:?}");
    let mapped = said
        .lines()
        .filter_map(|line| line.split_whitespace().nth(5));
    let foreign: Vec<&str> = mapped
        .filter(|path| path.starts_with('/') && !path.starts_with(mke2fs.dir.to_str().unwrap()))
        .collect();
    assert_eq!(foreign, Vec::<&str>::new());
    assert!(
        said.contains("libc.so.6") && said.contains("LC_ALL=C"),
        "{said}"
    );

    let launch = mke2fs.launch("mke2fs");
    for name in ["LD_PRELOAD", "LD_LIBRARY_PATH"] {
        assert!(launch.removed.contains(&OsString::from(name)), "{name}");
    }
    let busybox = tool(archive.mirrored(), &pins, ToolName::Busybox(HOST), &Silent).unwrap();
    let launch = busybox.launch("busybox");
    assert_eq!(launch.program, busybox.path("bin/busybox"));
    assert!(launch.arguments.is_empty());
}

#[test]
fn qemu_is_told_where_its_files_are() {
    let (archive, pins) = pinned(bookworm(QEMU));
    let qemu = tool(archive.mirrored(), &pins, OWN_QEMU, &Silent).unwrap();
    let launch = qemu.launch("qemu-system-x86_64");
    let dir = qemu.dir.to_str().unwrap();
    assert_eq!(
        launch.program.to_str().unwrap(),
        format!("{dir}/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2")
    );
    let expected = format!(
        "--inhibit-cache --library-path {dir}/usr/lib/x86_64-linux-gnu:{dir}/lib/x86_64-linux-gnu \
         {dir}/usr/bin/qemu-system-x86_64 -L {dir}/usr/share/qemu -L {dir}/usr/share/seabios"
    );
    let said: Vec<&str> = launch
        .arguments
        .iter()
        .filter_map(|it| it.to_str())
        .collect();
    assert_eq!(said.join(" "), expected);
    let modules = format!("{dir}/usr/lib/x86_64-linux-gnu/qemu");
    assert!(
        launch
            .environment
            .contains(&("QEMU_MODULE_DIR".into(), modules.into()))
    );
}

#[test]
fn a_package_that_no_file_needs_is_not_pinned() {
    let (_archive, pins) = pinned(bookworm(QEMU));
    assert!(
        pins.contains("\"libc6\"") && pins.contains("\"e2fsprogs\""),
        "{pins}"
    );
    assert!(!pins.contains("logsave"), "{pins}");
}

#[test]
fn a_newer_package_of_the_suite_substitutes_and_is_reported() {
    for (root, suite) in [
        ("debian", bookworm(NEWER)),
        (
            "debian-security",
            (bookworm(NEWER)).named("oldstable-security", "bookworm-security"),
        ),
    ] {
        let (archive, pins) = pinned(bookworm(QEMU));
        archive.only(root, &suite);
        let told = Notes::default();
        let locked = tool(archive.mirrored().locked(true), &pins, OWN_QEMU, &told);
        let why = locked.unwrap_err().to_string();
        assert!(
            why.contains("--locked refuses") && why.contains("deb12u18"),
            "{why}"
        );
        assert!(!archive.path("cache/tools").exists());

        let qemu = tool(archive.mirrored(), &pins, OWN_QEMU, &told).unwrap();
        assert_eq!(qemu.version, NEWER);
        let program = fs::read(qemu.path("usr/bin/qemu-system-x86_64")).unwrap();
        assert_eq!(program, kernel_image(NEWER));
        let instead = qemu.substituted_for.unwrap();
        assert!(
            instead.contains(&format!("qemu-system-x86 {QEMU}")),
            "{instead}"
        );
        let told = notes(told);
        assert!(told.contains("stands in") && told.contains(NEWER), "{told}");

        // From the cache, and said again; a locked store still refuses it.
        archive.server.files(|files| files.clear());
        let again = tool(archive.mirrored(), &pins, OWN_QEMU, &Silent).unwrap();
        assert_eq!(again.substituted_for.as_deref(), Some(instead.as_str()));
        tool(archive.mirrored().locked(true), &pins, OWN_QEMU, &Silent).unwrap_err();
    }
}

#[test]
fn a_substitute_is_trusted_for_the_proof_beside_it() {
    let (archive, pins) = pinned(bookworm(QEMU));
    archive.only("debian", &bookworm(NEWER));
    let obtain = || tool(archive.mirrored(), &pins, OWN_QEMU, &Silent);
    let qemu = obtain().unwrap();
    archive.server.files(|files| files.clear());
    obtain().unwrap();
    // As an attacker would who may write to the cache, but cannot sign.
    let program = qemu.path("usr/bin/qemu-system-x86_64");
    let list = qemu.dir.with_file_name("files");
    let about = qemu.dir.with_file_name("tool.toml");
    let sha256 = |bytes: &[u8]| -> String {
        use sha2::Digest;
        let digest = sha2::Sha256::digest(bytes);
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let genuine = fs::read(&program).unwrap();
    let mut evil = genuine.clone();
    evil[0x300] ^= 1;
    fs::write(&program, &evil).unwrap();
    let text = fs::read_to_string(&list).unwrap();
    let text = text.replace(&sha256(&genuine), &sha256(&evil));
    fs::write(&list, &text).unwrap();
    let name = sha256(text.as_bytes());
    let toml = fs::read_to_string(&about).unwrap();
    fs::write(&about, toml.replace(&qemu.sha256, &name)).unwrap();
    let dir = qemu.dir.parent().unwrap();
    fs::rename(dir, dir.with_file_name(&name)).unwrap();
    let why = obtain().unwrap_err().to_string();
    assert!(why.contains("not available"), "{why}");
    let store = archive.mirrored().tool_pins(&pins).build().unwrap();
    let problem = store.verify()[0].problem.clone().unwrap();
    assert!(problem.contains("not those of its packages"), "{problem}");
}

#[test]
fn the_snapshot_archive_has_what_has_left_the_mirror() {
    let (archive, pins) = pinned(bookworm(QEMU));
    archive.only("debian", &bookworm(NEWER));
    archive.server.files(|files| {
        let old = bookworm(QEMU).date(at("2026-07-11T10:16:37Z"));
        old.publish(&archive.key, "archive/debian/20260711T120000Z", files);
    });
    let qemu = tool(archive.mirrored(), &pins, OWN_QEMU, &Silent).unwrap();
    assert_eq!((qemu.version.as_str(), qemu.substituted_for), (QEMU, None));
}

#[test]
fn qemu_of_another_series_is_no_substitute() {
    let (archive, pins) = pinned(bookworm(QEMU));
    archive.only("debian", &bookworm("1:10.0.2+ds-2"));
    let result = tool(archive.mirrored(), &pins, OWN_QEMU, &Silent);
    let Err(ObtainError::Unavailable { why }) = result else {
        panic!("{result:?}")
    };
    assert!(
        why.contains("10.0.2") && why.contains("another series"),
        "{why}"
    );
}

#[test]
fn a_substitute_has_all_it_needs_or_is_refused() {
    let (archive, pins) = pinned(bookworm(QEMU));
    let suite = TestSuite::new("oldstable", "bookworm")
        .package(e2fsprogs("1.47.0-3"))
        .package(libc6("2.36-10", false));
    archive.only("debian", &suite);
    let result = tool(archive.mirrored(), &pins, ToolName::Mke2fs, &Silent);
    let why = result.unwrap_err().to_string();
    assert!(why.contains("sbin/mke2fs needs libc.so.6"), "{why}");
    assert!(files_below(&archive.path("cache/tools")).is_empty());
}

#[test]
fn a_package_with_one_wrong_byte_is_refused_by_name() {
    let (archive, pins) = pinned(bookworm(QEMU));
    archive.server.files(|files| {
        for (path, bytes) in files {
            if path.contains("/seabios_") {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
            }
        }
    });
    let result = tool(archive.mirrored(), &pins, OWN_QEMU, &Silent);
    let Err(ObtainError::Verification { file, expected, .. }) = result else {
        panic!("{result:?}")
    };
    assert!(
        file.contains("/seabios_") && expected.starts_with("SHA-256"),
        "{file}"
    );
    assert!(!archive.path("cache/tools").exists());

    // Where the next one has the right package, that serves; the other is named.
    let (other, _) = pinned(bookworm(QEMU));
    let told = Notes::default();
    let store = archive.mirrored().mirror(other.server.url("debian"));
    let qemu = tool(store, &pins, OWN_QEMU, &told).unwrap();
    assert_eq!(qemu.version, QEMU);
    let told = notes(told);
    assert!(
        told.contains("failed verification") && told.contains("/seabios_"),
        "{told}"
    );
}

/// To read /proc/self/mem from its start is an error of the system (EIO).
#[test]
fn a_tool_that_cannot_be_read_was_not_altered() {
    let (archive, pins) = pinned(bookworm(QEMU));
    let obtain = || tool(archive.mirrored(), &pins, OWN_QEMU, &Silent);
    let list = obtain().unwrap().dir.with_file_name("files");
    let before = downloads(&archive);
    fs::rename(&list, archive.path("genuine")).unwrap();
    std::os::unix::fs::symlink("/proc/self/mem", &list).unwrap();
    let error = obtain().unwrap_err();
    assert!(matches!(error, ObtainError::Io { .. }), "{error:?}");
    assert!(
        error.to_string().contains(list.to_str().unwrap()),
        "{error}"
    );
    fs::rename(archive.path("genuine"), &list).unwrap();
    obtain().unwrap();
    assert_eq!(downloads(&archive), before);
}

#[test]
fn an_altered_tool_is_noticed_and_obtained_again() {
    let (archive, pins) = pinned(bookworm(QEMU));
    let store = || archive.mirrored().tool_pins(&pins).build().unwrap();
    let remembering = || store().remembering(&archive.path("memory"));
    let qemu = remembering().tool(OWN_QEMU, &Silent).unwrap();
    let list = fs::read_to_string(qemu.dir.with_file_name("files")).unwrap();
    std::thread::sleep(std::time::Duration::from_secs(3));
    remembering().tool(OWN_QEMU, &Silent).unwrap();
    assert!(archive.path("memory/verified").join(&qemu.sha256).exists());

    let bios = qemu.path("usr/share/seabios/bios-256k.bin");
    let link = qemu.path("lib/x86_64-linux-gnu/libgcc_s.so.1");
    let fifo = || {
        fs::remove_file(&bios).unwrap();
        let path = std::ffi::CString::new(bios.to_str().unwrap()).unwrap();
        // SAFETY: the path is a string with its end.
        assert_eq!(unsafe { libc::mkfifo(path.as_ptr(), 0o644) }, 0);
    };
    let relink = || {
        fs::remove_file(&link).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", &link).unwrap();
    };
    let files = qemu.dir.with_file_name("files");
    let added = qemu.path("usr/lib/x86_64-linux-gnu/libgcc_s.so.1");
    let alterations: [(&str, &dyn Fn()); 7] = [
        ("was altered", &|| fs::write(&bios, b"evil").unwrap()),
        ("missing", &|| fs::remove_file(&bios).unwrap()),
        ("another thing", &fifo),
        ("another thing", &relink),
        ("was added", &|| fs::write(&added, b"evil").unwrap()),
        ("list of its files was altered", &|| {
            fs::write(&files, b"").unwrap()
        }),
        ("no list", &|| fs::remove_file(&files).unwrap()),
    ];
    for (problem, alter) in alterations {
        alter();
        let told = Notes::default();
        let checked = store().verify();
        let found = checked[0].problem.clone().unwrap_or_default();
        assert!(found.contains(problem), "{problem}: {found}");
        let again = remembering().tool(OWN_QEMU, &told).unwrap();
        assert_eq!(again.dir, qemu.dir);
        assert_eq!(fs::read(&bios).unwrap(), b"bios");
        assert_eq!(fs::read_to_string(&files).unwrap(), list);
        let told = notes(told);
        assert!(
            told.contains("altered since") && told.contains(problem),
            "{told}"
        );
        assert_eq!(store().verify()[0].problem, None);
    }
}

#[test]
fn the_cache_lists_checks_and_prunes_tools() {
    let (archive, pins) = pinned(bookworm(QEMU));
    let catalogue = archive.catalogue(&[("6.1.176-1", "bookworm", UPLOADED_2013)]);
    let store = || archive.mirrored().tool_pins(&pins).build().unwrap();
    archive.only("debian", &bookworm(NEWER));
    let newer = store().tool(OWN_QEMU, &Silent).unwrap();
    // It stands in: it stays.
    assert_eq!(store().prune(&catalogue, &Silent).unwrap(), []);
    archive.only("debian", &bookworm(QEMU));
    // A locked store does not take it, and has the pinned one.
    let locked = archive.mirrored().tool_pins(&pins).locked(true).build();
    let exact = locked.unwrap().tool(OWN_QEMU, &Silent).unwrap();
    let listed = store().cached();
    let kinds: Vec<(CachedKind, &str)> = (listed.iter())
        .map(|cached| (cached.kind, cached.about.debian_version.as_str()))
        .collect();
    let tool = CachedKind::Tool(OWN_QEMU);
    assert_eq!(kinds, [(tool, QEMU), (tool, NEWER)]);
    let checked = store().verify();
    assert!(
        checked.iter().all(|one| one.problem.is_none()),
        "{checked:?}"
    );
    assert!(
        checked
            .iter()
            .any(|one| one.name == format!("qemu {NEWER}"))
    );

    let removed = store().prune(&catalogue, &Silent).unwrap();
    assert_eq!(removed[0].name, format!("qemu {NEWER}"));
    assert!(!newer.dir.exists() && exact.dir.exists());
    store().prune_all(&Silent).unwrap();
    assert_eq!(store().cached(), []);
    assert!(!exact.dir.exists());
}

/// Signed all the same, as if the archive itself had been taken over.
#[test]
fn a_package_that_leads_elsewhere_touches_nothing() {
    let program = "./usr/bin/qemu-system-x86_64";
    let victim = tempfile::tempdir().unwrap();
    let there = victim.path().to_str().unwrap().to_owned();
    let library = "./usr/lib/x86_64-linux-gnu/libevil.so.1";
    let main = || TestPackage::new("qemu-system-x86", NEWER).depends("");
    for (package, expected) in [
        (
            main().special(program, EntryType::Link, "/etc/passwd"),
            "neither a file nor",
        ),
        (
            main().special(program, EntryType::Char, ""),
            "neither a file nor",
        ),
        (
            main().file(program, b"one").file(program, b"two"),
            "is there twice",
        ),
        (
            main().file_claiming(program, b"one", 1 << 40),
            "more than a tool has",
        ),
        (
            main().symlink(library, "libother.so.1").file(library, b"x"),
            "is there twice",
        ),
        // Passed over: the program is not a link, and the library none.
        (
            main()
                .symlink("./usr/lib/x86_64-linux-gnu", &there)
                .symlink("./usr", &there)
                .symlink(library, &format!("{there}/library"))
                .file(&format!("{there}/absolute"), b"evil")
                .file("./usr/bin/../../../qemu-system-x86_64", b"evil")
                .file(library, b"library"),
            "",
        ),
    ] {
        let (archive, pins) = pinned(bookworm(QEMU));
        let suite = (bookworm(QEMU)).package(package);
        archive.only("debian", &suite);
        archive.server.files(|files| {
            files.retain(|path, _| !path.contains(&format!("x86_{QEMU}")));
        });
        let result = tool(archive.mirrored(), &pins, OWN_QEMU, &Silent);
        match (&result, expected) {
            (Ok(qemu), "") => {
                let path = qemu.path("usr/lib/x86_64-linux-gnu/libevil.so.1");
                assert_eq!(fs::read(path).unwrap(), b"library");
            }
            (Err(ObtainError::Verification { found, .. }), _) if !expected.is_empty() => {
                assert!(found.contains(expected), "{expected}: {found}");
                assert!(files_below(&archive.path("cache/tools")).is_empty());
            }
            _ => panic!("{expected}: {result:?}"),
        }
        assert_eq!(fs::read_dir(victim.path()).unwrap().count(), 0);
    }
}
