//! Kernels in repositories of RPM packages, on loopback, laid out as vendors have them.

mod support;

use std::fs;

use images::{Image, Kernel, ObtainError, Silent, StoreBuilder};
use jiff::Timestamp;
use support::vendors::{self, nothing_is_kept};
use support::{Notes, TestArchive, refused, unavailable};
use test_archive::{
    Compression, Files, ServerFault, SigningKey, TestPackage, TestRepository, TestRpm,
    kernel_image, kernel_module,
};

const EL9: &str = "5.14.0-427.13.1.el9_4";
const BASE_OS: &str = "alma/9/BaseOS/x86_64/os";

fn now() -> Timestamp {
    Timestamp::now()
}

/// A package with a kernel alone.
fn core(name: &str, version: &str) -> TestPackage {
    TestPackage::new(name, version)
        .compression(Compression::Zstd)
        .file(
            &format!("./lib/modules/{version}.x86_64/config"),
            b"CONFIG_OVERLAY_FS=m\nCONFIG_USER_NS=y\n",
        )
        .file(
            &format!("./lib/modules/{version}.x86_64/vmlinuz"),
            &kernel_image(version),
        )
}

/// A package with one module.
fn modules(name: &str, version: &str, module: &str) -> TestPackage {
    let path = format!("./lib/modules/{version}.x86_64/kernel/fs/{module}.ko");
    TestPackage::new(name, version).file(&path, &kernel_module("depends=\0"))
}

/// The kernel of EL 9 in its three packages.
fn el9(key: &SigningKey, version: &str) -> TestRepository {
    let signed = |package| TestRpm::new(package).signed(key, now());
    TestRepository::new()
        .package(signed(TestPackage::new("kernel", version)))
        .package(signed(core("kernel-core", version)))
        .package(signed(modules("kernel-modules-core", version, "overlay")))
        .package(signed(modules("kernel-modules", version, "veth")))
        .package(signed(TestPackage::new("bash", "5.1-1.el9")))
}

fn alma(publish: impl FnOnce(&SigningKey, &mut Files)) -> TestArchive {
    let archive = TestArchive::new(&[]);
    archive.server.files(|files| publish(&archive.key, files));
    archive
}

fn usual() -> TestArchive {
    alma(|key, files| {
        el9(key, "5.14.0-362.8.1.el9_3").publish(BASE_OS, files);
        let both = el9(key, EL9);
        both.publish(BASE_OS, files);
    })
}

/// A store that knows these archives alone, and the kernel that a text asks it for.
fn asked(archive: &TestArchive, text: &str, more: &str) -> (StoreBuilder, Kernel) {
    vendors::asked(archive, &["alma", "centos", "amazon"], more, text)
}

fn obtain(archive: &TestArchive, text: &str) -> Result<Image, ObtainError> {
    let (builder, kernel) = asked(archive, text, "");
    builder.build().unwrap().obtain_any(&kernel, &Silent)
}

#[test]
fn a_release_is_the_newest_kernel_of_its_repositories() {
    for name in ["alma/9", "alma/5.14.0-427.13.1.el9_4"] {
        let image = obtain(&usual(), name).unwrap();
        assert_eq!(image.debian_version, EL9, "{name}");
        assert_eq!(image.package, "kernel-core", "{name}");
    }
    // Where it is no longer the newest, it is in the directory of its point release.
    let archive = alma(|key, files| {
        el9(key, EL9).publish("alma/9.4/BaseOS/x86_64/os", files);
        el9(key, "5.14.0-503.11.1.el9_5").publish(BASE_OS, files);
    });
    for name in ["alma/9.4", "alma/5.14.0-427.13.1.el9_4"] {
        assert_eq!(obtain(&archive, name).unwrap().debian_version, EL9);
    }
}

#[test]
fn a_list_of_any_compression_is_read() {
    for compression in [
        Compression::None,
        Compression::Gzip,
        Compression::Xz,
        Compression::Zstd,
    ] {
        let archive = alma(|key, files| {
            el9(key, EL9)
                .compression(compression)
                .publish(BASE_OS, files);
        });
        obtain(&archive, "alma/9").unwrap_or_else(|error| panic!("{compression:?}: {error}"));
    }
}

/// EL 7: one package, a signature of version 3 over header and payload, by RSA and SHA-1.
#[test]
fn el7_has_one_package_and_old_signatures_that_are_told() {
    const EL7: &str = "3.10.0-1160.119.1.el7";
    let kernel = |version: &str| {
        let root = format!("./lib/modules/{version}.x86_64");
        let image = kernel_image(version);
        TestPackage::new("kernel", version)
            .file(&format!("./boot/vmlinuz-{version}.x86_64"), &image)
            .file(
                &format!("{root}/kernel/overlay.ko"),
                &kernel_module("depends=\0"),
            )
    };
    let key = SigningKey::of_2013();
    let archive = TestArchive::signed_by(key, &[]);
    archive.server.files(|files| {
        let rpm = |version| {
            TestRpm::new(kernel(version))
                .of_2011()
                .signed(&archive.key, now())
        };
        (TestRepository::new().package(rpm(EL7))).publish("centos/7.9.2009/updates/x86_64", files);
        (TestRepository::new().package(rpm("3.10.0-1160.el7")))
            .publish("centos/7.9.2009/os/x86_64", files);
        (TestRepository::new().package(rpm("3.10.0-957.el7")))
            .publish("centos/7.6.1810/os/x86_64", files);
    });
    // By a key that is not known for it, SHA-1 counts for nothing.
    let (_, _, found) = refused(obtain(&archive, "el7"));
    assert!(found.contains("too weak"), "{found}");
    nothing_is_kept(&archive);
    let releases = "{ name = '7', at = '7.9.2009', mark = 'el7', series = '3.10' }, \
                    { name = '7.6', at = '7.6.1810', mark = 'el7', series = '3.10' }";
    let weak = format!(
        "[source.kind.repomd]\nrepositories = ['{{at}}/updates/{{arch}}', '{{at}}/os/{{arch}}']\n\
         kernels = [{{ image = 'kernel' }}]\nweak_keys = ['{}']\nreleases = [{releases}]\n",
        archive.key.fingerprint()
    );
    // The table belongs to the last source of the file.
    let weak = format!(
        "[[source]]\nname = 'old'\nshort = 'old'\narchives = ['{}']\nkeys = []\n\
         key_rings = ['key.gpg']\n{weak}",
        archive.server.url("centos")
    );
    for (name, version) in [
        ("old7", EL7),
        ("old/3.10.0-1160.el7", "3.10.0-1160.el7"),
        ("old/3.10.0-957.el7", "3.10.0-957.el7"),
    ] {
        let (builder, kernel) = asked(&archive, name, &weak);
        let store = builder.build().unwrap().remembering(&archive.path("kept"));
        let notes = Notes::default();
        let image = store.obtain_any(&kernel, &notes).unwrap();
        assert_eq!(image.debian_version, version);
        let notes = notes.0.into_inner().unwrap().join("\n");
        assert!(
            notes.contains("kernel is signed with SHA1, which is weak"),
            "{notes}"
        );
        store.modules(&kernel, &image, &Silent).unwrap();
    }
}

#[test]
fn modules_and_configuration_come_from_all_packages_of_the_kernel() {
    let archive = usual();
    let (builder, kernel) = asked(&archive, "alma/9", "");
    let store = builder.build().unwrap().remembering(&archive.path("kept"));
    let image = store.obtain_any(&kernel, &Silent).unwrap();
    let file = store.modules(&kernel, &image, &Silent).unwrap();
    let bytes = fs::read(&file.path).unwrap();
    let (index, _) = guest::ModuleIndex::of_file(&bytes).unwrap();
    for module in ["overlay", "veth"] {
        assert_eq!(index.wanted(module).unwrap().len(), 1, "{module}");
    }
    let config = store.config(&kernel, &image, &Silent).unwrap();
    let config = fs::read_to_string(&config.path).unwrap();
    assert!(config.contains("CONFIG_OVERLAY_FS=m"), "{config}");
}

/// The repositories of Amazon are where a list says, and their packages beside them.
#[test]
fn a_mirror_list_leads_within_the_archive() {
    let version = "6.1.94-99.176.amzn2023";
    let archive = TestArchive::new(&[]);
    let list = "amazon/al2023/core/mirrors/latest/x86_64/mirror.list";
    archive.server.files(|files| {
        let guid = "amazon/al2023/core/guids/1a2b/x86_64";
        let rpm = TestRpm::new(core("kernel", version)).signed(&archive.key, now());
        let repository = TestRepository::new().package(rpm);
        let repository = repository.place("../../../../blobstore/9f/");
        repository.publish(guid, files);
        let address = format!("{}/\n", archive.server.url(guid));
        files.insert(list.to_owned(), address.into_bytes());
        assert!(
            files
                .keys()
                .any(|path| path.starts_with("amazon/al2023/blobstore/9f/kernel"))
        );
    });
    assert_eq!(obtain(&archive, "al2023").unwrap().debian_version, version);
    for elsewhere in ["http://other.example.org/al2023", "file:///etc", "", "../x"] {
        let address = elsewhere.as_bytes().to_vec();
        archive
            .server
            .files(|files| drop(files.insert(list.to_owned(), address)));
        let (_, expected, _) = refused(obtain(&archive, "amazon/2023"));
        assert!(expected.starts_with("an address below"), "{expected}");
    }
}

#[test]
fn a_kernel_that_is_cached_needs_no_archive_and_an_altered_one_is_none() {
    let archive = usual();
    let name = "alma/5.14.0-427.13.1.el9_4";
    let image = obtain(&archive, name).unwrap();
    let whole = fs::read(&image.path).unwrap();
    archive.server.files(Files::clear);
    let asked = archive.server.requests().len();
    assert_eq!(obtain(&archive, name).unwrap().path, image.path);
    assert_eq!(archive.server.requests().len(), asked);
    // Nothing that is kept proves another image.
    fs::write(&image.path, kernel_image("another")).unwrap();
    unavailable(obtain(&archive, name));
    fs::write(&image.path, whole).unwrap();
}

/// The package vouches for itself, also in a cache that comes from elsewhere.
#[test]
fn a_cache_from_elsewhere_is_believed_for_its_packages_alone() {
    let archive = usual();
    let name = "alma/5.14.0-427.13.1.el9_4";
    let image = obtain(&archive, name).unwrap();
    fs::remove_dir_all(archive.path("cache").join("verified")).ok();
    obtain(&archive, name).unwrap();
    let stranger = SigningKey::generate();
    let rpm = TestRpm::new(core("kernel-core", EL9)).signed(&stranger, now());
    let dir = image.path.parent().unwrap();
    fs::write(dir.join("proof/package.deb"), rpm.build()).unwrap();
    let (elsewhere, _) = (
        archive.path("elsewhere"),
        archive.server.files(Files::clear),
    );
    fs::create_dir(&elsewhere).unwrap();
    let (builder, kernel) = asked(&archive, name, "");
    copy(&archive.path("cache/kernels"), &elsewhere.join("kernels"));
    let store = builder.cache_dir(&elsewhere).build().unwrap();
    unavailable(store.obtain_any(&kernel, &Silent));
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        match entry.path().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => drop(fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
        }
    }
}

#[test]
fn what_no_key_of_the_vendor_signed_is_refused() {
    let stranger = SigningKey::generate();
    for (rpm, why) in [
        (
            TestRpm::new(core("kernel-core", EL9)).signed(&stranger, now()),
            "unknown key",
        ),
        (TestRpm::new(core("kernel-core", EL9)), "no signature"),
    ] {
        let archive = alma(|_, files| TestRepository::new().package(rpm).publish(BASE_OS, files));
        let (_, expected, found) = refused(obtain(&archive, "alma/9"));
        assert!(found.contains(why), "{found}");
        assert_eq!(expected, "kernel-core, signed by a key of alma");
        nothing_is_kept(&archive);
    }
}

/// The list is not signed: it may say of a genuine package that it is another one.
#[test]
fn a_genuine_signature_on_another_package_is_refused() {
    let version = "5.14.0-503.11.1.el9_5";
    let listed = || TestRpm::new(core("kernel-core", version));
    for other in [
        TestRpm::new(core("kernel-core", EL9)),
        TestRpm::new(core("kernel-debug-core", version)),
        TestRpm::new(core("kernel-core", version)).arch("aarch64"),
    ] {
        let archive = alma(|key, files| {
            let bytes = other.signed(key, now()).build();
            TestRepository::new()
                .listed_as(listed(), bytes)
                .publish(BASE_OS, files);
        });
        let (_, _, found) = refused(obtain(&archive, "alma/9"));
        assert!(found.contains(", signed by "), "{found}");
        nothing_is_kept(&archive);
    }
    // Of another architecture, or no kernel: it is not even looked at.
    let archive = alma(|key, files| {
        let rpm = TestRpm::new(core("kernel-core", version)).arch("aarch64");
        TestRepository::new()
            .package(rpm.signed(key, now()))
            .publish(BASE_OS, files);
    });
    unavailable(obtain(&archive, "alma/9"));
}

#[test]
fn a_flipped_byte_is_refused_wherever_it_is() {
    let path = |archive: &TestArchive, part: &str| {
        let mut found = String::new();
        archive.server.files(|files| {
            let is_it = |path: &&String| path.contains(part) && !path.contains("362");
            found.clone_from(files.keys().rfind(is_it).unwrap());
        });
        found
    };
    for (part, expected) in [
        ("kernel-core-5.14.0-427", "SHA-256 "),
        ("-primary.xml", "SHA-256 "),
    ] {
        let archive = alma(|key, files| el9(key, EL9).publish(BASE_OS, files));
        let path = path(&archive, part);
        archive.server.files(|files| {
            let bytes = files.get_mut(&path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        });
        let (file, what, _) = refused(obtain(&archive, "alma/9"));
        assert!(
            file.contains(part) && what.starts_with(expected),
            "{file} {what}"
        );
        nothing_is_kept(&archive);
        // Cut off, it is not whole.
        archive.server.fault(&path, ServerFault::Short(100), 9);
        fs::remove_dir_all(archive.path("cache")).unwrap();
        let (_, what, _) = refused(obtain(&archive, "alma/9"));
        assert!(what.ends_with("bytes"), "{what}");
    }
}

#[test]
fn an_index_that_is_none_is_refused() {
    let index = format!("{BASE_OS}/repodata/repomd.xml");
    for (text, why) in [
        ("<html><p>log in</p></html>", "no list of packages"),
        (
            "<repomd><data type='primary'><checksum type='sha'>a</checksum></data></repomd>",
            "sha",
        ),
        (
            "<!DOCTYPE x [<!ENTITY a 'b'>]><repomd>&a;</repomd>",
            "document type",
        ),
        ("<repomd>", "within an element"),
    ] {
        let archive = usual();
        let bytes = text.as_bytes().to_vec();
        archive
            .server
            .files(|files| drop(files.insert(index.clone(), bytes)));
        let (file, _, found) = refused(obtain(&archive, "alma/9"));
        assert!(
            file.ends_with("repomd.xml") && found.contains(why),
            "{found}"
        );
    }
    let archive = usual();
    let large = vec![b' '; 2 << 20];
    archive
        .server
        .files(|files| drop(files.insert(index.clone(), large)));
    let (_, expected, _) = refused(obtain(&archive, "alma/9"));
    assert!(expected.starts_with("at most "), "{expected}");
}

#[test]
fn a_list_that_unpacks_to_more_than_it_says_is_refused() {
    let archive = alma(|key, files| {
        let repository = el9(key, EL9).padding(32 << 20, 1 << 20);
        repository.publish(BASE_OS, files);
    });
    let (_, _, found) = refused(obtain(&archive, "alma/9"));
    assert!(found.contains("more than"), "{found}");
    nothing_is_kept(&archive);
}

#[test]
fn a_place_outside_of_the_archive_is_no_place() {
    for place in [
        "../../../../../../etc/",
        "http://other.example.org/",
        "/etc/",
    ] {
        let archive = alma(|key, files| el9(key, EL9).place(place).publish(BASE_OS, files));
        let why = unavailable(obtain(&archive, "alma/9"));
        assert!(why.contains("has no kernel 9"), "{place}: {why}");
    }
}

#[test]
fn a_repository_that_was_rolled_back_is_refused() {
    let archive = usual();
    obtain(&archive, "alma/9").unwrap();
    // Genuine, and older than what was there.
    archive
        .server
        .files(|files| el9(&archive.key, "5.14.0-362.8.1.el9_3").publish(BASE_OS, files));
    fs::remove_dir_all(archive.path("cache/kernels")).unwrap();
    let why = unavailable(obtain(&archive, "alma/9"));
    assert!(
        why.contains("older than 5.14.0-427.13.1.el9_4, which was there before"),
        "{why}"
    );
    // By its version, it can still be had.
    obtain(&archive, "alma/5.14.0-362.8.1.el9_3").unwrap();
}

#[test]
fn a_list_has_to_be_signed_where_the_source_says_so() {
    let signed = |archive: &TestArchive| {
        let source = format!(
            "[[source]]\nname = 'signed'\narchives = ['{}']\nkeys = []\nkey_rings = ['key.gpg']\n\
             [source.kind.repomd]\nsigned_lists = true\nrepositories = ['{{at}}/BaseOS/{{arch}}/os']\n\
             kernels = [{{ image = 'kernel-core' }}]\n\
             releases = [{{ name = '9', mark = 'el9', series = '5.14' }}]\n",
            archive.server.url("alma")
        );
        let (builder, kernel) = asked(archive, "signed/9", &source);
        builder.build().unwrap().obtain_any(&kernel, &Silent)
    };
    let archive = usual();
    let (_, _, found) = refused(signed(&archive));
    assert!(found.contains("no signature"), "{found}");
    archive
        .server
        .files(|files| TestRepository::sign(&archive.key, BASE_OS, now(), files));
    signed(&archive).unwrap();
    let stranger = SigningKey::generate();
    archive
        .server
        .files(|files| TestRepository::sign(&stranger, BASE_OS, now(), files));
    let (_, _, found) = refused(signed(&archive));
    assert!(found.contains("unknown key"), "{found}");
}

#[test]
fn a_redirect_to_another_scheme_is_refused() {
    let archive = usual();
    let index = format!("{BASE_OS}/repodata/repomd.xml");
    let elsewhere = ServerFault::Redirect("file:///etc/passwd".to_owned());
    archive.server.fault(&index, elsewhere, 9);
    unavailable(obtain(&archive, "alma/9"));
    nothing_is_kept(&archive);
}

#[test]
fn what_is_not_there_is_unavailable() {
    let why = unavailable(obtain(&usual(), "alma/8"));
    assert!(why.contains("has no 8/BaseOS/x86_64/os"), "{why}");
    let why = unavailable(obtain(&usual(), "alma/5.14.0-1.el9_4"));
    assert!(why.contains("has no kernel 5.14.0-1.el9_4"), "{why}");
}
