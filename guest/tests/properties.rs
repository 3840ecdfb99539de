//! What holds for any console, version and observation.

use guest::wire::{Decoder, Message, Piece, Stream, encode_bytes};
use guest::{Fact, Key, Observation, Record, Version};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

const KEY: Key = Key::new([7; 16]);

/// A console of frames, with the kernel's messages anywhere within and between.
fn console(messages: &[Vec<u8>], said: &mut [(Index, String)]) -> (Vec<u8>, String) {
    let frames = (0..).zip(messages);
    let frames: Vec<u8> = frames
        .flat_map(|(sequence, bytes)| encode_bytes(KEY, sequence, Stream::Stdout, bytes))
        .collect();
    let place = |index: &Index| index.index(frames.len() + 1);
    said.sort_by_key(|(index, _)| place(index));
    let (mut console, mut text, mut from) = (Vec::new(), String::new(), 0);
    for (index, words) in said {
        let to = place(index);
        console.extend(&frames[from..to]);
        console.extend(words.as_bytes());
        text += words;
        from = to;
    }
    console.extend(&frames[from..]);
    (console, text)
}

fn version() -> impl Strategy<Value = Version> {
    any::<(u16, u16, u16)>().prop_map(|(major, minor, patch)| Version::point(major, minor, patch))
}

fn facts() -> impl Strategy<Value = Vec<Fact>> {
    let values = vec("[A-Za-z0-9.]{1,9}", 0..9);
    values.prop_map(|values| {
        let facts = values.into_iter().enumerate().map(|(number, value)| Fact {
            name: format!("fact{number}"),
            value,
        });
        facts.collect()
    })
}

proptest! {
    #[test]
    fn messages_and_text_are_told_apart_in_any_portions(
        messages in vec(vec(any::<u8>(), 0..99), 0..9),
        mut said in vec(any::<(Index, String)>(), 0..9),
        portions in vec(1..99_usize, 1..9),
    ) {
        let (console, expected) = console(&messages, &mut said);
        let mut decoder = Decoder::new(KEY);
        let (mut heard, mut text, mut rest) = (Vec::new(), Vec::new(), &console[..]);
        for portion in portions.iter().cycle() {
            let (bytes, after) = rest.split_at(rest.len().min(*portion));
            for piece in decoder.push::<Record>(bytes) {
                match piece {
                    Piece::Text(bytes) => text.extend(bytes),
                    Piece::Message(sequence, Message::Bytes(Stream::Stdout, bytes)) => {
                        prop_assert_eq!(sequence as usize, heard.len());
                        heard.push(bytes);
                    }
                    other => prop_assert!(false, "{:?}", other),
                }
            }
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(heard, messages);
        prop_assert_eq!(String::from_utf8_lossy(&text), expected);
        prop_assert!(!decoder.is_within_frame());
    }

    #[test]
    fn a_message_that_was_damaged_is_none(
        bytes in vec(any::<u8>(), 0..99),
        place in any::<Index>(),
        other in 1..=u8::MAX,
    ) {
        let mut frame = encode_bytes(KEY, 0, Stream::Stdout, &bytes);
        let place = place.index(frame.len());
        frame[place] ^= other;
        let pieces = Decoder::new(KEY).push::<Record>(&frame);
        let whole = pieces.iter().any(|piece| matches!(piece, Piece::Message(..)));
        prop_assert!(!whole, "{:?}", pieces);
    }

    #[test]
    fn a_version_is_printed_as_it_is_read(version in version(), rest in "([-+~].*)?") {
        prop_assert_eq!(version.to_string().parse(), Ok(version));
        let text = format!("{version}{rest}");
        prop_assert_eq!(Version::leading(&text), Ok((version, &rest[..])));
    }

    #[test]
    fn versions_are_ordered_by_their_numbers(one in version(), other in version()) {
        let numbers = |v: Version| [v.major, v.minor, v.patch];
        prop_assert_eq!(one.cmp(&other), numbers(one).cmp(&numbers(other)));
        prop_assert!(one.series() <= one);
    }

    #[test]
    fn a_range_allows_the_numbers_within_it(first: u32, last: u32, seen: u32) {
        let claim = Fact { name: "refused".to_owned(), value: format!("{first}..{last}") };
        prop_assert_eq!(claim.allows(&seen.to_string()), (first..=last).contains(&seen));
        prop_assert_eq!(claim.allows(&first.to_string()), first <= last);
    }

    #[test]
    fn an_observation_is_read_as_it_is_written(facts in facts(), turn in any::<Index>()) {
        let seen = Observation(facts.clone());
        prop_assert_eq!(&Observation::written(&seen.to_string()), &seen);
        prop_assert!(seen.satisfied_by(&seen));
        if facts.is_empty() {
            return Ok(());
        }
        let mut turned = facts.clone();
        turned.rotate_left(turn.index(facts.len()));
        prop_assert!(Observation(turned.clone()).satisfied_by(&seen));
        turned.pop();
        prop_assert!(!seen.satisfied_by(&Observation(turned.clone())));
        prop_assert!(!Observation(turned).satisfied_by(&seen));
    }
}
