//! A cleartext-signed file (RFC 9580, section 7), taken apart in one pass.
//!
//! The library searches all it has read after each line, which takes minutes for a
//! long file of many lines.

const BEGIN: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";
const END: &str = "-----END PGP SIGNATURE-----";

/// A file in its parts.
pub(crate) struct Cleartext {
    /// The text as it was hashed: without escapes, lines ended by CR LF but for the
    /// last one.
    pub(crate) hashed: String,
    /// The signatures, armored.
    pub(crate) armor: String,
}

/// Takes a file apart that has nothing but a signed text; the error says what else is
/// in it.
pub(crate) fn parse(file: &[u8]) -> Result<Cleartext, String> {
    let text = std::str::from_utf8(file).map_err(|error| format!("no text ({error})"))?;
    let mut lines = text.lines();
    if lines.next().map(trimmed) != Some(BEGIN) {
        return Err(format!("it does not begin with {BEGIN}"));
    }
    for header in lines
        .by_ref()
        .map(trimmed)
        .take_while(|line| !line.is_empty())
    {
        // Other headers are not signed, yet a reader might trust them.
        if !header.starts_with("Hash:") {
            return Err(format!("a header other than Hash: {header:?}"));
        }
    }
    let mut hashed: Option<String> = None;
    let mut armor = String::new();
    for line in lines.by_ref() {
        if trimmed(line) == SIGNATURE {
            armor = format!("{SIGNATURE}\n");
            break;
        }
        let line = match line.strip_prefix("- ") {
            Some(escaped) => escaped,
            None if line.starts_with('-') => return Err(format!("an unescaped line {line:?}")),
            None => line,
        };
        match &mut hashed {
            None => hashed = Some(String::with_capacity(text.len())),
            Some(hashed) => hashed.push_str("\r\n"),
        }
        hashed.get_or_insert_default().push_str(trimmed(line));
    }
    let hashed = hashed.unwrap_or_default();
    let mut ended = false;
    for line in lines.by_ref().map(trimmed) {
        armor.push_str(line);
        armor.push('\n');
        if line == END {
            ended = true;
            break;
        }
    }
    match (ended, lines.map(trimmed).find(|line| !line.is_empty())) {
        (false, _) => Err("it breaks off before its signature ends".to_owned()),
        (true, Some(line)) => Err(format!("text after the signature: {line:?}")),
        (true, None) => Ok(Cleartext { hashed, armor }),
    }
}

/// Without the blanks at the end of a line, which are not hashed.
fn trimmed(line: &str) -> &str {
    line.trim_end_matches([' ', '\t', '\r'])
}

/// Whether a file ends where a signed text does.
pub(crate) fn is_whole(file: &[u8]) -> bool {
    file.trim_ascii_end().ends_with(END.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> String {
        format!("{BEGIN}\nHash: SHA256\n\n{text}\n{SIGNATURE}\n\nabc\n{END}\n")
    }

    #[test]
    fn a_file_is_taken_apart() {
        let taken = parse(file("\na: b \t\n- -c\n- ").as_bytes()).unwrap();
        assert_eq!(taken.hashed, "\r\na: b\r\n-c\r\n");
        assert_eq!(taken.armor, format!("{SIGNATURE}\n\nabc\n{END}\n"));
        let dos = file("a: b\nc: d").replace('\n', "\r\n");
        assert_eq!(parse(dos.as_bytes()).unwrap().hashed, "a: b\r\nc: d");
        assert!(is_whole(dos.as_bytes()) && !is_whole(&dos.as_bytes()[..90]));
    }

    #[test]
    fn a_file_with_more_or_less_than_a_signed_text_is_refused() {
        let whole = file("a: b");
        for (other, why) in [
            (format!("x\n{whole}"), "does not begin"),
            (format!("{whole}x\n"), "after the signature"),
            (whole.replace(END, ""), "breaks off"),
            (whole.replace(SIGNATURE, ""), "unescaped"),
            (whole.replace("Hash:", "Comment:"), "header"),
            ("<html>portal</html>".to_owned(), "does not begin"),
        ] {
            let error = parse(other.as_bytes()).err().unwrap();
            assert!(error.contains(why), "{error}");
        }
    }
}
