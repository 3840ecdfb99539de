//! One request: HTTP, HTTPS, or a file of this machine.
//!
//! Every wait has a deadline. A host that cannot be reached is remembered, so that
//! forty kernels do not each wait for it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ureq::http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, RANGE};
use ureq::{Agent, Timeout};

use crate::files::read::open_regular;
use crate::http::first_source::FirstSource;
use crate::http::headers::{content_range, number, retry_after};
use crate::http::locked;
use crate::http::proxy::{Proxies, Route};
use crate::http::timeouts::Timeouts;

const REDIRECTS: u32 = 5;

/// Sends requests to mirrors; proxies are taken from the environment, as curl does.
pub(crate) struct Client {
    http: Result<Route, String>,
    https: Result<Route, String>,
    pub(crate) timeouts: Timeouts,
    hosts: Mutex<HashMap<String, Arc<Mutex<HostState>>>>,
    /// What is asked for each file that has a hash, before its mirror.
    pub(crate) first: Option<FirstSource>,
    /// The names of hosts in messages, where one says more than the host's own.
    titles: Mutex<HashMap<String, String>>,
}

/// What is known about a host in this run.
#[derive(Clone, Default)]
enum HostState {
    #[default]
    Unknown,
    Up,
    Down(String),
}

/// A file that is about to be read.
pub(crate) struct Response {
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
    /// The host answered, but does not serve this file.
    Refused(String),
    /// The host cannot be reached, and is not asked again in this run.
    Unreachable(String),
    /// Another try may succeed; the server may have said when.
    Passing(String, Option<Duration>),
}

impl Client {
    pub(crate) fn new(timeouts: Timeouts) -> Self {
        Self::through(timeouts, &Proxies::of_environment())
    }

    /// A client that uses these proxies.
    pub(crate) fn through(timeouts: Timeouts, proxies: &Proxies) -> Self {
        let config = || {
            Agent::config_builder()
                .user_agent(concat!("strata/", env!("CARGO_PKG_VERSION")))
                .http_status_as_error(false)
                .max_redirects(REDIRECTS)
                .timeout_resolve(Some(timeouts.resolve))
                .timeout_connect(Some(timeouts.connect))
                .timeout_send_request(Some(timeouts.response))
                .timeout_recv_response(Some(timeouts.response))
                .timeout_per_read(Some(timeouts.stall))
                .tls_config(
                    // The certificates that this machine trusts: a company's proxy may need them.
                    ureq::tls::TlsConfig::builder()
                        .root_certs(ureq::tls::RootCerts::PlatformVerifier)
                        .build(),
                )
        };
        let route = |proxy: &Option<_>| Route::new(config(), proxy.as_ref(), &proxies.not_for);
        Self {
            http: route(&proxies.http),
            https: route(&proxies.https),
            timeouts,
            hosts: Mutex::default(),
            first: None,
            titles: Mutex::default(),
        }
    }

    /// Gives the host of a URL a name for messages, such as "apt's mirror".
    pub(crate) fn entitle(&self, url: &str, title: &str) {
        locked(&self.titles).insert(host_of(url).to_owned(), title.to_owned());
    }

    /// The name of a URL's host in messages.
    pub(crate) fn title(&self, url: &str) -> String {
        let host = host_of(url);
        let title = locked(&self.titles).get(host).cloned();
        title.unwrap_or_else(|| host.to_owned())
    }

    /// Asks for a file from byte `from` on; the server may send all of it.
    pub(crate) fn get(&self, url: &str, from: u64) -> Result<Response, FetchError> {
        if let Some(path) = url.strip_prefix("file://") {
            return local(path, from);
        }
        let host = self.host(url);
        // Held until the host's first response, so that only one request has to
        // find out that there is none; every wait in there has a deadline.
        let mut state = locked(&host);
        match &*state {
            HostState::Down(why) => Err(FetchError::Unreachable(why.clone())),
            HostState::Up => {
                drop(state);
                self.request(url, from)
            }
            HostState::Unknown => {
                let result = self.request(url, from);
                *state = match &result {
                    Err(FetchError::Unreachable(why)) => HostState::Down(why.clone()),
                    Err(FetchError::Passing(..)) => HostState::Unknown,
                    Ok(_) | Err(FetchError::NotFound | FetchError::Refused(_)) => HostState::Up,
                };
                result
            }
        }
    }

    /// Asks this URL's host for nothing more in this run.
    pub(crate) fn give_up(&self, url: &str, why: &str) {
        *locked(&self.host(url)) = HostState::Down(why.to_owned());
    }

    fn host(&self, url: &str) -> Arc<Mutex<HostState>> {
        let mut hosts = locked(&self.hosts);
        hosts.entry(host_of(url).to_owned()).or_default().clone()
    }

    fn request(&self, url: &str, from: u64) -> Result<Response, FetchError> {
        let route = match url.starts_with("https:") {
            true => &self.https,
            false => &self.http,
        };
        let route = route
            .as_ref()
            .map_err(|why| FetchError::Unreachable(why.clone()))?;
        let mut request = route.agent.get(url).header(ACCEPT_ENCODING, "identity");
        if from > 0 {
            request = request.header(RANGE, format!("bytes={from}-"));
        }
        let proxy = route.proxy_for(url);
        // Only the proxy was connected to.
        let blame = |error| match (error, proxy) {
            (FetchError::Unreachable(why), Some(proxy)) => {
                FetchError::Unreachable(format!("{proxy}: {why}"))
            }
            (error, _) => error,
        };
        let response = (request.call()).map_err(|error| blame(self.refusal(&error)))?;
        let headers = response.headers();
        let (start, total) = match response.status().as_u16() {
            200 => (0, number(headers, CONTENT_LENGTH.as_str())),
            206 => content_range(headers)
                .ok_or_else(|| FetchError::Refused("part of a file without a place".into()))?,
            407 => {
                return Err(blame(FetchError::Unreachable(
                    "status 407, no login".into(),
                )));
            }
            404 | 410 => return Err(FetchError::NotFound),
            // The file is now shorter than what was downloaded of an earlier one.
            416 if from > 0 => return self.request(url, 0),
            status @ (408 | 429 | 500 | 502..=504) => {
                let why = format!("status {status}");
                return Err(FetchError::Passing(why, retry_after(headers)));
            }
            status => return Err(FetchError::Refused(format!("status {status}"))),
        };
        Ok(Response {
            start,
            total,
            body: Box::new(response.into_body().into_reader()),
        })
    }

    fn refusal(&self, error: &ureq::Error) -> FetchError {
        use io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable};
        let waited = &self.timeouts;
        let unreachable = |why: &str| FetchError::Unreachable(why.to_owned());
        match error {
            ureq::Error::HostNotFound => unreachable("name does not resolve"),
            ureq::Error::ConnectionFailed => unreachable("no connection"),
            ureq::Error::Timeout(Timeout::Resolve) => {
                FetchError::Unreachable(format!("name did not resolve within {:?}", waited.resolve))
            }
            ureq::Error::Timeout(Timeout::Connect) => {
                FetchError::Unreachable(format!("no connection within {:?}", waited.connect))
            }
            ureq::Error::Timeout(_) => {
                FetchError::Passing(format!("no answer within {:?}", waited.response), None)
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

fn local(path: &str, from: u64) -> Result<Response, FetchError> {
    let open = || -> io::Result<(File, u64)> {
        let mut file = open_regular(Path::new(path))?;
        let total = file.metadata()?.len();
        file.seek(SeekFrom::Start(from))?;
        Ok((file, total))
    };
    match open() {
        Ok((file, total)) => Ok(Response {
            start: from,
            total: Some(total),
            body: Box::new(file),
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(FetchError::NotFound),
        Err(error) => Err(FetchError::Refused(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
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
    fn a_host_that_refuses_is_remembered() {
        // Bound and dropped, so that nothing listens there.
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
        assert!(matches!(
            *client.host(&url).lock().unwrap(),
            HostState::Down(_)
        ));
    }

    /// Answers one request, and gives what it was.
    fn answers(answer: &'static str) -> (String, std::thread::JoinHandle<String>) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://me:s3cret@{}", listener.local_addr().unwrap());
        let asked = std::thread::spawn(move || {
            use std::io::{BufRead, BufReader, Write};
            let (mut stream, _) = listener.accept().unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let head: Vec<String> = (lines.map(Result::unwrap))
                .take_while(|line| !line.is_empty())
                .collect();
            stream.write_all(answer.as_bytes()).unwrap();
            head.join("\n")
        });
        (url, asked)
    }

    fn through(http: String, not_for: &str) -> Client {
        let proxies = Proxies {
            http: Some(("http_proxy", http)),
            https: None,
            not_for: not_for.to_owned(),
        };
        Client::through(Timeouts::default(), &proxies)
    }

    const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

    #[test]
    fn a_proxy_is_asked_for_the_whole_address() {
        let (url, asked) = answers(OK);
        let client = through(url, "");
        // Only the proxy resolves that name.
        let answer = client.get("http://mirror.invalid/debian/x", 0);
        let mut text = String::new();
        let mut body = answer.map_err(|error| format!("{error:?}")).unwrap().body;
        body.read_to_string(&mut text).unwrap();
        assert_eq!(text, "hi");
        let asked = asked.join().unwrap();
        assert!(
            asked.starts_with("GET http://mirror.invalid/debian/x HTTP/1.1\n"),
            "{asked}"
        );
        // "me:s3cret", as base64(1) has it.
        assert!(
            asked.contains("Proxy-Authorization: Basic bWU6czNjcmV0"),
            "{asked}"
        );
    }

    #[test]
    fn a_host_that_needs_no_proxy_is_asked_itself() {
        let (url, asked) = answers(OK);
        let url = url.replace("me:s3cret@", "");
        let client = through("http://127.0.0.1:1".to_owned(), "localhost,127.0.0.1");
        assert!(client.get(&format!("{url}/x"), 0).is_ok());
        assert!(asked.join().unwrap().starts_with("GET /x HTTP/1.1\n"));
    }

    #[test]
    fn a_proxy_that_fails_is_what_is_blamed() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let dead = format!("http://me:s3cret@{}", listener.local_addr().unwrap());
        drop(listener);
        let (denies, _asked) = answers("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n");
        for (proxy, expected) in [
            (dead, "connection refused"),
            (denies, "status 407"),
            ("http://me:s3cret@".to_owned(), "cannot be used"),
        ] {
            match through(proxy, "").get("http://mirror.invalid/x", 0) {
                Err(FetchError::Unreachable(why)) => {
                    assert!(
                        why.starts_with("the proxy ") && why.contains(expected),
                        "{why}"
                    );
                    assert!(
                        why.contains("http_proxy") && !why.contains("s3cret"),
                        "{why}"
                    );
                }
                other => panic!("{:?}", other.err()),
            }
        }
    }
}
