//! The two headers of an RPM: an index of tags, and a store with their values.

/// How each header begins; version 1.
const MAGIC: [u8; 4] = [0x8e, 0xad, 0xe8, 0x01];
/// Magic, four bytes that are reserved, and the two lengths.
const PREAMBLE: usize = 16;
/// A tag, its type, its place in the store, how many values it has.
const ENTRY: usize = 16;
/// The largest number of tags that `rpm` takes.
const MAX_TAGS: usize = 1 << 16;
/// Those of a kernel with all its modules have some 2 MiB.
const MAX_STORE: usize = 32 << 20;

/// A header, as the bytes that hold it.
#[derive(Clone, Copy, Debug)]
pub(super) struct RpmHeader<'a> {
    /// All of it, as it is signed.
    pub(super) bytes: &'a [u8],
    index: &'a [[u8; ENTRY]],
    store: &'a [u8],
}

impl<'a> RpmHeader<'a> {
    /// The header at the start of some bytes, and what follows it.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), String> {
        let preamble = bytes.get(..PREAMBLE).ok_or("it ends before a header")?;
        if preamble[..4] != MAGIC {
            return Err("there is no header where one should be".to_owned());
        }
        let tags = number(&preamble[8..12]);
        let length = number(&preamble[12..16]);
        if tags == 0 || tags > MAX_TAGS {
            return Err(format!("a header of {tags} tags"));
        }
        if length > MAX_STORE {
            return Err(format!("a header of {length} bytes"));
        }
        let end_of_index = PREAMBLE + tags * ENTRY;
        let whole = bytes.get(..end_of_index + length);
        let whole = whole.ok_or("it ends within a header")?;
        let header = Self {
            bytes: whole,
            index: whole[PREAMBLE..end_of_index].as_chunks().0,
            store: &whole[end_of_index..],
        };
        Ok((header, &bytes[whole.len()..]))
    }

    /// The first text of a tag, be it one text or a list of them.
    pub(super) fn text(&self, tag: u32) -> Option<&'a str> {
        self.texts(tag).next()
    }

    /// The texts of a tag.
    pub(super) fn texts(&self, tag: u32) -> impl Iterator<Item = &'a str> + use<'a> {
        // One, a list, a list in the languages of people.
        let found = [6, 8, 9].iter().find_map(|kind| self.value(tag, *kind));
        let (value, count) = found.unwrap_or((&[], 0));
        // What has no end is no text.
        let end = value.iter().rposition(|byte| *byte == 0).unwrap_or(0);
        let texts = value[..end].split(|byte| *byte == 0).take(count);
        texts.filter_map(|text| str::from_utf8(text).ok())
    }

    /// The first number of a tag.
    pub(super) fn number(&self, tag: u32) -> Option<usize> {
        let (value, _) = self.value(tag, 4)?;
        value.get(..4).map(number)
    }

    /// The bytes of a tag.
    pub(super) fn bytes(&self, tag: u32) -> Option<&'a [u8]> {
        let (value, count) = self.value(tag, 7)?;
        value.get(..count)
    }

    /// What is in the store for a tag of this type, to its end, and how many values it is.
    fn value(&self, tag: u32, kind: usize) -> Option<(&'a [u8], usize)> {
        let is_it = |entry: &&[u8; ENTRY]| {
            number(&entry[..4]) == tag as usize && number(&entry[4..8]) == kind
        };
        let entry = self.index.iter().find(is_it)?;
        let value = self.store.get(number(&entry[8..12])..)?;
        Some((value, number(&entry[12..16])))
    }
}

fn number(four: &[u8]) -> usize {
    let bytes = four.try_into().unwrap_or_default();
    u32::from_be_bytes(bytes) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(entries: &[[u32; 4]], store: &[u8]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([0; 4]);
        for length in [entries.len(), store.len()] {
            bytes.extend(u32::try_from(length).unwrap().to_be_bytes());
        }
        bytes.extend(entries.iter().flatten().flat_map(|word| word.to_be_bytes()));
        bytes.extend(store);
        bytes
    }

    #[test]
    fn values_are_those_of_their_type_and_within_the_store() {
        let entries = [
            [1000, 6, 0, 1],
            [1001, 8, 5, 2],
            [1002, 4, 9, 1],
            [1003, 7, 9, 4],
            [1004, 6, 9, 1],
            [1005, 6, 99, 1],
            [1006, 7, 9, 5],
            [1007, 4, 11, 1],
        ];
        let bytes = header(&entries, b"name\0a\0b\0\0\0\x01\x02");
        let with_rest = [&bytes[..], b"rest"].concat();
        let (header, rest) = RpmHeader::parse(&with_rest).unwrap();
        assert_eq!((header.bytes, rest), (&bytes[..], &b"rest"[..]));
        assert_eq!(header.text(1000), Some("name"));
        assert_eq!(header.texts(1001).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(header.number(1002), Some(0x102));
        assert_eq!(header.bytes(1003), Some(&[0, 0, 1, 2][..]));
        // Of another type, outside of the store, longer than it.
        assert_eq!(header.number(1000), None);
        assert_eq!(header.text(1005), None);
        assert_eq!(header.bytes(1006), None);
        assert_eq!(header.number(1007), None);
        assert_eq!(header.text(1234), None);
    }

    #[test]
    fn a_header_that_claims_too_much_is_refused() {
        let whole = header(&[[1000, 6, 0, 1]], b"name\0");
        for length in 0..whole.len() {
            assert!(RpmHeader::parse(&whole[..length]).is_err(), "{length}");
        }
        for at in [0, 8, 12] {
            let mut claims = whole.clone();
            claims[at] = 0xff;
            assert!(RpmHeader::parse(&claims).is_err(), "{at}");
        }
        let mut none = whole.clone();
        none[11] = 0;
        assert!(RpmHeader::parse(&none).is_err());
    }
}
