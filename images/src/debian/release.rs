//! The signed file at the head of a suite: `InRelease`, or `Release` with `Release.gpg`.

use deb822_fast::{Deb822, Paragraph};
use guest::arch;
use jiff::Timestamp;
use jiff::fmt::rfc2822;

use crate::debian::keyring::Signer;
use crate::files::hash::{FileSum, parse_sha256};

/// What a release file says, as far as it is needed here.
#[derive(Clone, Debug)]
pub(crate) struct Release {
    pub(crate) origin: String,
    pub(crate) label: String,
    pub(crate) suite: String,
    codename: String,
    valid_until: Option<Timestamp>,
    /// Whether index files can be had under the name of their hash, too.
    pub(crate) by_hash: bool,
    files: Vec<FileSum>,
    pub(crate) signer: Signer,
    /// The files as they came, by name.
    pub(crate) bytes: Vec<(&'static str, Vec<u8>)>,
}

impl Release {
    /// Reads the text that was signed. The error says what is wrong with it.
    pub(crate) fn parse(text: &str, signer: Signer) -> Result<Self, String> {
        let file: Deb822 = text.parse().map_err(|error| format!("{error}"))?;
        let fields = match file.iter().collect::<Vec<_>>()[..] {
            [only] => only,
            ref all => return Err(format!("{} paragraphs", all.len())),
        };
        let get = |name| fields.get(name).unwrap_or_default().trim().to_owned();
        let valid_until = match fields.get("Valid-Until") {
            None => None,
            Some(date) => Some(parse_date(date).ok_or_else(|| format!("Valid-Until: {date}"))?),
        };
        Ok(Self {
            origin: get("Origin"),
            label: get("Label"),
            suite: get("Suite"),
            codename: get("Codename"),
            valid_until,
            by_hash: get("Acquire-By-Hash") == "yes",
            files: files(fields)?,
            signer,
            bytes: Vec::new(),
        })
    }

    /// Whether it is the one of the suite that was asked for: a mirror, or an attacker
    /// in between, might send a genuine file of another suite.
    pub(crate) fn heads(&self, suite: &str) -> bool {
        self.is_debian() && (self.suite == suite || self.codename == suite)
    }

    pub(crate) fn is_debian(&self) -> bool {
        matches!(self.origin.as_str(), "Debian" | "Debian Backports")
    }

    /// For people: what it heads.
    pub(crate) fn title(&self) -> String {
        format!("{} {} ({})", self.origin, self.suite, self.codename)
    }

    /// The time after which it must have been replaced, where that has passed.
    pub(crate) fn expired(&self, now: Timestamp) -> Option<Timestamp> {
        self.valid_until.filter(|until| *until < now)
    }

    pub(crate) fn file(&self, path: &str) -> Option<&FileSum> {
        self.files.iter().find(|file| file.path == path)
    }
}

/// Only the indexes of packages are kept: a release lists thousands of files.
fn files(fields: &Paragraph) -> Result<Vec<FileSum>, String> {
    let list = fields.get("SHA256").ok_or("no SHA256 sums")?;
    let mut files = Vec::new();
    let is_index = |line: &&str| {
        arch::ALL
            .iter()
            .any(|arch| line.contains(arch.debian_index))
    };
    for line in list.lines().filter(is_index) {
        let words: Vec<_> = line.split_whitespace().collect();
        let [sha256, size, path] = words[..] else {
            return Err(format!("SHA256: {line}"));
        };
        files.push(FileSum {
            path: path.to_owned(),
            size: size.parse().map_err(|_| format!("SHA256: {line}"))?,
            sha256: parse_sha256(sha256).ok_or_else(|| format!("SHA256: {line}"))?,
        });
    }
    Ok(files)
}

/// `Sat, 11 Jul 2026 10:16:37 UTC`; mail calls that time zone GMT.
fn parse_date(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let text = match text.strip_suffix("UTC") {
        Some(start) => format!("{start}GMT"),
        None => text.to_owned(),
    };
    rfc2822::DateTimeParser::new().parse_timestamp(&text).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "Origin: Debian\nLabel: Debian\nSuite: oldstable\nCodename: bookworm\n\
        Date: Sat, 11 Jul 2026 10:16:37 UTC\nValid-Until: Sat, 18 Jul 2026 10:16:37 UTC\n\
        Acquire-By-Hash: yes\nMD5Sum:\n 00 1 main/binary-amd64/Packages\nSHA256:\n \
        AAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa    42 main/binary-amd64/Packages.xz\n \
        bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb 7 main/binary-i386/Packages.xz\n";

    fn parse(text: &str) -> Result<Release, String> {
        let signer = Signer {
            fingerprint: String::new(),
            signed: Timestamp::UNIX_EPOCH,
        };
        Release::parse(text, signer)
    }

    #[test]
    fn a_release_lists_the_indexes_of_this_architecture() {
        let release = parse(TEXT).unwrap();
        assert!(release.heads("bookworm") && release.heads("oldstable"));
        assert!(!release.heads("bookworm-backports") && release.by_hash);
        let file = release.file("main/binary-amd64/Packages.xz").unwrap();
        assert_eq!(
            (file.size, file.sha256.as_str()),
            (42, "a".repeat(64).as_str())
        );
        assert_eq!(release.files.len(), 1);
    }

    #[test]
    fn a_release_of_another_vendor_is_of_no_suite_of_debian() {
        assert!(
            !parse(&TEXT.replace("Origin: Debian", "Origin: Docker"))
                .unwrap()
                .heads("bookworm")
        );
    }

    #[test]
    fn a_release_expires() {
        let at = |text: &str| text.parse().unwrap();
        let release = parse(TEXT).unwrap();
        assert_eq!(release.expired(at("2026-07-18T10:00:00Z")), None);
        assert!(release.expired(at("2026-07-18T10:17:00Z")).is_some());
    }

    #[test]
    fn a_malformed_release_is_refused() {
        for (from, to) in [
            ("SHA256:", "SHA1:"),
            ("    42 main", " -1 main"),
            ("    42 main", " main"),
            ("AAaa", "AAa"),
            ("18 Jul", "some day"),
            ("MD5Sum:", "\nMD5Sum:"),
        ] {
            assert!(parse(&TEXT.replace(from, to)).is_err(), "{from} -> {to}");
        }
    }

    proptest! {
        #[test]
        fn every_index_that_is_listed_is_found(
            listed in proptest::collection::btree_map("[.a-z]{0,5}", any::<(u64, [u64; 4])>(), 0..9),
        ) {
            let hash = |words: &[u64; 4]| words.map(|word| format!("{word:016X}")).concat();
            let sums = listed.iter().map(|(suffix, (size, words))| {
                format!(" {} {size:>9} main/binary-amd64/Packages{suffix}\n", hash(words))
            });
            let text = format!("Origin: Debian\nSHA256:\n{}", sums.collect::<String>());
            let release = parse(&text).unwrap();
            prop_assert_eq!(release.files.len(), listed.len());
            for (suffix, (size, words)) in &listed {
                let file = release.file(&format!("main/binary-amd64/Packages{suffix}")).unwrap();
                prop_assert_eq!((file.size, &file.sha256), (*size, &hash(words).to_lowercase()));
            }
        }
    }
}
