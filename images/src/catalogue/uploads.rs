//! Every upload of Debian's kernels; the catalogue has one of each series.

use anyhow::{Context, Result, ensure};
use guest::Version;

use crate::catalogue::identity::{Vendor, default_arch};
use crate::catalogue::{Catalogue, Entry};
use crate::debian::debian_version::{compare, is_plain};

/// One upload a line: version, suite, time.
const UPLOADS: &str = include_str!("../../uploads.tsv");

impl Catalogue {
    /// This catalogue and every upload to Debian from its first version to its last,
    /// each with its Debian version as its name. A kernel of the catalogue keeps its
    /// own name.
    ///
    /// # Panics
    /// Where `uploads.tsv` is malformed, which a test of this crate rules out.
    #[must_use]
    pub fn with_uploads(mut self) -> Self {
        let uploads = parse(UPLOADS).expect("the built-in uploads.tsv is valid");
        let versions = || self.entries.iter().map(Entry::version);
        let (Some(first), Some(last)) = (versions().min(), versions().max()) else {
            return self;
        };
        for upload in uploads {
            let within = first.series() <= upload.version() && upload.version() <= last;
            let known = self.entries.iter().any(|e| e.debian == upload.debian);
            if within && !known {
                self.entries.push(upload);
            }
        }
        // 3.2~rc4 comes before 3.2.1.
        let by_upstream = |one: &Entry, two: &Entry| one.version().cmp(&two.version());
        self.entries
            .sort_by(|a, b| by_upstream(a, b).then_with(|| compare(&a.debian, &b.debian)));
        self
    }
}

pub(crate) fn parse(text: &str) -> Result<Vec<Entry>> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| entry(line).with_context(|| format!("{line:?} is no upload")))
        .collect()
}

fn entry(line: &str) -> Result<Entry> {
    let mut fields = line.split('\t');
    let mut next = || fields.next().context("a field is missing");
    let (debian, suite, uploaded) = (next()?, next()?, next()?);
    Version::leading(debian)?;
    ensure!(is_plain(debian), "{debian:?} is no Debian version");
    Ok(Entry {
        name: debian.to_owned(),
        debian: debian.to_owned(),
        suite: suite.to_owned(),
        uploaded: uploaded.parse()?,
        vendor: Vendor::default(),
        arch: default_arch(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_an_upload() {
        let uploads = parse(UPLOADS).unwrap();
        assert!(uploads.len() > 600, "{}", uploads.len());
        assert!(parse("3.2.1-1\tunstable").is_err());
        assert!(parse("linux\tunstable\t2012-01-18T16:14:12Z").is_err());
    }

    #[test]
    fn uploads_stand_between_the_kernels_of_the_catalogue() {
        let all = Catalogue::builtin().with_uploads();
        let at = |name: &str| {
            let position = all.entries.iter().position(|entry| entry.name == name);
            position.unwrap_or_else(|| panic!("{name} is missing"))
        };
        // The catalogue's own 3.10 is the upload 3.10.11-1, which is not there twice.
        assert!(all.entries.iter().all(|entry| entry.name != "3.10.11-1"));
        assert!(at("3.10.7-1") < at("3.10"));
        assert!(at("3.10") < at("3.11"));
        assert!(at("3.2~rc4-1~experimental.1") < at("3.2.1-1"));
        assert!(all.entries.is_sorted_by_key(Entry::version));
    }
}
