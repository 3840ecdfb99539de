//! Splits console bytes into the guest's messages and text, and looks for a panic in
//! the text.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use guest::ring::BELL;
use guest::wire::{self, Decoder, Message, Piece};
use guest::{Key, Order, Record};

use super::deadline::Wait;
use super::transcript::{Transcript, lines_of, push_bounded};
use crate::results::End;
use crate::system::{printable, printable_data};

/// The mark of a panic in the kernel's messages (kernel/panic.c).
const PANIC: &[u8] = b"Kernel panic";
/// How many bytes of a line are searched for a panic.
const MAX_LINE: usize = 4096;
/// How long a kernel that has panicked may take to restart: `panic=-1` is at once.
/// Longer than [`guest::HEARTBEAT`], for a program may print the words of a panic while
/// the guest is alive.
const AFTERMATH: Duration = Duration::from_secs(10);
/// How much text before a message is kept with it, in bytes.
const TEXT_BEFORE: usize = 4096;

/// A message, and the text before it.
#[derive(Debug)]
pub(crate) struct GuestMessage {
    pub(crate) message: Message<Record>,
    /// The last lines of text since the message before, harmless to print.
    pub(crate) before: Vec<String>,
}

/// What the bytes of a console held.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) messages: Vec<GuestMessage>,
    /// Bytes to send to the guest, if any.
    pub(crate) answer: Vec<u8>,
    /// That the guest waits; whether it can take a parcel.
    pub(crate) waiting: Option<bool>,
    pub(crate) end: Option<End>,
}

/// Listens to a console.
pub(crate) struct Listener {
    pub(crate) transcript: Transcript,
    decoder: Decoder,
    /// The key of this boot, until the guest has asked for it.
    key: Option<Key>,
    next_sequence: u32,
    /// The text since the last message.
    before: VecDeque<u8>,
    /// The current line of text.
    line: Vec<u8>,
    /// The first damage since the last message; it matters only if a message is
    /// missing.
    damage: Option<&'static str>,
    /// The line of a possible panic.
    panic: Option<String>,
    /// The deadline by which a kernel that panicked restarts.
    restarts: Option<Wait>,
}

impl Listener {
    /// Listens to a guest that will be given this key.
    pub(crate) fn new(transcript: Transcript, key: Key) -> Self {
        Self {
            transcript,
            decoder: Decoder::new(Key::NONE),
            key: Some(key),
            next_sequence: 0,
            before: VecDeque::new(),
            line: Vec::new(),
            damage: None,
            panic: None,
            restarts: None,
        }
    }

    /// Listens to a guest that speaks under this key from now on.
    pub(crate) fn begin(&mut self, key: Key) {
        self.key = None;
        self.decoder = Decoder::new(key);
        self.next_sequence = 0;
    }

    /// Listens to another machine from now on.
    pub(crate) fn restart(&mut self, key: Key) {
        self.decoder = Decoder::new(Key::NONE);
        self.key = Some(key);
        self.next_sequence = 0;
        self.before.clear();
        self.line.clear();
        (self.damage, self.panic, self.restarts) = (None, None, None);
    }

    /// Takes the next bytes. Returns the messages in them, the answer, and the end if a
    /// message is missing.
    pub(crate) fn hear(&mut self, bytes: &[u8]) -> io::Result<Heard> {
        self.transcript.bytes(bytes)?;
        let mut heard = Heard::default();
        // A frame at a time: after the greeting, the key changes.
        for part in bytes.split_inclusive(|&byte| byte == wire::END) {
            self.take(part, &mut heard);
            if heard.end.is_some() {
                break;
            }
        }
        Ok(heard)
    }

    fn take(&mut self, bytes: &[u8], heard: &mut Heard) {
        for piece in self.decoder.push(bytes) {
            match piece {
                Piece::Text(text) => self.text(&text),
                Piece::Garbled(what) => {
                    self.damage.get_or_insert(what);
                }
                // Before the guest has the key, only its greeting counts.
                Piece::Message(_, message) if let Some(key) = self.key => match message {
                    Message::Record(Record::Hello) => {
                        self.begin(key);
                        heard.answer = wire::encode(Key::NONE, 0, &Order::Key(key));
                    }
                    Message::Record(Record::Waiting { shared }) => heard.waiting = Some(shared),
                    _ => {}
                },
                Piece::Message(sequence, message) => {
                    if sequence != self.next_sequence {
                        heard.end = Some(self.lost(sequence));
                        return;
                    }
                    self.next_sequence += 1;
                    self.damage = None;
                    // A message shows that the kernel is alive: a program printed the
                    // line, or another processor is about to be stopped.
                    self.restarts = None;
                    let before = lines_of(&self.before);
                    self.before.clear();
                    let message = match message {
                        Message::Record(record) => Message::Record(printable_data(&record)),
                        bytes @ Message::Bytes(..) => bytes,
                    };
                    heard.messages.push(GuestMessage { message, before });
                }
            }
        }
    }

    /// The deadline for a restart, after a possible panic.
    pub(crate) fn restarts_by(&self) -> Option<Instant> {
        self.restarts.as_ref().map(|wait| wait.until)
    }

    /// Does not count a time in which the console was not read.
    pub(crate) fn postpone(&mut self, pause: Duration) {
        if let Some(wait) = &mut self.restarts {
            wait.postpone(pause);
        }
    }

    /// The panic, if the kernel did not go on or restart in time.
    pub(crate) fn did_not_restart(&mut self, kept_waiting: Duration) -> Option<End> {
        let late = !self.restarts.as_mut()?.goes_on(kept_waiting);
        let panic = self.panic.clone().filter(|_| late)?;
        Some(End::Panicked(panic))
    }

    /// How the boot ended, when the console is closed.
    pub(crate) fn console_ended(&mut self) -> End {
        self.look_for_panic();
        match (self.panic.take(), self.damage) {
            (Some(panic), _) => End::Panicked(panic),
            (None, Some(damage)) => End::Garbled(damage.to_owned()),
            (None, None) => End::Died,
        }
    }

    fn text(&mut self, text: &[u8]) {
        // The guest's bell has woken this process, which was its purpose.
        let text: Vec<u8> = text.iter().copied().filter(|&byte| byte != BELL).collect();
        let text = &text[..];
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
            self.panic = Some(printable(text.trim_end()));
            // Counted from the first such line, since a program may repeat it for ever.
            self.restarts
                .get_or_insert_with(|| Wait::new("the kernel to restart", AFTERMATH));
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

#[cfg(test)]
mod tests {
    use std::fs::File;

    use guest::wire::{Stream, encode_bytes};
    use proptest::prelude::*;

    use super::*;

    const KEY: Key = Key::new([7; 16]);

    /// To a guest that has said its greeting.
    fn listener() -> Listener {
        let nowhere = Transcript::new(File::create("/dev/null").unwrap());
        let mut listener = Listener::new(nowhere, KEY);
        let heard = listener.hear(&wire::encode(Key::NONE, 0, &Record::Hello));
        let answer = wire::encode(Key::NONE, 0, &Order::Key(KEY));
        assert_eq!(heard.unwrap().answer, answer);
        listener
    }

    proptest! {
        #[test]
        fn a_panic_is_heard_in_any_portions(
            before in "[ -~\\n]{0,99}",
            words in "[ -~]{0,40}[!-~]",
            output in proptest::collection::vec(any::<u8>(), 0..99),
            portion in 1..99_usize,
        ) {
            let mut console = before.replace("Kernel panic", "").into_bytes();
            console.extend(encode_bytes(KEY, 0, Stream::Stdout, &output));
            console.extend(format!("\r\n[    1.0] Kernel panic{words}\r\n").into_bytes());
            let mut listener = listener();
            let mut heard = Vec::new();
            for bytes in console.chunks(portion) {
                let said = listener.hear(bytes).unwrap();
                prop_assert_eq!(said.end, None);
                heard.extend(said.messages.into_iter().map(|said| said.message));
            }
            prop_assert_eq!(heard, [Message::Bytes(Stream::Stdout, output)]);
            prop_assert!(listener.restarts_by().is_some());
            let words = format!("Kernel panic{words}");
            prop_assert_eq!(listener.console_ended(), End::Panicked(words));
        }

        #[test]
        fn a_panic_that_is_said_again_gives_no_more_time(times in 1..9_usize) {
            let mut listener = listener();
            listener.hear(b"Kernel panic\r\n").unwrap();
            let first = listener.restarts_by();
            prop_assert!(first.is_some());
            for _ in 0..times {
                listener.hear(b"Kernel panic\r\n").unwrap();
            }
            prop_assert_eq!(listener.restarts_by(), first);
        }

        #[test]
        fn a_message_that_is_missing_is_missed(
            count in 2..9_u32,
            missing in 0..8_u32,
            portion in 1..99_usize,
        ) {
            let missing = missing % (count - 1);
            let sent = (0..count).filter(|sequence| *sequence != missing);
            let console: Vec<u8> = sent
                .flat_map(|sequence| encode_bytes(KEY, sequence, Stream::Stdout, b"output"))
                .collect();
            let mut listener = listener();
            let ends = console.chunks(portion).find_map(|bytes| listener.hear(bytes).unwrap().end);
            let next = missing + 1;
            let what = format!("message {missing} is missing before message {next}");
            prop_assert_eq!(ends, Some(End::Garbled(what)));
        }
    }

    /// A console of another boot, said again.
    #[test]
    fn a_console_of_another_boot_is_garbled() {
        let other = Key::new([8; 16]);
        let mut listener = listener();
        for console in [
            wire::encode(Key::NONE, 0, &Record::Hello),
            wire::encode(other, 0, &Record::Finished { scenarios: 0 }),
            wire::encode(Key::NONE, 0, &Record::Finished { scenarios: 0 }),
        ] {
            let heard = listener.hear(&console).unwrap();
            assert!(heard.messages.is_empty() && heard.answer.is_empty());
        }
        assert_eq!(
            listener.console_ended(),
            End::Garbled(wire::FOREIGN.to_owned())
        );
    }

    #[test]
    fn forged_messages_are_ignored() {
        let mut listener = listener();
        let forged = wire::encode(Key::NONE, 0, &Record::Finished { scenarios: 0 });
        let true_one = encode_bytes(KEY, 0, Stream::Stdout, b"output");
        let heard = listener.hear(&[forged, true_one].concat()).unwrap();
        assert_eq!(heard.messages.len(), 1);
        assert_eq!((heard.end, listener.damage), (None, None));
    }
}
