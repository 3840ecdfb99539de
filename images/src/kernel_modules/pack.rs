//! Makes one file of all modules of a kernel.

use std::io::{self, Read};

use flate2::read::GzDecoder;
use guest::{ModuleEntry, ModuleIndex};
use lz4_flex::block::compress;

use super::modinfo;
use crate::files::read::{Limited, unxz};

/// The largest of Debian's have some 10 MB.
const MAX_MODULE: u64 = 64 << 20;
/// The plain flavour of Debian has some 4,500.
const MAX_MODULES: usize = 50_000;
/// Of all modules together, packed; those of the plain flavour take some 200 MB.
const MAX_PACKED: usize = 1 << 30;
/// A machine is given a file of a length that is a power of two, and no less.
const SMALLEST: usize = 1 << 20;

/// Takes the files below a kernel's `lib/modules/RELEASE`, in any order.
#[derive(Default)]
pub(crate) struct ModulePacker {
    index: ModuleIndex,
    packed: Vec<u8>,
}

impl ModulePacker {
    /// Takes a file, if it is of use here. Others are not read.
    pub(crate) fn take(&mut self, name: &str, file: impl Read) -> io::Result<()> {
        let name = name.rsplit('/').next().unwrap_or(name);
        let file = Limited::new(file, MAX_MODULE);
        let texts = |text: &[u8], end: u8| -> Vec<String> {
            let texts = text.split(|byte| *byte == end);
            let texts = texts.filter_map(|text| str::from_utf8(text).ok());
            texts.map(str::to_owned).collect()
        };
        match name {
            // Lines, as `kernel/fs/ext4/ext4.ko`.
            "modules.builtin" => {
                let lines = texts(&whole(file)?, b'\n');
                let names = lines.iter().filter_map(|line| module_name(line));
                self.index.builtin.extend(names);
            }
            // Texts, as `ext4.alias=fs-ext4`.
            "modules.builtin.modinfo" => {
                let texts = texts(&whole(file)?, 0);
                let aliases = texts.iter().filter_map(|text| {
                    let (_, rest) = text.split_once('.')?;
                    rest.strip_prefix("alias=").map(str::to_owned)
                });
                self.index.builtin.extend(aliases);
            }
            _ => {
                if let Some(module) = module_name(name) {
                    let bytes = unpacked(name, file)?;
                    self.add(module, &bytes)?;
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, name: String, bytes: &[u8]) -> io::Result<()> {
        if self.index.modules.len() >= MAX_MODULES {
            return Err(io::Error::other("more modules than a kernel has"));
        }
        if self.packed.len() > MAX_PACKED {
            let why = "its modules have over 1 GiB, with debug information it seems: install \
                       them with INSTALL_MOD_STRIP=1";
            return Err(io::Error::other(why));
        }
        let info = modinfo::find(bytes);
        let info = info.ok_or_else(|| io::Error::other(format!("{name} is no kernel module")))?;
        let names = |key, between: fn(char) -> bool| -> Vec<String> {
            let values = modinfo::values(info, key);
            let names = values.flat_map(|value| value.split(between));
            names
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect()
        };
        // `softdep=pre: a b post: c`.
        let (mut before, mut after, mut is_after) = (Vec::new(), Vec::new(), false);
        for word in names("softdep", char::is_whitespace) {
            match word.as_str() {
                "pre:" => is_after = false,
                "post:" => is_after = true,
                _ if is_after => after.push(word),
                _ => before.push(word),
            }
        }
        self.packed.extend(info);
        let packed = compress(bytes);
        self.index.modules.push(ModuleEntry {
            name,
            at: self.packed.len(),
            packed: packed.len(),
            size: bytes.len(),
            info: info.len(),
            needs: names("depends", |each| each == ','),
            before,
            after,
            aliases: names("alias", |_| false),
        });
        self.packed.extend(packed);
        Ok(())
    }

    /// The file, or none if there was no module.
    pub(crate) fn finish(self) -> io::Result<Option<Vec<u8>>> {
        if self.index.modules.is_empty() {
            return Ok(None);
        }
        modules_file(&self.index, &self.packed).map(Some)
    }
}

/// The file of a kernel whose modules cannot be had, which says why.
///
/// # Errors
/// If it cannot be written.
pub fn no_modules(why: String) -> io::Result<Vec<u8>> {
    let index = ModuleIndex {
        none: Some(why),
        ..ModuleIndex::default()
    };
    modules_file(&index, &[])
}

/// A file with this index, in a length that a machine can be given.
fn modules_file(index: &ModuleIndex, packed: &[u8]) -> io::Result<Vec<u8>> {
    let mut file = index.file(packed)?;
    let length = file.len().next_power_of_two().max(SMALLEST);
    file.resize(length, 0);
    Ok(file)
}

/// The name of the module in a file of this path.
pub(super) fn module_name(path: &str) -> Option<String> {
    let name = path.rsplit('/').next()?;
    let (stem, rest) = name.split_once(".ko")?;
    let is_module = ["", ".xz", ".zst", ".gz"].contains(&rest) && !stem.is_empty();
    is_module.then(|| stem.replace('-', "_"))
}

fn unpacked(name: &str, file: impl Read) -> io::Result<Vec<u8>> {
    let unpacked: Box<dyn Read + '_> = match name.rsplit('.').next() {
        Some("xz") => Box::new(unxz(file)?),
        Some("zst") => {
            let decoder = ruzstd::decoding::StreamingDecoder::new(file);
            Box::new(decoder.map_err(io::Error::other)?)
        }
        Some("gz") => Box::new(GzDecoder::new(file)),
        _ => Box::new(file),
    };
    whole(Limited::new(unpacked, MAX_MODULE))
}

fn whole(mut file: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use liblzma::write::XzEncoder;
    use test_archive::kernel_module as module;

    use super::*;

    #[test]
    fn what_modules_say_of_themselves_is_the_index() {
        let overlay = "alias=fs-overlay\0license=GPL\0depends=exportfs,crc32c\0softdep=pre: \
                       sha256 post: late\0";
        let overlay = module(overlay);
        let mut packed = XzEncoder::new(Vec::new(), 1);
        packed.write_all(&overlay).unwrap();
        let packed = packed.finish().unwrap();
        let mut packer = ModulePacker::default();
        packer.take("kernel/fs/overlay.ko.xz", &*packed).unwrap();
        packer
            .take("kernel/a-b.ko", &*module("depends=\0"))
            .unwrap();
        packer
            .take("modules.builtin", &b"kernel/fs/ext4/ext4.ko\n"[..])
            .unwrap();
        let modinfo = &b"ext4.license=GPL\0ext4.alias=fs-ext4\0"[..];
        packer.take("modules.builtin.modinfo", modinfo).unwrap();
        packer.take("modules.order", &b"x.ko"[..]).unwrap();

        let file = packer.finish().unwrap().unwrap();
        assert_eq!(file.len(), SMALLEST);
        let (index, rest) = ModuleIndex::of_file(&file).unwrap();
        assert_eq!(index.builtin, ["ext4", "fs-ext4"]);
        let [entry, other] = &index.modules[..] else {
            panic!("{index:?}")
        };
        assert_eq!((&*entry.name, &*other.name), ("overlay", "a_b"));
        assert_eq!(entry.needs, ["exportfs", "crc32c"]);
        assert_eq!(
            (&entry.before[..], &entry.after[..]),
            (&["sha256".to_owned()][..], &["late".to_owned()][..])
        );
        assert_eq!(entry.aliases, ["fs-overlay"]);
        let bytes = &rest[entry.at..][..entry.packed];
        assert_eq!(
            lz4_flex::block::decompress(bytes, entry.size).unwrap(),
            overlay
        );
        assert!(rest[entry.at - entry.info..].starts_with(b"alias=fs-overlay\0license"));
    }

    #[test]
    fn what_is_no_module_is_refused() {
        let mut packer = ModulePacker::default();
        for bytes in [&b""[..], b"\x7fELF", &module("")[..70], &[0; 200]] {
            let refused = packer.take("kernel/x.ko", bytes).unwrap_err();
            assert!(
                refused.to_string().contains("x is no kernel module"),
                "{refused}"
            );
        }
        packer.take("kernel/x.ko", io::repeat(0)).unwrap_err();
        assert!(packer.finish().unwrap().is_none());
    }
}
