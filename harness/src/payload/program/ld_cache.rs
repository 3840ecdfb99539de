//! `/etc/ld.so.cache`: where the dynamic linker of this host finds libraries.

use std::collections::HashMap;
use std::ffi::CStr;
use std::fs;
use std::path::{Path, PathBuf};

/// Where it is.
pub(super) const LD_CACHE: &str = "/etc/ld.so.cache";

/// What the file begins with (glibc, sysdeps/generic/dl-cache.h).
const MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
const HEADER: usize = 48;
const ENTRY: usize = 24;

/// The libraries that a cache names, in its order, for all processors; none if there is
/// no cache in the current format.
pub(super) fn read() -> HashMap<String, Vec<PathBuf>> {
    let bytes = fs::read(LD_CACHE).unwrap_or_default();
    parse(&bytes).unwrap_or_default()
}

pub(crate) fn parse(bytes: &[u8]) -> Option<HashMap<String, Vec<PathBuf>>> {
    // Before glibc 2.32, the older format preceded the current one.
    let start = bytes.windows(MAGIC.len()).position(|part| part == MAGIC)?;
    let bytes = &bytes[start..];
    let mut libraries: HashMap<String, Vec<PathBuf>> = HashMap::new();
    for index in 0..number(bytes, MAGIC.len())? {
        let entry = HEADER + index * ENTRY;
        let hardware = bytes.get(entry + 16..entry + 24)?;
        // Built for a newer processor than the machine's.
        if hardware != [0; 8] {
            continue;
        }
        let name = string(bytes, number(bytes, entry + 4)?)?;
        let path = string(bytes, number(bytes, entry + 8)?)?;
        let paths = libraries.entry(name.to_owned()).or_default();
        paths.push(Path::new(path).to_owned());
    }
    Some(libraries)
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let number = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(number)).ok()
}

fn string(bytes: &[u8], at: usize) -> Option<&str> {
    CStr::from_bytes_until_nul(bytes.get(at..)?)
        .ok()?
        .to_str()
        .ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;

    fn cache(hardware: u64) -> Vec<u8> {
        let strings = b"libx.so.1\0/opt/libx.so.1\0";
        let mut bytes = b"older".to_vec();
        bytes.extend(MAGIC);
        bytes.extend(1u32.to_le_bytes());
        bytes.extend([0; HEADER - MAGIC.len() - 4]);
        let first = (HEADER + ENTRY) as u32;
        for number in [0x303, first, first + 10, 0] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(hardware.to_le_bytes());
        bytes.extend(strings);
        bytes
    }

    #[test]
    fn an_entry_is_a_name_and_a_path() {
        let libraries = parse(&cache(0)).unwrap();
        assert_eq!(libraries["libx.so.1"], [Path::new("/opt/libx.so.1")]);
        assert!(parse(&cache(2)).unwrap().is_empty());
    }

    #[test]
    fn a_broken_cache_is_none() {
        let whole = cache(0);
        for length in 0..whole.len() {
            assert!(parse(&whole[..length]).is_none(), "{length} bytes");
        }
    }

    proptest! {
        #[test]
        fn libraries_are_named_in_their_order(
            libraries in proptest::collection::vec(("lib[a-c]", "/[a-z/]{0,9}"), 0..9),
            older in proptest::collection::vec(any::<u8>(), 0..99),
            cut in any::<Index>(),
        ) {
            let mut entries = Vec::new();
            let mut strings = Vec::new();
            let start = HEADER + ENTRY * libraries.len();
            for (name, path) in &libraries {
                let mut place = |text: &str| {
                    let place = (start + strings.len()) as u32;
                    strings.extend(text.bytes());
                    strings.push(0);
                    place
                };
                for number in [0x303, place(name), place(path), 0, 0, 0] {
                    entries.extend(number.to_le_bytes());
                }
            }
            let mut bytes = older;
            bytes.extend(MAGIC);
            bytes.extend((libraries.len() as u32).to_le_bytes());
            bytes.extend([0; HEADER - MAGIC.len() - 4]);
            bytes.extend(entries);
            bytes.extend(strings);
            let found = parse(&bytes).unwrap();
            for (name, paths) in &found {
                let named = libraries.iter().filter(|(library, _)| library == name);
                prop_assert!(named.map(|(_, path)| Path::new(path)).eq(paths));
            }
            let total: usize = found.values().map(Vec::len).sum();
            prop_assert_eq!(total, libraries.len());
            parse(&bytes[..cut.index(bytes.len())]);
        }
    }
}
