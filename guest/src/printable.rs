//! Text that others control, made harmless to a terminal.

/// Text on one line, without what a terminal would obey or what would turn the
/// order of its letters around.
#[must_use]
pub fn printable(text: &str) -> String {
    let harmless = |c: char| match c {
        '\n' => ' ',
        c if is_harmless(c) => c,
        _ => '\u{FFFD}',
    };
    text.chars().map(harmless).collect()
}

fn is_harmless(c: char) -> bool {
    // Unicode's marks of direction, and what some take for the end of a line.
    let turns = matches!(
        c,
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
    );
    c == '\t' || !(c.is_control() || turns)
}
