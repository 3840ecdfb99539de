//! Words quoted for a shell.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::printable::printable;

/// Quotes a word if necessary.
///
/// Printable text is quoted for every shell. The rest, bytes that are not UTF-8 and
/// control characters, is written as `$'…'`, which bash, zsh, ksh and POSIX of 2024
/// read.
pub(crate) fn quoted(word: &OsStr) -> String {
    let text = word.to_str().filter(|text| printable(text) == *text);
    match text.and_then(|text| shlex::try_quote(text).ok()) {
        Some(word) => word.into_owned(),
        None => format!("$'{}'", word.as_bytes().escape_ascii()),
    }
}

/// Returns quoted words unchanged, and anything else as one quoted word, so that a
/// shell executes nothing in it. Records may come from elsewhere.
pub(crate) fn only_words(text: &str) -> String {
    if is_words(text) {
        text.to_owned()
    } else {
        quoted(OsStr::new(text))
    }
}

fn is_words(text: &str) -> bool {
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        let next = match first {
            '\'' => after.split_once('\'').map(|(_, after)| after),
            '"' => behind(after, '"', "$`!"),
            '$' => after
                .strip_prefix('\'')
                .and_then(|inside| behind(inside, '\'', "")),
            c if c.is_ascii_alphanumeric() || " _@%+=:,./-~]".contains(c) => Some(after),
            _ => None,
        };
        let Some(next) = next else { return false };
        rest = next;
    }
    !text.is_empty()
}

/// The text after the closing quote, which a backslash escapes; none if a forbidden
/// character comes first.
fn behind<'a>(text: &'a str, quote: char, forbidden: &str) -> Option<&'a str> {
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => drop(characters.next()),
            c if c == quote => return Some(&text[at + 1..]),
            c if forbidden.contains(c) => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    /// The words that bash makes of a text, each behind a NUL.
    fn bash(text: &str) -> Vec<Vec<u8>> {
        let script = format!("printf '\\0%s' {text}");
        let output = Command::new("bash").args(["-c", &script]).output().unwrap();
        assert!(output.status.success(), "{text}");
        let mut words: Vec<Vec<u8>> = output
            .stdout
            .split(|&b| b == 0)
            .map(<[u8]>::to_vec)
            .collect();
        words.remove(0);
        words
    }

    #[test]
    fn what_is_usual_is_as_it_was() {
        for word in ["6.1", "./bzImage", "/boot/vmlinuz-6.1.0_50", "./x86+64"] {
            assert_eq!(quoted(OsStr::new(word)), word);
        }
    }

    #[test]
    fn what_is_shown_is_harmless_and_a_shell_reads_the_same() {
        for word in [
            &b"./my kernel"[..],
            b"./it's",
            b"./$(reboot)`reboot`",
            b"./a\n::error::b",
            b"",
            b"./\x1b]0;x\x07",
            b"./\xff\xfe1",
            "./\u{202e}gpj".as_bytes(),
            "./\u{e9}".as_bytes(),
            b"./a\\'b\n",
            b"./;&|<>*?[]{}~#!",
        ] {
            let shown = quoted(OsStr::from_bytes(word));
            assert_eq!(printable(&shown), shown);
            assert_eq!(bash(&shown), [word], "{shown}");
            assert_eq!(only_words(&shown), shown);
        }
    }

    #[test]
    fn unquoted_text_becomes_one_word() {
        for words in [
            "6.1",
            "native --claims 4.4",
            "'./my kernel'",
            "$'./\\xff\\''",
        ] {
            assert_eq!(only_words(words), words);
        }
        for evil in [
            "6.1; reboot",
            "$(reboot)",
            "`reboot`",
            "6.1 && reboot",
            "6.1\nreboot",
            "'6.1",
            "\"$(reboot)\"",
            "$'",
            "$reboot",
            "6.1 > /etc/passwd",
            "6.1 # nothing",
            "",
        ] {
            let words = only_words(evil);
            assert_eq!(bash(&words), [evil.as_bytes()], "{words}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_bytes_are_one_word(bytes in proptest::collection::vec(1..=255_u8, 0..40)) {
            let word = OsString::from_vec(bytes.clone());
            let shown = quoted(&word);
            prop_assert_eq!(&printable(&shown), &shown);
            prop_assert_eq!(bash(&shown), [bytes]);
            prop_assert_eq!(only_words(&shown), shown);
        }

        #[test]
        fn any_text_is_words(text in "[ -~\n\u{e9}]{0,40}") {
            let words = only_words(&text);
            prop_assert!(is_words(&words));
        }
    }
}
