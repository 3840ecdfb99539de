//! The directory of an OCI image (OCI image specification, "Image Layout").

use std::io::{self, BufReader};
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{RootFiles, layer};
use crate::files::hash::{has_hash, parse_sha256};
use crate::files::open_regular;
use crate::files::read::read_text;
use crate::package::unpack;

/// The file that makes a directory such a one.
pub(super) const MARK: &str = "oci-layout";
/// The platform of the kernels, as images name it.
const PLATFORM: (&str, &str) = ("linux", guest::HOST.debian);
/// An index may name others.
const MAX_DEPTH: usize = 4;
/// More than container engines stack.
const MAX_LAYERS: usize = 256;

#[derive(Deserialize)]
struct LayoutMark {
    #[serde(rename = "imageLayoutVersion")]
    version: String,
}

#[derive(Deserialize)]
struct OciIndex {
    manifests: Vec<OciDescriptor>,
}

/// An index, or the manifest of an image.
#[derive(Deserialize)]
#[serde(untagged)]
enum OciBlob {
    Index(OciIndex),
    Manifest { layers: Vec<OciDescriptor> },
}

#[derive(Clone, Deserialize)]
struct OciDescriptor {
    digest: String,
    size: u64,
    platform: Option<OciPlatform>,
}

#[derive(Clone, Deserialize)]
struct OciPlatform {
    os: String,
    architecture: String,
}

/// Reads the layers of the image for the platform of the kernels. Each file is compared
/// with the digest under which it is named; the index at the top has none.
pub(super) fn read(dir: &Path, files: &mut RootFiles) -> io::Result<()> {
    let mark: LayoutMark = json(&dir.join(MARK))?;
    if mark.version.split('.').next() != Some("1") {
        let why = format!(
            "an image layout of version {} is not read here",
            mark.version
        );
        return Err(io::Error::other(why));
    }
    let mut index: OciIndex = json(&dir.join("index.json"))?;
    for _ in 0..MAX_DEPTH {
        let wanted = chosen(&index.manifests)?;
        let layers = match json(&dir.join(blob(dir, &wanted)?))? {
            OciBlob::Index(inner) => {
                index = inner;
                continue;
            }
            OciBlob::Manifest { layers } => layers,
        };
        if layers.len() > MAX_LAYERS {
            return Err(io::Error::other(format!("it has over {MAX_LAYERS} layers")));
        }
        for layer in &layers {
            let path = dir.join(blob(dir, layer)?);
            let data = unpack(BufReader::new(open_regular(&path)?))?;
            let named = |error: io::Error| io::Error::other(format!("{}: {error}", layer.digest));
            layer::apply(data, true, files).map_err(named)?;
        }
        return Ok(());
    }
    Err(io::Error::other("its indexes name one another"))
}

/// The one manifest for the platform. One that names none may be for it.
fn chosen(manifests: &[OciDescriptor]) -> io::Result<OciDescriptor> {
    let (os, architecture) = PLATFORM;
    let fits = |platform: &OciPlatform| platform.os == os && platform.architecture == architecture;
    let fitting = manifests
        .iter()
        .filter(|it| it.platform.as_ref().is_none_or(fits));
    let fitting: Vec<&OciDescriptor> = fitting.collect();
    match fitting[..] {
        [one] => Ok(one.clone()),
        [] => Err(io::Error::other(format!(
            "it has no image for {os}/{architecture}"
        ))),
        [..] => Err(io::Error::other(format!(
            "it has {} images for {os}/{architecture}: keep one in its index.json",
            fitting.len()
        ))),
    }
}

/// The path of what a descriptor means, which has the size and digest that it says.
fn blob(dir: &Path, wanted: &OciDescriptor) -> io::Result<String> {
    let digest = &wanted.digest;
    let hash = digest.strip_prefix("sha256:").and_then(parse_sha256);
    let hash =
        hash.ok_or_else(|| io::Error::other(format!("{digest:?} is no digest by SHA-256")))?;
    let path = format!("blobs/sha256/{hash}");
    match has_hash(&dir.join(&path), wanted.size, &hash)? {
        true => Ok(path),
        false => Err(io::Error::other(format!(
            "{path} is not there, or not what its digest says"
        ))),
    }
}

fn json<T: DeserializeOwned>(path: &Path) -> io::Result<T> {
    let named = |why: String| io::Error::other(format!("{}: {why}", path.display()));
    let text = read_text(path).map_err(|error| named(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| named(error.to_string()))
}
