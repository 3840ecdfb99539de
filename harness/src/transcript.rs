//! What a console held, kept as bytes.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::harmless;

/// How much of the beginning and of the end is kept, in bytes each: a guest may
/// write for ever.
const HEAD: usize = 4 << 20;
const TAIL: usize = 4 << 20;
/// How much text the last lines are taken from, in bytes.
const LAST_TEXT: usize = 16 << 10;

/// The console of one boot: every byte in a file, and the kernel's last words at
/// hand.
#[derive(Debug)]
pub struct Transcript {
    path: PathBuf,
    file: File,
    written: usize,
    /// What came after the head, the newest of it.
    tail: VecDeque<u8>,
    left_out: usize,
    text: VecDeque<u8>,
}

impl Transcript {
    /// Keeps the bytes in a new file.
    ///
    /// # Errors
    /// Where the file cannot be created.
    pub fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).with_context(|| format!("creating {}", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            written: 0,
            tail: VecDeque::new(),
            left_out: 0,
            text: VecDeque::new(),
        })
    }

    /// The next bytes, as they came.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (head, rest) = bytes.split_at(bytes.len().min(HEAD - self.written));
        self.file.write_all(head)?;
        self.written += head.len();
        self.left_out += push_bounded(&mut self.tail, rest, TAIL);
        Ok(())
    }

    /// Those of the bytes that are no record: what the kernel and its programs
    /// say to people.
    pub fn text(&mut self, text: &[u8]) {
        push_bounded(&mut self.text, text, LAST_TEXT);
    }

    /// The last lines of text, harmless to print.
    #[must_use]
    pub fn last_lines(&self, count: usize) -> Vec<String> {
        let mut lines = lines_of(&self.text);
        lines.split_off(lines.len().saturating_sub(count))
    }

    /// Completes the file.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn finish(&mut self) -> Result<()> {
        let mut write = || -> io::Result<()> {
            if self.left_out > 0 {
                writeln!(
                    self.file,
                    "\r\n[strata: {} bytes left out here]\r",
                    self.left_out
                )?;
            }
            let (front, back) = self.tail.as_slices();
            self.file.write_all(front)?;
            self.file.write_all(back)
        };
        write().with_context(|| format!("writing {}", self.path.display()))
    }
}

/// The lines of a text that say something, harmless to print.
pub(crate) fn lines_of(text: &VecDeque<u8>) -> Vec<String> {
    let text: Vec<u8> = text.iter().copied().collect();
    String::from_utf8_lossy(&text)
        .lines()
        .map(harmless::line)
        .filter(|line| !line.trim().is_empty())
        .collect()
}

/// Appends, and drops what is too old to be kept; says how much was dropped.
pub(crate) fn push_bounded(buffer: &mut VecDeque<u8>, bytes: &[u8], limit: usize) -> usize {
    buffer.extend(bytes);
    let excess = buffer.len().saturating_sub(limit);
    buffer.drain(..excess);
    excess
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endless_console_keeps_its_head_and_its_tail() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("console");
        let mut transcript = Transcript::create(&path).unwrap();
        transcript.bytes(b"first").unwrap();
        for _ in 0..64 {
            transcript.bytes(&[b'x'; 1 << 20]).unwrap();
        }
        transcript.bytes(b"last").unwrap();
        transcript.finish().unwrap();
        let kept = std::fs::read(&path).unwrap();
        assert!(
            kept.len() < HEAD + TAIL + 100,
            "{} bytes were kept",
            kept.len()
        );
        assert!(kept.starts_with(b"first") && kept.ends_with(b"last"));
    }

    #[test]
    fn last_lines_are_harmless_to_a_terminal() {
        let dir = tempfile::tempdir().unwrap();
        let mut transcript = Transcript::create(&dir.path().join("console")).unwrap();
        transcript.text(b"one\r\n\r\ntwo\r\n\x1b]0;owned\x07three \xff\r\n");
        assert_eq!(
            transcript.last_lines(2),
            ["two", "\u{FFFD}]0;owned\u{FFFD}three \u{FFFD}"]
        );
    }
}
