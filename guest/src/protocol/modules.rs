//! The kernel's modules, as one file that the machine gets as the memory of a device: a
//! mark, the length of the index, the index, and the modules, each compressed (LZ4
//! block).
//!
//! The host has verified them. A program that is root in the guest cannot write there:
//! the machine's view of the file is its own.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// The first bytes, by which the guest knows the device.
pub const MODULES_MARK: [u8; 8] = *b"strata m";
/// Where the index begins, in bytes from the file's beginning; its length stands before it.
const INDEX_AT: usize = 16;

/// What is in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleIndex {
    /// Why there are none, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub none: Option<String>,
    /// The modules.
    pub modules: Vec<ModuleEntry>,
    /// What is built into the kernel: names, and aliases of it.
    pub builtin: Vec<String>,
}

/// One module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleEntry {
    /// Its name, with underscores.
    pub name: String,
    /// Where it begins, in bytes after the index.
    pub at: usize,
    /// Its bytes there.
    pub packed: usize,
    /// Its bytes as the kernel takes them.
    pub size: usize,
    /// What it says of itself (its section `.modinfo`), not compressed, stands in this
    /// many bytes before it.
    pub info: usize,
    /// What it needs, by `depends`.
    pub needs: Vec<String>,
    /// What is loaded before it where there is such a module, by `softdep`.
    pub before: Vec<String>,
    /// What is loaded after it where there is such a module, by `softdep`.
    pub after: Vec<String>,
    /// Patterns of names under which it is asked for (glob(7)).
    pub aliases: Vec<String>,
}

impl ModuleIndex {
    /// The file with these modules, each compressed already, in the order of the index.
    ///
    /// # Errors
    /// If the index has no JSON form.
    pub fn file(&self, packed: &[u8]) -> serde_json::Result<Vec<u8>> {
        let index = serde_json::to_vec(self)?;
        let length = (index.len() as u64).to_le_bytes();
        Ok([&MODULES_MARK, &length[..], &index, packed].concat())
    }

    /// The index of a file, and what comes after it; none if it is no such file.
    #[must_use]
    pub fn of_file(file: &[u8]) -> Option<(Self, &[u8])> {
        let (head, rest) = file.split_at_checked(INDEX_AT)?;
        let (mark, length) = head.split_at(MODULES_MARK.len());
        let length = u64::from_le_bytes(length.try_into().ok()?);
        let (index, packed) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        let index = serde_json::from_slice(index).ok()?;
        (mark == MODULES_MARK).then_some((index, packed))
    }

    /// The modules that a name or an alias means, each after what it needs; empty if all
    /// of it is built in. None if there is no such module.
    #[must_use]
    pub fn wanted(&self, name: &str) -> Option<Vec<&ModuleEntry>> {
        let named: BTreeMap<&str, &ModuleEntry> =
            (self.modules.iter().map(|module| (&*module.name, module))).collect();
        let plain = plain(name);
        let mut found: Vec<&ModuleEntry> = named.get(&*plain).copied().into_iter().collect();
        if found.is_empty() {
            let is_meant = |module: &&ModuleEntry| {
                let mut aliases = module.aliases.iter();
                aliases.any(|alias| matches(self::plain(alias).as_bytes(), plain.as_bytes()))
            };
            found.extend(self.modules.iter().filter(is_meant));
        }
        if found.is_empty() {
            let mut builtin = self.builtin.iter();
            let is_there = |it: &String| matches(self::plain(it).as_bytes(), plain.as_bytes());
            return builtin.any(is_there).then(Vec::new);
        }
        let mut ordered = Vec::new();
        let mut seen = BTreeSet::new();
        for module in found {
            order(module, &named, &mut seen, &mut ordered);
        }
        Some(ordered)
    }
}

/// Adds a module after what it needs. Each is added once, so a circle ends.
fn order<'a>(
    module: &'a ModuleEntry,
    named: &BTreeMap<&str, &'a ModuleEntry>,
    seen: &mut BTreeSet<&'a str>,
    ordered: &mut Vec<&'a ModuleEntry>,
) {
    if !seen.insert(&module.name) {
        return;
    }
    let of = |names: &'a [String]| names.iter().map(|name| plain(name));
    for name in of(&module.before).chain(of(&module.needs)) {
        if let Some(other) = named.get(&*name) {
            order(other, named, seen, ordered);
        }
    }
    ordered.push(module);
    for name in of(&module.after) {
        if let Some(other) = named.get(&*name) {
            order(other, named, seen, ordered);
        }
    }
}

/// A module's name as the kernel has it. In a set of characters, `-` stays.
fn plain(name: &str) -> String {
    let mut in_set = false;
    let plain = name.chars().map(|each| {
        in_set = match each {
            '[' => true,
            ']' => false,
            _ => in_set,
        };
        if each == '-' && !in_set { '_' } else { each }
    });
    plain.collect()
}

/// Whether a text is of a pattern with `*`, `?` and `[…]` (glob(7)).
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut of) = (0, 0);
    // Where to go on with one more byte for the last star.
    let mut star = None;
    while of < text.len() {
        let one = match pattern.get(at) {
            Some(b'*') => {
                star = Some((at + 1, of));
                at += 1;
                continue;
            }
            Some(b'[') => of_set(&pattern[at..], text[of]),
            Some(b'?') => Some(1),
            Some(each) => (*each == text[of]).then_some(1),
            None => None,
        };
        match (one, star) {
            (Some(length), _) => {
                at += length;
                of += 1;
            }
            (None, Some((after, from))) => {
                at = after;
                of = from + 1;
                star = Some((after, of));
            }
            (None, None) => return false,
        }
    }
    pattern[at..].iter().all(|each| *each == b'*')
}

/// The length of a set at the pattern's beginning, if the byte is of it.
fn of_set(pattern: &[u8], byte: u8) -> Option<usize> {
    let end = pattern.iter().position(|each| *each == b']')?;
    let mut set = &pattern[1..end];
    while let [first, rest @ ..] = set {
        let (last, rest) = match rest {
            [b'-', last, rest @ ..] => (last, rest),
            _ => (first, rest),
        };
        if (*first..=*last).contains(&byte) {
            return Some(end + 1);
        }
        set = rest;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(name: &str, needs: &[&str], aliases: &[&str]) -> ModuleEntry {
        let own = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        ModuleEntry {
            name: name.to_owned(),
            needs: own(needs),
            aliases: own(aliases),
            ..ModuleEntry::default()
        }
    }

    fn wanted(index: &ModuleIndex, name: &str) -> Option<String> {
        let names = index.wanted(name)?.into_iter().map(|it| it.name.clone());
        Some(names.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn a_module_comes_after_what_it_needs() {
        let index = ModuleIndex {
            modules: vec![
                module("a", &["b", "c"], &[]),
                module("b", &["c"], &[]),
                module("c", &["ext4"], &[]),
                ModuleEntry {
                    before: vec!["a".to_owned(), "missing".to_owned()],
                    after: vec!["e".to_owned()],
                    ..module("d", &[], &[])
                },
                module("e", &[], &[]),
                module("x", &["y"], &[]),
                module("y", &["x"], &[]),
            ],
            builtin: vec!["ext4".to_owned(), "fs-ext*".to_owned()],
            ..ModuleIndex::default()
        };
        for (name, order) in [
            ("a", Some("c b a")),
            ("d", Some("c b a d e")),
            ("x", Some("y x")),
            ("ext4", Some("")),
            ("fs-ext3", Some("")),
            ("missing", None),
        ] {
            assert_eq!(wanted(&index, name).as_deref(), order, "{name}");
        }
    }

    #[test]
    fn an_alias_is_a_pattern() {
        let virtio = "virtio:d00000001v*";
        let index = ModuleIndex {
            modules: vec![
                module("nf_tables", &[], &["nfnetlink-subsys-10"]),
                module("virtio_net", &[], &[virtio]),
                module("e1000", &[], &["pci:v00008086d0000100[0-4A]sv*"]),
                module("other", &[], &["net-pf-?-proto-*-type-*"]),
            ],
            ..ModuleIndex::default()
        };
        for (name, found) in [
            ("nf-tables", Some("nf_tables")),
            ("nfnetlink-subsys-10", Some("nf_tables")),
            ("nfnetlink_subsys_10", Some("nf_tables")),
            ("nfnetlink-subsys-1", None),
            ("virtio:d00000001v00001af4", Some("virtio_net")),
            ("virtio:d00000002v00001af4", None),
            ("pci:v00008086d00001003sv1", Some("e1000")),
            ("pci:v00008086d0000100Asv", Some("e1000")),
            ("pci:v00008086d00001005sv", None),
            ("net-pf-2-proto-17-type-5", Some("other")),
            ("net-pf-16-proto-17-type-5", None),
        ] {
            assert_eq!(wanted(&index, name).as_deref(), found, "{name}");
        }
    }

    #[test]
    fn a_file_holds_the_index_and_the_modules() {
        let index = ModuleIndex {
            modules: vec![module("a", &[], &["b*"])],
            ..ModuleIndex::default()
        };
        let mut file = index.file(b"packed").unwrap();
        assert_eq!(ModuleIndex::of_file(&file), Some((index, &b"packed"[..])));
        file[0] += 1;
        assert_eq!(ModuleIndex::of_file(&file), None);
        for length in 0..file.len() - 6 {
            assert_eq!(ModuleIndex::of_file(&file[..length]), None);
        }
    }
}
