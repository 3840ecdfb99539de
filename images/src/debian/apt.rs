//! The mirrors that this machine's own apt uses.
//!
//! Formats: sources.list(5). What apt itself would not use is left out:
//! disabled entries, source packages, and methods other than http, https and
//! file.

use std::fs;
use std::path::Path;

use deb822_fast::{Deb822, Paragraph};

use crate::files::read::read_text;

/// One place to get packages from, and the suites that apt asks it for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AptSource {
    /// Base URL without a final slash.
    pub(crate) uri: String,
    pub(crate) suites: Vec<String>,
}

/// Reads `sources.list` and `sources.list.d` under `/etc/apt`, or what stands
/// for it. A machine without apt has none; a file that cannot be read or
/// understood is passed over, as another one may serve.
pub(crate) fn sources(apt: &Path) -> Vec<AptSource> {
    let mut files = vec![apt.join("sources.list")];
    if let Ok(dir) = fs::read_dir(apt.join("sources.list.d")) {
        let mut parts: Vec<_> = dir.filter_map(|entry| Some(entry.ok()?.path())).collect();
        parts.sort();
        files.extend(parts);
    }
    let mut all: Vec<AptSource> = Vec::new();
    for file in files {
        let Ok(text) = read_text(&file) else {
            continue;
        };
        let found = match file.extension().and_then(|extension| extension.to_str()) {
            Some("list") => parse_list(&text),
            Some("sources") => parse_deb822(&text),
            _ => continue,
        };
        for source in found {
            match all.iter_mut().find(|known| known.uri == source.uri) {
                Some(known) => known.suites.extend(source.suites),
                None => all.push(source),
            }
        }
    }
    all
}

/// One-line style: `deb [option=value ...] uri suite component...`.
pub(crate) fn parse_list(text: &str) -> Vec<AptSource> {
    let mut sources = Vec::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        let Some(rest) = line
            .strip_prefix("deb")
            .filter(|rest| rest.starts_with([' ', '\t', '[']))
        else {
            continue;
        };
        let rest = rest.trim_start();
        let rest = match rest.strip_prefix('[') {
            Some(options) => options.split_once(']').map_or("", |(_, rest)| rest),
            None => rest,
        };
        let mut words = rest.split_whitespace();
        if let (Some(uri), Some(suite)) = (words.next().and_then(usable), words.next()) {
            let suites = vec![suite.to_owned()];
            sources.push(AptSource { uri, suites });
        }
    }
    sources
}

/// deb822 style.
pub(crate) fn parse_deb822(text: &str) -> Vec<AptSource> {
    let Ok(file) = text.parse::<Deb822>() else {
        return Vec::new();
    };
    file.iter().flat_map(paragraph).collect()
}

fn paragraph(fields: &Paragraph) -> Vec<AptSource> {
    let words = |name| fields.get(name).unwrap_or_default().split_whitespace();
    let enabled = !fields.get("Enabled").is_some_and(|value| {
        matches!(
            value.trim().to_ascii_lowercase().as_str(),
            "no" | "false" | "off" | "0"
        )
    });
    if !enabled || !words("Types").any(|kind| kind == "deb") {
        return Vec::new();
    }
    let suites: Vec<_> = words("Suites").map(str::to_owned).collect();
    let uris = words("URIs").filter_map(usable);
    uris.map(|uri| AptSource {
        uri,
        suites: suites.clone(),
    })
    .collect()
}

/// A URI whose method is known here; apt writes `file:/srv/debian`, too.
fn usable(uri: &str) -> Option<String> {
    let uri = uri.trim_end_matches('/');
    if let Some(path) = uri.strip_prefix("file:/") {
        return Some(format!("file:///{}", path.trim_start_matches('/')));
    }
    let known = uri.starts_with("http://") || uri.starts_with("https://");
    known.then(|| uri.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(uri: &str, suites: &[&str]) -> AptSource {
        AptSource {
            uri: uri.to_owned(),
            suites: suites.iter().map(|suite| (*suite).to_owned()).collect(),
        }
    }

    #[test]
    fn both_formats_are_read_from_where_apt_reads_them() {
        let dir = tempfile::tempdir().unwrap();
        let parts = dir.path().join("sources.list.d");
        fs::create_dir(&parts).unwrap();
        let write = |path: &str, text: &str| fs::write(dir.path().join(path), text).unwrap();
        write(
            "sources.list",
            "# deb http://old.example.org/debian sid main\n\
             deb http://a.example.org/debian/ bookworm main contrib # comment\n\
             deb-src http://src.example.org/debian bookworm main\n\
             deb [arch=amd64 signed-by=/k.gpg] https://b.example.org/debian trixie main\n\
             deb cdrom:[Debian]/ bookworm main\n\
             deb\n",
        );
        write(
            "sources.list.d/debian.sources",
            "# comment\nTypes: deb deb-src\nURIs: http://a.example.org/debian file:/srv/debian\n\
             Suites: bookworm-updates\n  sid\nComponents: main\n\n\
             Types: deb\nEnabled: no\nURIs: http://off.example.org\nSuites: sid\n\n\
             Types: deb-src\nURIs: http://src.example.org\nSuites: sid\n",
        );
        write(
            "sources.list.d/disabled.list.save",
            "deb http://save.example.org sid main\n",
        );
        assert_eq!(
            sources(dir.path()),
            [
                source(
                    "http://a.example.org/debian",
                    &["bookworm", "bookworm-updates", "sid"]
                ),
                source("https://b.example.org/debian", &["trixie"]),
                source("file:///srv/debian", &["bookworm-updates", "sid"]),
            ]
        );
    }

    #[test]
    fn a_machine_without_apt_has_no_sources() {
        assert_eq!(sources(Path::new("/nowhere")), []);
    }
}
