//! What a module says of itself: the section `.modinfo` of an ELF file, as texts
//! `key=value`, each with a NUL behind it.

use std::ops::Range;

use goblin::container::{Container, Ctx};
use goblin::elf::Elf;
use goblin::elf::section_header::SectionHeader;

/// The section, if it is there.
pub(super) fn find(elf: &[u8]) -> Option<&[u8]> {
    let header = Elf::parse_header(elf).ok()?;
    let context = Ctx::new(Container::Big, header.endianness().ok()?);
    let from = usize::try_from(header.e_shoff).ok()?;
    let sections = SectionHeader::parse(elf, from, header.e_shnum.into(), context).ok()?;
    let range = |section: &SectionHeader| -> Option<Range<usize>> {
        let start = usize::try_from(section.sh_offset).ok()?;
        Some(start..start.checked_add(usize::try_from(section.sh_size).ok()?)?)
    };
    let names = elf.get(range(sections.get(usize::from(header.e_shstrndx))?)?)?;
    let is_named = |section: &&SectionHeader| {
        let name = names.get(section.sh_name..).unwrap_or_default();
        name.starts_with(b".modinfo\0")
    };
    elf.get(range(sections.iter().find(is_named)?)?)
}

/// The values of a key.
pub(super) fn values<'a>(info: &'a [u8], key: &'a str) -> impl Iterator<Item = &'a str> {
    info.split(|byte| *byte == 0).filter_map(move |text| {
        let text = str::from_utf8(text).ok()?;
        text.strip_prefix(key)?.strip_prefix('=')
    })
}
