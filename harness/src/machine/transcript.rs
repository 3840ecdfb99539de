//! The transcript of a console.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};

use anyhow::{Context, Result};

use crate::system::printable;

/// How many bytes of the beginning and of the end are kept: a guest may write for ever.
const HEAD: usize = 4 << 20;
const TAIL: usize = 4 << 20;
/// How many bytes of text are kept for the last lines.
const LAST_TEXT: usize = 16 << 10;
/// How many characters of a line are shown.
const LAST_LINE: usize = 500;

/// The console of one boot: its bytes in a file, and the last lines of text in memory.
#[derive(Debug)]
pub struct Transcript {
    file: File,
    written: usize,
    /// The newest bytes after the head.
    tail: VecDeque<u8>,
    left_out: usize,
    text: VecDeque<u8>,
    /// What was found out about the machine when it hung.
    diagnosis: Vec<String>,
}

impl Transcript {
    /// Keeps the bytes in a new file.
    #[must_use]
    pub fn new(file: File) -> Self {
        Self {
            file,
            written: 0,
            tail: VecDeque::new(),
            left_out: 0,
            text: VecDeque::new(),
            diagnosis: Vec::new(),
        }
    }

    /// The file, complete after `finish`.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// The next bytes, as they came.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (head, rest) = bytes.split_at(bytes.len().min(HEAD - self.written));
        self.file.write_all(head)?;
        self.written += head.len();
        self.left_out += push_bounded(&mut self.tail, rest, TAIL);
        Ok(())
    }

    /// The text among the bytes: what the kernel and its programs print.
    pub fn text(&mut self, text: &[u8]) {
        push_bounded(&mut self.text, text, LAST_TEXT);
    }

    /// Adds what was found out about the machine when it hung.
    pub(crate) fn add(&mut self, diagnosis: Vec<String>) {
        self.diagnosis = diagnosis;
    }

    /// The last lines of text, harmless to print, and what was found out about a machine
    /// that hung.
    #[must_use]
    pub fn last_lines(&self, count: usize) -> Vec<String> {
        let mut lines = lines_of(&self.text);
        lines.drain(..lines.len().saturating_sub(count));
        lines.extend_from_slice(&self.diagnosis);
        lines
    }

    /// Completes the file.
    ///
    /// # Errors
    /// If the file cannot be written.
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
        write().context("writing the transcript")
    }
}

/// The lines of a text that are not empty, harmless to print.
pub(crate) fn lines_of(text: &VecDeque<u8>) -> Vec<String> {
    let text: Vec<u8> = text.iter().copied().collect();
    String::from_utf8_lossy(&text)
        .lines()
        .map(|line| printable(line.trim_end_matches('\r')))
        .filter(|line| !line.trim().is_empty())
        .map(shortened)
        .collect()
}

/// Appends bytes, and drops the oldest beyond a limit. Returns how many were dropped.
pub(crate) fn push_bounded(buffer: &mut VecDeque<u8>, bytes: &[u8], limit: usize) -> usize {
    buffer.extend(bytes);
    let excess = buffer.len().saturating_sub(limit);
    buffer.drain(..excess);
    excess
}

/// Cuts a line that is too long to show.
fn shortened(line: String) -> String {
    match line.char_indices().nth(LAST_LINE) {
        Some((end, _)) => format!("{} \u{2026}", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endless_console_keeps_its_head_and_its_tail() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("console");
        let mut transcript = Transcript::new(File::create(&path).unwrap());
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
        let mut transcript = Transcript::new(tempfile::tempfile().unwrap());
        transcript.text(b"one\r\n\r\ntwo\r\n\x1b]0;owned\x07three \xff\r\n");
        assert_eq!(
            transcript.last_lines(2),
            ["two", "\u{FFFD}]0;owned\u{FFFD}three \u{FFFD}"]
        );
    }

    #[test]
    fn a_line_without_an_end_is_cut_short() {
        let mut transcript = Transcript::new(tempfile::tempfile().unwrap());
        transcript.text("\u{e9}".repeat(5000).as_bytes());
        let [line] = &transcript.last_lines(3)[..] else {
            panic!("one line was written");
        };
        assert_eq!(line.chars().count(), LAST_LINE + 2);
    }
}
