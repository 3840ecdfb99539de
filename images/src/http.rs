//! One request: HTTP, HTTPS, or a file of this machine.
//!
//! Every wait has its own deadline. A host that cannot be reached is
//! remembered, so that forty kernels do not each wait for it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use ureq::http::header::{
    ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, HeaderMap, RANGE, RETRY_AFTER,
};
use ureq::{Agent, Timeout};

use crate::timeouts::Timeouts;

const REDIRECTS: u32 = 5;

/// Speaks to mirrors; proxies are taken from the environment, as curl does.
pub(crate) struct Client {
    agent: Agent,
    timeouts: Timeouts,
    hosts: Mutex<HashMap<String, Arc<Mutex<Host>>>>,
    /// What hosts are called in messages, where that says more than their name.
    titles: Mutex<HashMap<String, String>>,
}

/// What is known about a host in this run.
#[derive(Clone, Default)]
enum Host {
    #[default]
    Unknown,
    Up,
    Down(String),
}

/// The start of a file.
pub(crate) struct Answer {
    /// Where in the file the body begins.
    pub(crate) start: u64,
    /// Bytes of the whole file, where the server says.
    pub(crate) total: Option<u64>,
    pub(crate) body: Box<dyn Read + Send>,
}

/// Why there is no file.
#[derive(Clone, Debug)]
pub(crate) enum FetchError {
    /// The host works and does not have it.
    NotFound,
    /// The host answered, and this file cannot be had from it.
    Refused(String),
    /// The host cannot be had in this run.
    Unreachable(String),
    /// It may work in a moment; the server may have said when.
    Passing(String, Option<Duration>),
}

impl Client {
    pub(crate) fn new(timeouts: Timeouts) -> Self {
        let config = Agent::config_builder()
            .user_agent(concat!("strata/", env!("CARGO_PKG_VERSION")))
            .http_status_as_error(false)
            .max_redirects(REDIRECTS)
            .timeout_resolve(Some(timeouts.resolve))
            .timeout_connect(Some(timeouts.connect))
            .timeout_send_request(Some(timeouts.response))
            .timeout_recv_response(Some(timeouts.response))
            .timeout_per_read(Some(timeouts.stall))
            .tls_config(
                // The certificates this machine trusts, which a company's proxy may need.
                ureq::tls::TlsConfig::builder()
                    .root_certs(ureq::tls::RootCerts::PlatformVerifier)
                    .build(),
            )
            .build();
        Self {
            agent: config.into(),
            timeouts,
            hosts: Mutex::default(),
            titles: Mutex::default(),
        }
    }

    /// Within what time one file has to come.
    pub(crate) fn deadline(&self) -> Duration {
        self.timeouts.file
    }

    /// The time over which a rate is taken, to be held against the slowest.
    pub(crate) fn window(&self) -> Duration {
        self.timeouts.rate
    }

    /// Calls the host of a URL by what it is to this machine.
    pub(crate) fn entitle(&self, url: &str, title: &str) {
        let mut titles = self.titles.lock().unwrap_or_else(PoisonError::into_inner);
        titles.insert(host_of(url).to_owned(), title.to_owned());
    }

    /// What the host of a URL is called in messages.
    pub(crate) fn title(&self, url: &str) -> String {
        let titles = self.titles.lock().unwrap_or_else(PoisonError::into_inner);
        let host = host_of(url);
        titles
            .get(host)
            .map_or_else(|| host.to_owned(), String::clone)
    }

    /// Asks for a file from a byte on; the server may start over all the same.
    pub(crate) fn get(&self, url: &str, from: u64) -> Result<Answer, FetchError> {
        if let Some(path) = url.strip_prefix("file://") {
            return local(path, from);
        }
        let host = self.host(url);
        // Held until the host's first answer, so that only one request has to
        // find out that there is none; every wait in there has a deadline.
        let mut state = host.lock().unwrap_or_else(PoisonError::into_inner);
        match &*state {
            Host::Down(why) => Err(FetchError::Unreachable(why.clone())),
            Host::Up => {
                drop(state);
                self.request(url, from)
            }
            Host::Unknown => {
                let result = self.request(url, from);
                *state = match &result {
                    Err(FetchError::Unreachable(why)) => Host::Down(why.clone()),
                    Err(FetchError::Passing(..)) => Host::Unknown,
                    Ok(_) | Err(FetchError::NotFound | FetchError::Refused(_)) => Host::Up,
                };
                result
            }
        }
    }

    /// Asks this URL's host for nothing more in this run.
    pub(crate) fn give_up(&self, url: &str, why: &str) {
        *self
            .host(url)
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Host::Down(why.to_owned());
    }

    fn host(&self, url: &str) -> Arc<Mutex<Host>> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.entry(host_of(url).to_owned()).or_default().clone()
    }

    fn request(&self, url: &str, from: u64) -> Result<Answer, FetchError> {
        let mut request = self.agent.get(url).header(ACCEPT_ENCODING, "identity");
        if from > 0 {
            request = request.header(RANGE, format!("bytes={from}-"));
        }
        let response = request.call().map_err(|error| self.refusal(&error))?;
        let headers = response.headers();
        let (start, total) = match response.status().as_u16() {
            200 => (0, number(headers, CONTENT_LENGTH.as_str())),
            206 => content_range(headers)
                .ok_or_else(|| FetchError::Refused("part of a file without a place".into()))?,
            404 | 410 => return Err(FetchError::NotFound),
            // What was there before is not the start of what is there now.
            416 if from > 0 => return self.request(url, 0),
            status @ (408 | 429 | 500 | 502..=504) => {
                let why = format!("status {status}");
                return Err(FetchError::Passing(why, retry_after(headers)));
            }
            status => return Err(FetchError::Refused(format!("status {status}"))),
        };
        Ok(Answer {
            start,
            total,
            body: Box::new(response.into_body().into_reader()),
        })
    }

    fn refusal(&self, error: &ureq::Error) -> FetchError {
        use io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable};
        let Timeouts {
            resolve,
            connect,
            response,
            ..
        } = &self.timeouts;
        let unreachable = |why: &str| FetchError::Unreachable(why.to_owned());
        match error {
            ureq::Error::HostNotFound => unreachable("name does not resolve"),
            ureq::Error::ConnectionFailed => unreachable("no connection"),
            ureq::Error::Timeout(Timeout::Resolve) => {
                FetchError::Unreachable(format!("name did not resolve within {resolve:?}"))
            }
            ureq::Error::Timeout(Timeout::Connect) => {
                FetchError::Unreachable(format!("no connection within {connect:?}"))
            }
            ureq::Error::Timeout(_) => {
                FetchError::Passing(format!("no answer within {response:?}"), None)
            }
            ureq::Error::Io(error) => match error.kind() {
                ConnectionRefused => unreachable("connection refused"),
                HostUnreachable | NetworkUnreachable => unreachable("no route"),
                // The standard library has no kind for it.
                _ if error.to_string().contains("lookup address") => {
                    unreachable("name does not resolve")
                }
                _ => FetchError::Passing(error.to_string(), None),
            },
            ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::ConnectProxyFailed(_) => {
                FetchError::Unreachable(error.to_string())
            }
            other => FetchError::Refused(other.to_string()),
        }
    }
}

/// `host:port` of a URL, without credentials, or the URL where it has none.
pub(crate) fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    authority
        .rsplit('@')
        .next()
        .filter(|host| !host.is_empty())
        .unwrap_or(url)
}

fn local(path: &str, from: u64) -> Result<Answer, FetchError> {
    let open = || -> io::Result<(File, u64)> {
        let mut file = File::open(path)?;
        let total = file.metadata()?.len();
        file.seek(SeekFrom::Start(from))?;
        Ok((file, total))
    };
    match open() {
        Ok((file, total)) => Ok(Answer {
            start: from,
            total: Some(total),
            body: Box::new(file),
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(FetchError::NotFound),
        Err(error) => Err(FetchError::Refused(error.to_string())),
    }
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// `bytes 100-199/200`: where the part starts, and the size of the whole.
fn content_range(headers: &HeaderMap) -> Option<(u64, Option<u64>)> {
    let range = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    let (range, total) = range.strip_prefix("bytes ")?.split_once('/')?;
    let (start, _) = range.split_once('-')?;
    Some((start.trim().parse().ok()?, total.trim().parse().ok()))
}

/// Seconds, or a date; for ever, where the server wants to be left alone and nobody
/// can read for how long.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
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
    fn a_url_names_its_host() {
        assert_eq!(
            host_of("http://a.example.org:80/debian/x"),
            "a.example.org:80"
        );
        assert_eq!(host_of("https://a.example.org"), "a.example.org");
    }

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

    #[test]
    fn a_host_that_refuses_is_remembered() {
        // Bound and dropped, so that nobody listens there.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/x", listener.local_addr().unwrap());
        drop(listener);
        let client = Client::new(Timeouts::default());
        for _ in 0..2 {
            match client.get(&url, 0) {
                Err(FetchError::Unreachable(why)) => assert_eq!(why, "connection refused"),
                other => panic!("{:?}", other.err()),
            }
        }
        assert!(matches!(*client.host(&url).lock().unwrap(), Host::Down(_)));
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
