//! What must hold for any bytes; the fuzz targets of `fuzz/` call this, and a test
//! with the seeds they start from.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::claims::Version;
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
