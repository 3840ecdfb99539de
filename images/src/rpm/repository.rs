//! Repositories of RPM packages: `repodata/repomd.xml` names the list of packages, with its
//! hash, and that names the packages, with theirs.

use std::io::{self, Read};

use super::RpmIdentity;
use super::xml::{self, XmlField, XmlRecord};
use crate::files::hash::parse_sha256;
use crate::files::read::Limited;

/// A repository has some thousand packages, of which a hundred are kernels.
const MAX_LISTED: usize = 10_000;

/// A file that a repository names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListedFile {
    /// Its place, as it is written there: relative to the repository.
    pub(crate) href: String,
    /// Bytes, if they are given.
    pub(crate) size: Option<u64>,
    /// In small digits.
    pub(crate) sha256: String,
    /// Bytes once it is unpacked, if they are given.
    pub(crate) unpacked: Option<u64>,
}

/// A package that a repository lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListedRpm {
    pub(crate) identity: RpmIdentity,
    pub(crate) file: ListedFile,
}

/// The list of packages that `repomd.xml` names; the error says why there is none.
pub(crate) fn list_of(repomd: &[u8]) -> Result<ListedFile, String> {
    let mut found = None;
    xml::each(
        repomd,
        &["checksum", "location", "size", "open-size"],
        |record| {
            if record.name == "data" && record.attribute("type") == Some("primary") {
                found.get_or_insert_with(|| {
                    let number = |name| record.field(name)?.text.trim().parse().ok();
                    let (size, unpacked) = (number("size"), number("open-size"));
                    file_of(&record, size, unpacked)
                });
            }
            Ok(())
        },
    )
    .map_err(|error| error.to_string())?;
    found.unwrap_or_else(|| Err("it names no list of packages (primary)".to_owned()))
}

/// The packages of a list that are wanted, which unpacks to no more than `limit` bytes.
/// Those that are not described in full, or by another hash than SHA-256, are passed over.
pub(crate) fn packages(
    list: impl Read,
    limit: u64,
    wanted: impl Fn(&RpmIdentity) -> bool,
) -> io::Result<Vec<ListedRpm>> {
    let mut all = Vec::new();
    let fields = ["name", "arch", "version", "checksum", "size", "location"];
    xml::each(Limited::new(list, limit), &fields, |record| {
        let Some(identity) = identity_of(&record).filter(|identity| wanted(identity)) else {
            return Ok(());
        };
        let size = (record.field("size")).and_then(|size| size.attribute("package"));
        let size = size.and_then(|size| size.parse().ok());
        if let Ok(file) = file_of(&record, size, None) {
            all.push(ListedRpm { identity, file });
        }
        match all.len() > MAX_LISTED {
            true => Err(io::Error::other("more kernels than any repository has")),
            false => Ok(()),
        }
    })?;
    Ok(all)
}

fn identity_of(record: &XmlRecord) -> Option<RpmIdentity> {
    let text = |name| Some(record.field(name)?.text.trim().to_owned());
    let version = record.field("version")?;
    Some(RpmIdentity {
        name: text("name").filter(|_| record.name == "package")?,
        version: version.attribute("ver")?.to_owned(),
        release: version.attribute("rel")?.to_owned(),
        arch: text("arch")?,
    })
}

fn file_of(
    record: &XmlRecord,
    size: Option<u64>,
    unpacked: Option<u64>,
) -> Result<ListedFile, String> {
    let checksum = record.field("checksum").ok_or("a file without a hash")?;
    let kind = checksum.attribute("type").unwrap_or_default();
    if kind != "sha256" {
        return Err(format!("a hash of the kind {kind:?}, and not sha256"));
    }
    let sha256 = parse_sha256(checksum.text.trim()).ok_or("what is no SHA-256")?;
    let location = record.field("location").filter(|it| is_within(it));
    let href = location.and_then(|location| location.attribute("href"));
    Ok(ListedFile {
        href: href.ok_or("a file without a place in it")?.to_owned(),
        size,
        sha256,
        unpacked,
    })
}

/// Whether a place is one in this repository, and not in another one.
fn is_within(location: &XmlField) -> bool {
    location.attribute("xml:base").is_none()
}

/// The path from the archive's root of what a file at `path` refers to as `href`; none if
/// that leads out of the archive.
pub(crate) fn resolve(path: &str, href: &str) -> Option<String> {
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    if href.starts_with('/') || href.contains("://") || href.contains(['?', '#', '%', '\\']) {
        return None;
    }
    for part in href.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part if part.chars().any(|c| c.is_control() || c.is_whitespace()) => return None,
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPOMD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<repomd xmlns="http://linux.duke.edu/metadata/repo">
  <revision>1600000000</revision>
  <data type="filelists"><checksum type="sha256">00</checksum></data>
  <data type="primary">
    <checksum type="sha256">AAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</checksum>
    <location href="repodata/x-primary.xml.gz"/>
    <size>123</size><open-size>4567</open-size>
  </data>
</repomd>"#;

    #[test]
    fn the_list_is_the_one_of_type_primary() {
        let list = list_of(REPOMD.as_bytes()).unwrap();
        assert_eq!(list.href, "repodata/x-primary.xml.gz");
        assert_eq!((list.size, list.unpacked), (Some(123), Some(4567)));
        assert_eq!(list.sha256, "a".repeat(64));
        for (from, to) in [
            ("\"primary\"", "\"other\""),
            ("type=\"sha256\">AA", "type=\"sha\">AA"),
            (
                "<location",
                "<location xml:base=\"http://other.example.org\"",
            ),
            ("AA", "ZZ"),
            ("</repomd>", ""),
        ] {
            let other = REPOMD.replacen(from, to, 1);
            list_of(other.as_bytes()).unwrap_err();
        }
    }

    #[test]
    fn what_is_wanted_is_listed_with_hash_and_place() {
        let package = |name: &str, kind: &str| {
            format!(
                "<package type=\"rpm\"><name>{name}</name><arch>x86_64</arch>\
                 <version epoch=\"0\" ver=\"5.14.0\" rel=\"427.el9\"/>\
                 <checksum type=\"{kind}\" pkgid=\"YES\">{}</checksum>\
                 <size package=\"9\" installed=\"99\"/><location href=\"Packages/{name}.rpm\"/>\
                 <format><rpm:provides><rpm:entry name=\"kernel\"/></rpm:provides></format>\
                 </package>",
                "b".repeat(64)
            )
        };
        let list = [
            package("bash", "sha256"),
            package("kernel", "sha256"),
            package("kernel-core", "md5"),
        ];
        let list = format!("<metadata packages=\"3\">{}</metadata>", list.concat());
        let is_kernel = |it: &RpmIdentity| it.name.starts_with("kernel");
        let found = packages(list.as_bytes(), 1 << 20, is_kernel).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].identity.to_string(),
            "kernel-5.14.0-427.el9.x86_64"
        );
        assert_eq!(found[0].file.href, "Packages/kernel.rpm");
        assert_eq!(found[0].file.size, Some(9));
        assert!(packages(list.as_bytes(), 100, is_kernel).is_err());
    }

    #[test]
    fn no_place_leads_out_of_the_archive() {
        for (href, path) in [
            ("Packages/k.rpm", Some("2/core/guid/Packages/k.rpm")),
            ("../../blobstore/k.rpm", Some("2/blobstore/k.rpm")),
            ("./k.rpm", Some("2/core/guid/k.rpm")),
            ("../../../k.rpm", Some("k.rpm")),
            ("../../../../k.rpm", None),
            ("/k.rpm", None),
            ("http://other.example.org/k.rpm", None),
            ("k.rpm?x=y", None),
            ("a b", None),
        ] {
            assert_eq!(resolve("2/core/guid", href).as_deref(), path, "{href}");
        }
    }
}
