//! A mistake in `strata.toml`: where it is, and what to write instead.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;

use toml_edit::{Document, Item};

use crate::payload::BadRequest;

/// The largest file that is read, in bytes.
const MOST: u64 = 16 << 20;

/// What to write for a key that TOML found wrong.
const EXAMPLES: [(&str, &str); 27] = [
    ("kernels", "kernels = [\"5.10\", \"6.1\"]"),
    ("groups", "[groups] and below it lts = [\"5.10\", \"6.1\"]"),
    ("test", "[[test]] and below it name = \"probe\""),
    ("expect", "[[expect]] and below it case = \"probe\""),
    ("name", "name = \"probe\""),
    ("run", "run = [\"./probe\", \"argument\"]"),
    ("dir", "dir = \"tests\""),
    ("cargo", "cargo = \".\""),
    ("go", "go = \"./...\""),
    (
        "shows",
        "shows = \"exit\", or \"facts\", \"tap\", \"libtest\", \"go\"",
    ),
    (
        "files",
        "files = [\"data/input\", \"data/other:/etc/other\"]",
    ),
    ("trees", "trees = [\"testdata\"]"),
    ("env", "env = { NAME = \"value\" }"),
    ("cwd", "cwd = \"/tmp\""),
    ("user", "user = 1000"),
    ("ulimits", "ulimits = [\"core=unlimited\"]"),
    ("cgroup", "cgroup = \"v1\""),
    ("needs", "needs = [\"module=overlay\"]"),
    ("modules", "modules = [\"overlay\"]"),
    ("network", "network = true"),
    ("timeout", "timeout = 60, in seconds"),
    ("fresh", "fresh = true"),
    (
        "expect.kernels",
        "kernels = \"5.10..6.1\", \"6.12..\" or \"6.1\"",
    ),
    ("expect.shows", "shows = \"ok\", or what else is seen"),
    ("case", "case = \"probe::mseal\""),
    ("vendor", "vendor = \"el9\""),
    ("link", "link = \"https://example.org/issue/1\""),
];

/// A step from a table or a list to what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum WayStep {
    Key(String),
    Number(usize),
}

impl From<&str> for WayStep {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

impl From<usize> for WayStep {
    fn from(number: usize) -> Self {
        Self::Number(number)
    }
}

/// Something wrong that TOML allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    /// The way to it. Where the last steps lead nowhere, it is where they begin.
    pub(super) at: Vec<WayStep>,
    /// What is wrong, and what to write instead.
    pub(super) what: String,
}

impl Mistake {
    pub(super) fn new(at: impl IntoIterator<Item = WayStep>, what: impl Into<String>) -> Self {
        Self {
            at: at.into_iter().collect(),
            what: what.into(),
        }
    }

    /// The same with its place in the text of a file.
    pub(super) fn in_file(&self, path: &Path, text: &str) -> BadRequest {
        placed(path, text, span(text, &self.at), &self.what)
    }
}

/// What is wrong for TOML, or for the types: with what to write.
pub(super) fn wrong_toml(path: &Path, text: &str, error: &toml::de::Error) -> BadRequest {
    let message = error.message();
    let before = &text[..error.span().map_or(0, |span| span.start)];
    let missing = message.strip_prefix("missing field `");
    let missing = missing.and_then(|rest| rest.split('`').next());
    let line = before.rfind('\n').map_or(0, |at| at + 1);
    let key = text[line..]
        .lines()
        .next()
        .and_then(|line| line.split('=').next());
    let key = missing.or(key).unwrap_or_default();
    let key = key.trim().trim_matches(['[', ']', '"']);
    // Both sections have keys of the same name.
    let expects = before.rfind("[[expect]]") > before.rfind("[[test]]")
        || text[line..].starts_with("[[expect]]");
    let own = expects.then(|| format!("expect.{key}"));
    let find = |key: &str| EXAMPLES.iter().find(|(known, _)| *known == key);
    let example = own.as_deref().and_then(find).or_else(|| find(key));
    // It is of the file, and a section takes all that stands below it.
    let is_below = key == "kernels" && message.starts_with("unknown field");
    let place = if is_below { " at the top" } else { "" };
    let what = match example.filter(|_| !message.contains("write ")) {
        Some((_, example)) => format!("{message}: write {example}{place}"),
        None => message.to_owned(),
    };
    placed(path, text, error.span(), &what)
}

/// Reads a file of the suite, which is text; none, if it is not there.
pub(super) fn read_text(path: &Path) -> Result<Option<String>, BadRequest> {
    let named = |error: io::Error| BadRequest::new(format!("{}: {error}", path.display()));
    let file: File = match images::files::open_regular(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(named)?,
    };
    let mut bytes = Vec::new();
    file.take(MOST + 1).read_to_end(&mut bytes).map_err(named)?;
    if bytes.len() as u64 > MOST {
        let what = format!(
            "{}: it has over {MOST} bytes: it is no such file",
            path.display()
        );
        return Err(BadRequest::new(what));
    }
    String::from_utf8(bytes).map(Some).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(&error.as_bytes()[..at]).into_owned();
        let what = "this is no UTF-8: save the file as UTF-8";
        placed(path, &text, Some(at..at), what)
    })
}

/// A message with a line, a column, and the line itself.
fn placed(path: &Path, text: &str, span: Option<Range<usize>>, what: &str) -> BadRequest {
    let path = path.display();
    let Some(span) = span.filter(|span| text.is_char_boundary(span.start)) else {
        return BadRequest::new(format!("{path}: {what}"));
    };
    let line_start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
    let number = text[..span.start].matches('\n').count() + 1;
    let column = text[line_start..span.start].chars().count() + 1;
    let line = text[line_start..].lines().next().unwrap_or_default();
    let end = (line_start + line.len()).min(span.end);
    let marked = text
        .get(span.start..end)
        .unwrap_or_default()
        .chars()
        .count();
    let (gutter, marks) = (
        " ".repeat(number.to_string().len()),
        "^".repeat(marked.max(1)),
    );
    BadRequest::new(format!(
        "{path}: line {number}, column {column}\n{gutter} |\n{number} | {line}\n{gutter} | {}{marks}\n{what}",
        " ".repeat(column - 1)
    ))
}

/// The line in which something stands; 1 where it is not found.
pub(super) fn line_of(text: &str, way: &[WayStep]) -> usize {
    let start = span(text, way).map_or(0, |span| span.start);
    text[..start].matches('\n').count() + 1
}

/// Where a way through the tables leads, as far as it does.
fn span(text: &str, way: &[WayStep]) -> Option<Range<usize>> {
    let document = Document::parse(text).ok()?;
    let mut item: &Item = document.as_item();
    let mut span = None;
    for step in way {
        let next = match step {
            WayStep::Key(key) => item.get(key.as_str()),
            WayStep::Number(number) => item.get(*number),
        };
        let Some(next) = next else { break };
        span = next.span().or(span);
        item = next;
    }
    span
}
