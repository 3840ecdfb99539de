//! Text from servers and files, made fit for one line of a message.

/// What is longer is cut.
const LONGEST: usize = 600;

/// Without the credentials of URLs, without control characters, and not too long.
pub(crate) fn one_line(text: &str) -> String {
    let text = without_credentials(text);
    let mut line = String::new();
    for (count, each) in text.chars().enumerate() {
        if count == LONGEST {
            line.push('…');
            break;
        }
        match is_plain(each) {
            true => line.push(each),
            false => line.extend(each.escape_unicode()),
        }
    }
    line
}

/// Controls, and what turns the direction of the text.
fn is_plain(each: char) -> bool {
    !each.is_control()
        && !matches!(each, '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The same text; of `http://user:password@host/` only `http://host/` is left.
pub(crate) fn without_credentials(text: &str) -> String {
    let mut rest = text;
    let mut clean = String::new();
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        clean.push_str(before);
        // A password may hold anything but these.
        let end =
            after.find(|each: char| each == '/' || each.is_whitespace() || "\"'<>".contains(each));
        let (authority, tail) = after.split_at(end.unwrap_or(after.len()));
        clean.push_str(authority.rsplit('@').next().unwrap_or_default());
        rest = tail;
    }
    clean + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn credentials_are_left_out() {
        for (given, left) in [
            ("http://u:secret@host/debian", "http://host/debian"),
            (
                "http://secret@host:80/x and https://a:b@c",
                "http://host:80/x and https://c",
            ),
            ("http://u:se@cret@host/a@b", "http://host/a@b"),
            ("mail a@b.example", "mail a@b.example"),
            ("file:///a@b/c", "file:///a@b/c"),
        ] {
            assert_eq!(without_credentials(given), left);
        }
    }

    #[test]
    fn text_of_a_server_becomes_one_short_line() {
        let line = one_line(&format!("a\n\u{1b}[31m\u{202e}{}", "x".repeat(100_000)));
        assert!(line.starts_with("a\\u{a}\\u{1b}[31m\\u{202e}xxx"), "{line}");
        assert!(line.ends_with('…') && line.chars().count() < 700);
    }

    proptest! {
        #[test]
        fn nothing_of_a_password_is_left(password in "[^/\\s\"'<>]{1,20}", host in "[a-z]{1,9}") {
            let url = format!("see http://user:{password}@{host}/debian");
            prop_assert_eq!(without_credentials(&url), format!("see http://{host}/debian"));
        }
    }
}
