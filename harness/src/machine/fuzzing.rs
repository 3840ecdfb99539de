//! What must hold for any bytes on a console: called by the fuzz target, and by a test
//! with its seeds.

use std::fs::File;

use guest::wire::{Decoder, Message, Piece, Stream, encode, encode_bytes};
use guest::{Key, Record};

use super::listener::Listener;
use super::transcript::Transcript;
use crate::results::End;

/// A console: its messages do not depend on the portions in which its bytes come.
///
/// The bytes are taken as they are, and again with every other part between two
/// 0xFF in frames, whose checksums are never guessed otherwise.
pub fn console(bytes: &[u8]) {
    let Some((&portion, bytes)) = bytes.split_first() else {
        return;
    };
    let portion = usize::from(portion).max(1);
    in_any_portions(bytes, portion);
    in_any_portions(&framed(bytes), portion);
}

fn framed(bytes: &[u8]) -> Vec<u8> {
    let mut console = Vec::new();
    let mut sequence = 0;
    for (number, part) in bytes.split(|&byte| byte == 0xFF).enumerate() {
        if number % 2 == 0 {
            console.extend(part);
            continue;
        }
        console.extend(match serde_json::from_slice::<Record>(part) {
            Ok(record) => encode(Key::NONE, sequence, &record),
            Err(_) => encode_bytes(Key::NONE, sequence, Stream::Stdout, part),
        });
        sequence += 1;
    }
    console
}

fn in_any_portions(console: &[u8], portion: usize) {
    // Few portions, so that an input is checked quickly.
    let portion = portion.max(console.len() / 64);
    let whole = pieces(&[console]);
    let portions: Vec<&[u8]> = console.chunks(portion).collect();
    assert_eq!(pieces(&portions), whole);
    let text = whole.iter().map(|piece| match piece {
        Piece::Text(text) => text.len(),
        Piece::Message(_, Message::Bytes(_, bytes)) => bytes.len(),
        _ => 1,
    });
    assert!(text.sum::<usize>() <= console.len());
    assert_eq!(heard(&portions), heard(&[console]));
}

/// The pieces of a console, with adjacent text joined.
fn pieces(portions: &[&[u8]]) -> Vec<Piece<Record>> {
    let mut decoder = Decoder::new(Key::NONE);
    let mut pieces = Vec::new();
    for piece in portions.iter().flat_map(|bytes| decoder.push(bytes)) {
        match (pieces.last_mut(), piece) {
            (Some(Piece::Text(before)), Piece::Text(text)) => before.extend(text),
            (_, piece) => pieces.push(piece),
        }
    }
    pieces
}

/// What a listener hears: the messages, the end and the last lines.
fn heard(portions: &[&[u8]]) -> (Vec<Message<Record>>, End, Vec<String>) {
    let nowhere = Transcript::new(File::create("/dev/null").unwrap());
    let mut listener = Listener::new(nowhere, Key::NONE);
    let hello = encode(Key::NONE, 0, &Record::Hello);
    assert!(!listener.hear(&hello).unwrap().answer.is_empty());
    let mut heard = Vec::new();
    for bytes in portions {
        let said = listener.hear(bytes).unwrap();
        heard.extend(said.messages.into_iter().map(|said| said.message));
        if let Some(end) = said.end {
            return (heard, end, listener.transcript.last_lines(10));
        }
    }
    let lines = listener.transcript.last_lines(10);
    assert!(lines.iter().all(|line| !line.contains('\x1b')));
    (heard, listener.console_ended(), lines)
}
