//! The archive that a `.deb` is (deb(5)): `ar`, with names of up to 16 bytes.
//!
//! Read here, and not by a library: libraries also know dialects with longer names,
//! and take as much memory as a header claims. A package has no such names.

use std::io::{self, Read, Take};

const MAGIC: &[u8] = b"!<arch>\n";
const HEADER: u64 = 60;

/// The first member whose name is wanted, and that name; none where there is no
/// such member.
pub(crate) fn find<R: Read>(
    mut archive: R,
    wanted: impl Fn(&str) -> bool,
) -> io::Result<Option<(String, Take<R>)>> {
    if read(&mut archive, MAGIC.len() as u64)? != MAGIC {
        return Err(io::Error::other("it does not begin as an archive does"));
    }
    loop {
        let header = read(&mut archive, HEADER)?;
        if header.is_empty() {
            return Ok(None);
        }
        let Some((name, size)) = parse(&header) else {
            return Err(io::Error::other("a member without a proper header"));
        };
        if wanted(&name) {
            return Ok(Some((name, archive.take(size))));
        }
        // Each begins at an even place.
        let length = size.next_multiple_of(2);
        io::copy(&mut archive.by_ref().take(length), &mut io::sink())?;
    }
}

/// So many bytes, or as many as there are.
fn read(archive: &mut impl Read, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    archive.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Name and size.
fn parse(header: &[u8]) -> Option<(String, u64)> {
    let text = |field: &[u8]| str::from_utf8(field).map(|text| text.trim_end().to_owned());
    let fields = header.strip_suffix(b"`\n")?;
    let name = text(fields.get(..16)?).ok()?;
    let size = text(fields.get(48..58)?).ok()?.parse().ok()?;
    // dpkg and GNU ar disagree on whether names end in a slash.
    Some((name.strip_suffix('/').unwrap_or(&name).to_owned(), size))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(members: &[(&str, &str)]) -> Vec<u8> {
        let mut archive = MAGIC.to_vec();
        for (name, size) in members {
            archive
                .extend(format!("{name:<16}0           0     0     100644  {size:<10}`\n").bytes());
            archive.extend(b"content\n");
        }
        archive
    }

    fn find_data(archive: &[u8]) -> io::Result<Option<Vec<u8>>> {
        let Some((_, mut member)) = find(archive, |name| name == "data.tar")? else {
            return Ok(None);
        };
        let mut content = Vec::new();
        member.read_to_end(&mut content)?;
        Ok(Some(content))
    }

    #[test]
    fn a_member_is_found_behind_others() {
        for name in ["data.tar", "data.tar/"] {
            let archive = archive(&[("debian-binary", "7"), (name, "7"), ("data.tar", "8")]);
            assert_eq!(find_data(&archive).unwrap().unwrap(), b"content");
        }
        assert_eq!(
            find_data(&archive(&[("debian-binary", "8")])).unwrap(),
            None
        );
        assert_eq!(find_data(&archive(&[])).unwrap(), None);
    }

    /// The first was found by fuzzing: a library looked where it points, and the
    /// others stood beside it.
    #[test]
    fn a_name_that_refers_elsewhere_is_no_name() {
        for name in ["/8446744", "//", "#1/9999999999999"] {
            let archive = archive(&[(name, "9999999999")]);
            assert_eq!(find_data(&archive).unwrap(), None, "{name}");
        }
    }

    #[test]
    fn bytes_that_are_no_archive_are_refused() {
        let whole = archive(&[("data.tar", "7")]);
        for length in (0..MAGIC.len()).chain(MAGIC.len() + 1..MAGIC.len() + 60) {
            assert!(find_data(&whole[..length]).is_err(), "{length} bytes");
        }
        assert!(find_data(&archive(&[("data.tar", "-7")])).is_err());
        assert!(find_data(&archive(&[("data.tar", "x")])).is_err());
    }
}
