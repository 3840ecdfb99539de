//! What the headers of an answer say.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use ureq::http::header::{CONTENT_RANGE, HeaderMap, RETRY_AFTER};

pub(crate) fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// `bytes 100-199/200`: where the part starts, and the size of the whole.
pub(crate) fn content_range(headers: &HeaderMap) -> Option<(u64, Option<u64>)> {
    let range = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    let (range, total) = range.strip_prefix("bytes ")?.split_once('/')?;
    let (start, _) = range.split_once('-')?;
    Some((start.trim().parse().ok()?, total.trim().parse().ok()))
}

/// Seconds, or a date; for ever, where the header is there and cannot be read.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?;
    if let Some(seconds) = number(headers, RETRY_AFTER.as_str()) {
        return Some(Duration::from_secs(seconds));
    }
    let date = value.to_str().ok();
    let date = date.and_then(|date| rfc2822::DateTimeParser::new().parse_timestamp(date).ok());
    let Some(date) = date else {
        return Some(Duration::MAX);
    };
    let seconds = date.as_second() - Timestamp::now().as_second();
    Some(Duration::from_secs(seconds.try_into().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ureq::http::HeaderValue;

    use super::*;

    #[test]
    fn a_range_says_where_it_starts() {
        let range = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_RANGE, value.parse().unwrap());
            content_range(&headers)
        };
        assert_eq!(range("bytes 100-199/200"), Some((100, Some(200))));
        assert_eq!(range("bytes 100-199/*"), Some((100, None)));
        assert_eq!(range("bytes */200"), None);
    }

    proptest! {
        #[test]
        fn a_header_may_say_anything(value in proptest::collection::vec(32..127_u8, 0..40)) {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_RANGE, HeaderValue::from_bytes(&value).unwrap());
            headers.insert(RETRY_AFTER, HeaderValue::from_bytes(&value).unwrap());
            content_range(&headers);
            retry_after(&headers);
        }

        #[test]
        fn a_header_means_what_it_says(start: u64, total: u64, seconds in 0..100_000_u32) {
            let mut headers = HeaderMap::new();
            let range = format!("bytes {start}-{}/{total}", u64::MAX);
            headers.insert(CONTENT_RANGE, range.parse().unwrap());
            prop_assert_eq!(content_range(&headers), Some((start, Some(total))));
            headers.insert(RETRY_AFTER, seconds.to_string().parse().unwrap());
            prop_assert_eq!(retry_after(&headers), Some(Duration::from_secs(seconds.into())));
            let then = Timestamp::now() + Duration::from_secs(seconds.into());
            let date = then.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
            headers.insert(RETRY_AFTER, date.parse().unwrap());
            let wait = retry_after(&headers).unwrap().as_secs();
            prop_assert!(wait.abs_diff(seconds.into()) <= 1, "{} for {}", wait, seconds);
        }
    }
}
