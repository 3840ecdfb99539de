//! What must hold for any bytes; the fuzz targets of `fuzz/` call this, and a test
//! with the seeds they start from.

use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::claims::Version;
use crate::protocol::ring::{RingReader, RingWriter};
use crate::protocol::wire::Stream;
use crate::protocol::{Job, NativeJob, NativeRecord, Order, Record};

/// What is read as a record, an order or a job is written as it was read.
///
/// # Panics
/// Where that does not hold.
pub fn record(bytes: &[u8]) {
    comes_back::<Record>(bytes);
    comes_back::<Order>(bytes);
    comes_back::<Job>(bytes);
    comes_back::<NativeRecord>(bytes);
    comes_back::<NativeJob>(bytes);
}

fn comes_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(bytes: &[u8]) {
    let Ok(value) = serde_json::from_slice::<T>(bytes) else {
        return;
    };
    let written = serde_json::to_vec(&value).expect("plain data has a JSON form");
    assert_eq!(serde_json::from_slice::<T>(&written).unwrap(), value);
}

/// Whatever is written to shared memory between two steps, a step is an error or moves no
/// more bytes than it was asked to, or than a ring holds.
///
/// A step is twelve bytes: which side, how much, and what is written where before.
///
/// # Panics
/// Where that does not hold.
pub fn ring(bytes: &[u8]) {
    const RING: usize = 512;
    let memory: Vec<AtomicU64> = (0..RING / 2).map(|_| AtomicU64::new(0)).collect();
    let mut writer = RingWriter::new(&memory[..], Stream::Stderr);
    let mut reader = RingReader::new(&memory[..], Stream::Stderr);
    let mut buffer = [0; 4 * 256];
    for step in bytes.chunks_exact(12) {
        let &[side, length, place, writes, ref value @ ..] = step else {
            return;
        };
        if writes % 2 == 1 {
            let value = value.try_into().map_or(0, u64::from_le_bytes);
            memory[usize::from(place)].store(value, Ordering::SeqCst);
        }
        let length = 4 * usize::from(length);
        let moved = if side % 2 == 0 {
            writer.put(&buffer[..length])
        } else {
            reader.take(&mut buffer[..length])
        };
        assert!(moved.is_ok_and(|moved| moved.bytes <= length.min(RING)) || moved.is_err());
    }
}

/// A version is printed as it is read, and what it was found in is made of it
/// and the rest.
///
/// # Panics
/// Where that does not hold.
pub fn version(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    let Ok((version, rest)) = Version::leading(text) else {
        assert!(text.parse::<Version>().is_err());
        return;
    };
    assert!(text.ends_with(rest));
    let number = &text[..text.len() - rest.len()];
    assert_eq!(number.parse(), Ok(version));
    assert_eq!(version.to_string().parse(), Ok(version));
    assert!(version.series() <= version);
    if let Some(before) = version.series_before() {
        assert!(before < version.series());
    }
    assert_eq!(text.parse::<Version>().is_ok(), rest.is_empty());
}
