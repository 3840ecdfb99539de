//! Takes a console apart: the guest's messages in their order, and signs that
//! the kernel has panicked.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use guest::Record;
use guest::wire::{Decoder, Message, Piece};

use crate::Transcript;
use crate::end::End;
use crate::harmless;
use crate::transcript::{lines_of, push_bounded};

/// The mark of a panic in the kernel's messages (kernel/panic.c).
const PANIC: &[u8] = b"Kernel panic";
/// A line of the console that is longer is not looked at further.
const MAX_LINE: usize = 4096;
/// How long a kernel that has panicked may take to restart: `panic=-1` is at
/// once. Longer than a guest is ever silent ([`guest::HEARTBEAT`]), which may be
/// alive while somebody else speaks of a panic.
const AFTERMATH: Duration = Duration::from_secs(10);
/// How much text before a message is kept with it, in bytes.
const TEXT_BEFORE: usize = 4096;

/// A message, and what was said before it.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) message: Message<Record>,
    /// The last lines of text since the message before, harmless to print.
    pub(crate) before: Vec<String>,
}

/// Listens to a console.
pub(crate) struct Listener {
    pub(crate) transcript: Transcript,
    decoder: Decoder,
    next_sequence: u32,
    /// The text since the last message.
    before: VecDeque<u8>,
    /// The line of text that is being said.
    line: Vec<u8>,
    /// What was found damaged: of no concern as long as no message is missing.
    damage: Option<&'static str>,
    /// What the kernel said when it seemed to panic.
    panic: Option<String>,
    /// Until when it has to restart, if that was a panic.
    restarts_by: Option<Instant>,
}

impl Listener {
    pub(crate) fn new(transcript: Transcript) -> Self {
        Self {
            transcript,
            decoder: Decoder::default(),
            next_sequence: 0,
            before: VecDeque::new(),
            line: Vec::new(),
            damage: None,
            panic: None,
            restarts_by: None,
        }
    }

    /// Takes in the next bytes: the messages in them, and the end if one is
    /// missing.
    pub(crate) fn hear(&mut self, bytes: &[u8]) -> io::Result<(Vec<Said>, Option<End>)> {
        self.transcript.bytes(bytes)?;
        let mut messages = Vec::new();
        for piece in self.decoder.push(bytes) {
            match piece {
                Piece::Text(text) => self.text(&text),
                Piece::Garbled(what) => self.damage = Some(what),
                Piece::Message(sequence, message) => {
                    if sequence != self.next_sequence {
                        return Ok((messages, Some(self.lost(sequence))));
                    }
                    self.next_sequence += 1;
                    // Whoever says this is not dead: the line was somebody
                    // else's, or another processor is about to be stopped.
                    self.restarts_by = None;
                    let before = lines_of(&self.before);
                    self.before.clear();
                    messages.push(Said { message, before });
                }
            }
        }
        Ok((messages, None))
    }

    /// Until when the kernel has to restart, if it seems to have panicked.
    pub(crate) fn restarts_by(&self) -> Option<Instant> {
        self.restarts_by
    }

    /// The end, if the kernel has panicked and not restarted in time.
    pub(crate) fn did_not_restart(&self) -> Option<End> {
        let late = self.restarts_by.is_some_and(|by| Instant::now() >= by);
        let panic = self.panic.clone().filter(|_| late)?;
        Some(End::Panicked(panic))
    }

    /// The end that came with the end of the console.
    pub(crate) fn console_ended(&mut self) -> End {
        self.look_for_panic();
        match (self.panic.take(), self.damage) {
            (Some(panic), _) => End::Panicked(panic),
            (None, Some(damage)) => End::Garbled(damage.to_owned()),
            (None, None) => End::Died,
        }
    }

    fn text(&mut self, text: &[u8]) {
        self.transcript.text(text);
        push_bounded(&mut self.before, text, TEXT_BEFORE);
        for &byte in text {
            if byte != b'\n' {
                if self.line.len() < MAX_LINE {
                    self.line.push(byte);
                }
                continue;
            }
            self.look_for_panic();
            self.line.clear();
        }
    }

    fn look_for_panic(&mut self) {
        let panic = self
            .line
            .windows(PANIC.len())
            .position(|window| window == PANIC);
        if let Some(start) = panic {
            let text = String::from_utf8_lossy(&self.line[start..]);
            self.panic = Some(harmless::line(text.trim_end()));
            self.restarts_by = Some(Instant::now() + AFTERMATH);
        }
    }

    fn lost(&self, sequence: u32) -> End {
        let expected = self.next_sequence;
        let damage = self
            .damage
            .map(|what| format!(" ({what})"))
            .unwrap_or_default();
        End::Garbled(format!(
            "message {expected} is missing before message {sequence}{damage}"
        ))
    }
}
