//! The names of kernels on the page.

use guest::Arch;

use crate::results::Row;

/// A kernel's name on the page, which no other one has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    /// For people: its version where no other kernel has it, else its name.
    pub(super) label: String,
    /// The architecture, where it is not the host's.
    pub(super) arch: Option<&'static Arch>,
    /// For fragments of addresses: the label in safe characters.
    slug: String,
}

impl Column {
    /// The columns of all kernels.
    pub(super) fn of(rows: &[Row]) -> Vec<Self> {
        // From short to long.
        let labels = |row: &Row| {
            let version = row.likely_version().map(|version| match row.other_arch() {
                Some(arch) => format!("{arch}/{version}"),
                None => version.to_string(),
            });
            let long = format!("{} ({})", row.spec, version.as_deref().unwrap_or_default());
            [
                version.unwrap_or_else(|| row.name.clone()),
                row.name.clone(),
                long,
            ]
        };
        let all: Vec<[String; 3]> = rows.iter().map(labels).collect();
        let is_one = |length: usize, label: &String| {
            all.iter().filter(|other| other[length] == *label).count() == 1
        };
        let mut columns: Vec<Self> = Vec::new();
        for (number, (row, own)) in rows.iter().zip(&all).enumerate() {
            let mut labels = own.iter().enumerate();
            let label = labels.find(|(length, label)| is_one(*length, label));
            let numbered = || format!("{} #{}", row.name, number + 1);
            let label = label.map_or_else(numbered, |(_, label)| label.clone());
            let mut slug = slug(&label);
            if columns.iter().any(|column| column.slug == slug) {
                slug = format!("{slug}~{number}");
            }
            let arch = row.other_arch();
            columns.push(Self { label, arch, slug });
        }
        columns
    }

    /// Where the kernels of a further architecture begin.
    pub(super) fn ends(columns: &[Self]) -> Vec<usize> {
        let begins = |at: &usize| columns[*at].arch != columns[at - 1].arch;
        (1..columns.len()).filter(begins).collect()
    }

    /// The address of the kernel itself.
    pub(super) fn anchor(&self) -> String {
        format!("kernel@{}", self.slug)
    }

    /// The address of a cell.
    pub(super) fn cell(&self, scenario: &str) -> String {
        format!("{}@{}", fragment(scenario), self.slug)
    }

    /// The series and the rest of the version: `3.10` and `.108`; without its architecture.
    pub(super) fn parts(&self) -> (&str, &str) {
        let of_arch = self.arch.and_then(|arch| {
            let rest = self.label.strip_prefix(arch.title())?;
            rest.strip_prefix('/')
        });
        let label = of_arch.unwrap_or(&self.label);
        let dots = label.match_indices('.').map(|(at, _)| at);
        let is_version = |c: char| c.is_ascii_digit() || c == '.';
        match dots.into_iter().nth(1) {
            Some(dot) if label.chars().all(is_version) => label.split_at(dot),
            _ => (label, ""),
        }
    }
}

/// A scenario's or a case's name in an address, which no other one has, nor a part of the
/// page.
pub(super) fn fragment(name: &str) -> String {
    let mut fragment = String::new();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() || "._+-:/".contains(c) {
            fragment.push(c);
        } else {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                fragment.push_str(&format!("~{byte:02x}"));
            }
        }
    }
    // What the page has before an @ itself.
    if ["kernel", "test", "case"].contains(&name) {
        fragment.push('~');
    }
    fragment
}

/// Replaces all but letters, digits and a few signs.
fn slug(text: &str) -> String {
    let harmless = |c: char| {
        if c.is_ascii_alphanumeric() || "._+-".contains(c) {
            c
        } else {
            '_'
        }
    };
    text.chars().map(harmless).collect()
}

#[cfg(test)]
mod tests {
    use guest::RunningKernel;

    use super::*;

    fn labels(kernels: &[(&str, &str, &str)]) -> Vec<String> {
        let row = |(name, spec, release): &(&str, &str, &str)| Row {
            kernel: Some(RunningKernel {
                release: (*release).to_owned(),
                version: "#1 SMP".to_owned(),
            }),
            ..Row::new(*name, *spec)
        };
        let rows: Vec<Row> = kernels.iter().map(row).collect();
        let columns = Column::of(&rows);
        columns.into_iter().map(|column| column.label).collect()
    }

    #[test]
    fn a_kernel_is_called_by_its_version_unless_another_has_it_too() {
        assert_eq!(
            labels(&[("3.10", "3.10", "3.10.11"), ("6.1", "6.1", "6.1.9")]),
            ["3.10.11", "6.1.9"]
        );
        assert_eq!(
            labels(&[("mine", "./mine", "6.1.9"), ("6.1", "6.1", "6.1.9")]),
            ["mine", "6.1"]
        );
        assert_eq!(
            labels(&[("k", "a/k", "6.1.9"), ("k", "b/k", "6.1.9")]),
            ["a/k (6.1.9)", "b/k (6.1.9)"]
        );
        let both = [
            ("6.1", "6.1", "6.1.9"),
            ("6.12", "6.12", "6.12.1"),
            ("arm64/6.1", "arm64/6.1", "6.1.9"),
        ];
        assert_eq!(labels(&both), ["6.1.9", "6.12.1", "arm64/6.1.9"]);
        let rows = both.map(|(name, spec, _)| Row::new(name, spec));
        let columns = Column::of(&rows);
        assert_eq!(Column::ends(&columns), [2]);
        assert_eq!(columns[2].parts(), ("6.1", ""));
        assert!(Column::ends(&columns[..2]).is_empty());
    }

    #[test]
    fn an_address_holds_nothing_that_would_have_to_be_escaped() {
        let row = Row::new("<b> &\"", "x");
        let column = &Column::of(&[row])[0];
        assert_eq!(column.cell("one"), "one@_b____");
    }

    #[test]
    fn cases_have_addresses_of_their_own() {
        let names = [
            "a::b c", "a::b_c", "a::b/c", "a::b~20c", "a::ü", "kernel", "kernel~",
        ];
        let mut fragments = names.map(fragment).to_vec();
        assert_eq!(fragments[0], "a::b~20c");
        assert_eq!(fragment("unshare_newuts"), "unshare_newuts");
        fragments.sort();
        fragments.dedup();
        assert_eq!(fragments.len(), names.len(), "{fragments:?}");
        assert!(!fragments.iter().any(|fragment| fragment == "kernel"));
    }

    #[test]
    fn a_version_is_its_series_and_the_rest() {
        let parts = |label: &str| {
            let label = label.to_owned();
            let column = Column {
                slug: label.clone(),
                arch: None,
                label,
            };
            let (series, rest) = column.parts();
            (series.to_owned(), rest.to_owned())
        };
        assert_eq!(parts("3.10.108"), ("3.10".to_owned(), ".108".to_owned()));
        assert_eq!(parts("3.12"), ("3.12".to_owned(), String::new()));
        assert_eq!(parts("own.3.12"), ("own.3.12".to_owned(), String::new()));
    }
}
