//! Root file systems in archives, as they should be and as they should not.

use std::fs;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use images::{RootFiles, RootKind};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};
use tempfile::{TempDir, tempdir};

/// An archive that is made member by member.
struct MadeArchive(Builder<Vec<u8>>);

impl MadeArchive {
    fn new() -> Self {
        Self(Builder::new(Vec::new()))
    }

    /// A member with any path and target, which the builder would refuse.
    fn with(mut self, kind: EntryType, path: &str, target: &str, bytes: &[u8]) -> Self {
        let mut header = Header::new_ustar();
        header.set_entry_type(kind);
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
        header.set_mode(0o4751);
        header.set_uid(7);
        header.set_gid(8);
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        self.0.append(&header, bytes).unwrap();
        self
    }

    fn dir(self, path: &str) -> Self {
        self.with(EntryType::Directory, path, "", b"")
    }

    fn file(self, path: &str, bytes: &[u8]) -> Self {
        self.with(EntryType::Regular, path, "", bytes)
    }

    fn link(self, path: &str, target: &str) -> Self {
        self.with(EntryType::Symlink, path, target, b"")
    }

    fn bytes(self) -> Vec<u8> {
        self.0.into_inner().unwrap()
    }
}

fn read(archive: &[u8]) -> Result<RootFiles, String> {
    let dir = tempdir().unwrap();
    let path = dir.path().join("root");
    fs::write(&path, archive).unwrap();
    RootFiles::at(&path).map_err(|error| error.to_string())
}

/// Paths and what is there: `/` of a directory, a link's target, a file's bytes.
fn shown(files: &RootFiles) -> Vec<String> {
    let content = files.content();
    let show = |(path, entry): (&Path, &images::RootEntry)| {
        let path = path.display();
        match &entry.kind {
            RootKind::Directory => format!("{path}/"),
            RootKind::Link(target) => format!("{path} -> {target}"),
            RootKind::Fifo => format!("{path}|"),
            RootKind::File { at, size } => {
                let mut bytes = vec![0; usize::try_from(*size).unwrap()];
                content.read_exact_at(&mut bytes, *at).unwrap();
                format!("{path}: {}", String::from_utf8_lossy(&bytes))
            }
        }
    };
    files.entries().map(show).collect()
}

#[test]
fn an_archive_is_a_root_however_it_is_compressed() {
    let long = "deep/".repeat(30) + "file";
    let mut builder = MadeArchive::new()
        .dir("./")
        .dir("./usr")
        .file("./usr/one", b"1")
        .link("bin", "usr")
        .with(EntryType::Link, "usr/two", "./usr/one", b"")
        .with(EntryType::Fifo, "pipe", "", b"")
        .with(EntryType::Char, "null", "", b"")
        .0;
    let mut header = Header::new_gnu();
    header.set_size(4);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    builder
        .append_data(&mut header, &long, &b"long"[..])
        .unwrap();
    let plain = builder.into_inner().unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&plain).unwrap();
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 0);
    xz.write_all(&plain).unwrap();
    let zstd =
        ruzstd::encoding::compress_to_vec(&plain[..], ruzstd::encoding::CompressionLevel::Fastest);
    for archive in [
        &plain,
        &gzip.finish().unwrap(),
        &xz.finish().unwrap(),
        &zstd,
    ] {
        let files = read(archive).unwrap();
        let mut all = shown(&files);
        all.retain(|line| !line.contains("deep/"));
        let expected = [
            "/bin -> usr",
            "/pipe|",
            "/usr/",
            "/usr/one: 1",
            "/usr/two: 1",
        ];
        assert_eq!(all, expected);
        assert!(shown(&files).contains(&format!("/{long}: long")));
        assert_eq!(files.left_out(), [PathBuf::from("/null")]);
        let one = files.entries().find(|(path, _)| path.ends_with("one"));
        let one = one.unwrap().1;
        assert_eq!((one.mode, one.owner), (0o4751, (7, 8)));
    }
}

/// Nothing in an archive leads out of the root, and links are followed in it.
#[test]
fn a_hostile_archive_is_refused_or_stays_in_the_root() {
    for (archive, why) in [
        (
            MadeArchive::new().file("../x", b""),
            "leads out of the root",
        ),
        (
            MadeArchive::new().file("a/../../x", b""),
            "leads out of the root",
        ),
        (
            MadeArchive::new().with(EntryType::Link, "x", "../../etc/shadow", b""),
            "leads out of the root",
        ),
        (
            MadeArchive::new().with(EntryType::Link, "x", "/etc/shadow", b""),
            "is linked and not there",
        ),
        (
            MadeArchive::new()
                .link("a", "b")
                .link("b", "a")
                .file("a/x", b""),
            "is a link without an end",
        ),
        (
            MadeArchive::new().file("a", b"").file("a/b", b""),
            "is no directory",
        ),
        (
            MadeArchive::new().with(EntryType::GNUSparse, "x", "", b""),
            "is not read here",
        ),
        (MadeArchive::new(), "there is no file in it"),
        (
            MadeArchive::new()
                .file("manifest.json", b"[]")
                .file("repositories", b"{}"),
            "`docker export`",
        ),
    ] {
        let refused = read(&archive.bytes()).unwrap_err();
        assert!(refused.contains(why), "{why}: {refused}");
    }
    let whole = MadeArchive::new().file("file", &[7; 5000]).bytes();
    assert!(read(&whole[..2000]).is_err());
    assert!(read(b"no archive").is_err());
    // Names that extend a header without an end.
    let long = MadeArchive::new().with(EntryType::GNULongName, "x", "", &[b'a'; 9000]);
    assert!(read(&long.file("x", b"").bytes()).is_err());

    let inside = MadeArchive::new()
        .link("up", "../../..")
        .link("etc", "/config")
        .file("up/one", b"1")
        .file("etc/two", b"2");
    let expected = [
        "/config/",
        "/config/two: 2",
        "/etc -> /config",
        "/one: 1",
        "/up -> ../../..",
    ];
    assert_eq!(shown(&read(&inside.bytes()).unwrap()), expected);
}

/// A layout with these layers, for one platform more than the kernels'.
struct Layout(TempDir);

impl Layout {
    fn new(layers: &[Vec<u8>]) -> Self {
        let layout = Self(tempdir().unwrap());
        let layers: Vec<Value> = layers.iter().map(|layer| layout.blob(layer)).collect();
        let manifest = json!({"schemaVersion": 2, "config": layout.blob(b"{}"), "layers": layers});
        let of = |manifest: Value, platform: &str| {
            let mut descriptor = layout.blob(&serde_json::to_vec(&manifest).unwrap());
            descriptor["platform"] = json!({"os": "linux", "architecture": platform});
            descriptor
        };
        let manifests = [of(manifest, "amd64"), of(json!({"layers": []}), "arm64")];
        let inner = json!({"schemaVersion": 2, "manifests": manifests});
        let inner = layout.blob(&serde_json::to_vec(&inner).unwrap());
        layout.write(
            "index.json",
            &json!({"schemaVersion": 2, "manifests": [inner]}),
        );
        layout.write("oci-layout", &json!({"imageLayoutVersion": "1.0.0"}));
        layout
    }

    fn write(&self, name: &str, value: &Value) {
        fs::write(self.0.path().join(name), value.to_string()).unwrap();
    }

    fn blob(&self, bytes: &[u8]) -> Value {
        let hash = Sha256::digest(bytes);
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        let blobs = self.0.path().join("blobs/sha256");
        fs::create_dir_all(&blobs).unwrap();
        fs::write(blobs.join(&hash), bytes).unwrap();
        json!({"mediaType": "any", "digest": format!("sha256:{hash}"), "size": bytes.len()})
    }

    fn read(&self) -> Result<RootFiles, String> {
        RootFiles::at(self.0.path()).map_err(|error| error.to_string())
    }
}

#[test]
fn the_layers_of_an_image_lie_one_above_another() {
    let lower = MadeArchive::new()
        .dir("etc")
        .file("etc/gone", b"1")
        .file("etc/stays", b"2")
        .dir("cache")
        .file("cache/old", b"3")
        .file("was-file", b"4")
        .dir("was-dir")
        .file("was-dir/inner", b"5");
    let upper = MadeArchive::new()
        .file("etc/.wh.gone", b"")
        .file("cache/new", b"6")
        .file("cache/.wh..wh..opq", b"")
        .dir("was-file")
        .file("was-file/inner", b"7")
        .file("was-dir", b"8")
        .file(".wh.nothing", b"");
    let layout = Layout::new(&[lower.bytes(), upper.bytes()]);
    let expected = [
        "/cache/",
        "/cache/new: 6",
        "/etc/",
        "/etc/stays: 2",
        "/was-dir: 8",
        "/was-file/",
        "/was-file/inner: 7",
    ];
    assert_eq!(shown(&layout.read().unwrap()), expected);
    // In an archive that is no layer, such a file is one as others.
    let archive = MadeArchive::new().file("a/.wh.b", b"x").bytes();
    assert_eq!(shown(&read(&archive).unwrap()), ["/a/", "/a/.wh.b: x"]);
}

#[test]
fn an_image_that_is_not_what_its_digests_say_is_refused() {
    let layer = MadeArchive::new().file("a", b"1").bytes();
    let altered = Layout::new(std::slice::from_ref(&layer));
    let blobs = altered.0.path().join("blobs/sha256");
    for blob in fs::read_dir(blobs).unwrap() {
        let path = blob.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        for other in [[&bytes[..], b" "].concat(), bytes[1..].to_vec()] {
            // That of the other platform, and the configuration, are not read.
            let is_read = bytes != b"{}" && bytes != br#"{"layers":[]}"#;
            fs::write(&path, other).unwrap();
            let read = altered.read();
            assert_eq!(read.is_err(), is_read, "{path:?}");
            if let Err(why) = read {
                assert!(why.contains("not what its digest says"), "{why}");
            }
        }
        fs::write(&path, bytes).unwrap();
    }

    let layout = Layout::new(&[layer]);
    for (index, why) in [
        (json!({"manifests": []}), "no image for linux/amd64"),
        (
            json!({"manifests": [layout.blob(b"1"), layout.blob(b"2")]}),
            "2 images for linux/amd64",
        ),
        (
            json!({"manifests": [{"digest": "sha256:../../x", "size": 1}]}),
            "no digest by SHA-256",
        ),
        (json!({"layers": 1}), "manifests"),
    ] {
        layout.write("index.json", &index);
        let refused = layout.read().unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
}
