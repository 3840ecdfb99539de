//! The proxies of the environment, used as curl uses them: a request for plain http
//! is sent to the proxy itself, https goes through it by CONNECT.
//!
//! The library knows only CONNECT, which proxies refuse for port 80.

use std::env;

use base64::prelude::{BASE64_STANDARD, Engine};
use ureq::config::Config;
use ureq::http::Uri;
use ureq::http::uri::Scheme;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{
    Buffers, ConnectProxyConnector, ConnectionDetails, Connector, NextTimeout, RustlsConnector,
    TcpConnector, Transport,
};
use ureq::{Agent, Error, Proxy, ProxyProtocol};

use crate::messages::one_line::one_line;

/// What the environment says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies {
    /// For http: the variable, and its value.
    pub(crate) http: Option<(&'static str, String)>,
    pub(crate) https: Option<(&'static str, String)>,
    /// Hosts that are asked directly, with commas in between.
    pub(crate) not_for: String,
}

impl Proxies {
    pub(crate) fn of_environment() -> Self {
        let first = |names: &[&'static str]| {
            names.iter().find_map(|name| {
                let value = env::var(name).ok()?;
                (!value.trim().is_empty()).then(|| (*name, value.trim().to_owned()))
            })
        };
        // Not HTTP_PROXY: a server may have set that from a header.
        Self {
            http: first(&["http_proxy", "all_proxy", "ALL_PROXY"]),
            https: first(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
            not_for: (first(&["no_proxy", "NO_PROXY"])).map_or(String::new(), |(_, value)| value),
        }
    }
}

/// Sends requests to servers, through a proxy where there is one.
pub(crate) struct Route {
    pub(crate) agent: Agent,
    proxy: Option<Proxy>,
    /// For people: the proxy, and the variable that names it.
    title: String,
}

impl Route {
    /// The error says why the proxy cannot be used.
    pub(crate) fn new(
        config: ureq::config::ConfigBuilder<ureq::typestate::AgentScope>,
        proxy: Option<&(&'static str, String)>,
        not_for: &str,
    ) -> Result<Self, String> {
        let Some((variable, value)) = proxy else {
            return Ok(Self {
                agent: Agent::new_with_config(config.proxy(None).build()),
                proxy: None,
                title: String::new(),
            });
        };
        let proxy = parse(value, not_for).map_err(|error| {
            let (value, error) = (shown(value), one_line(&error));
            format!("the proxy {value:?} of {variable} cannot be used: {error}")
        })?;
        let config = config
            .proxy(Some(proxy.clone()))
            // A connection is for one request: only the first one is changed.
            .max_idle_connections(0)
            .max_idle_connections_per_host(0)
            .build();
        let connector =
            ().chain(Forward::default())
                .chain(ConnectProxyConnector::default())
                .chain(TcpConnector::default())
                .chain(RustlsConnector::default());
        Ok(Self {
            title: format!("the proxy {}:{} of {variable}", proxy.host(), proxy.port()),
            agent: Agent::with_parts(config, connector, DefaultResolver::default()),
            proxy: Some(proxy),
        })
    }

    /// The proxy that a URL is asked through, for people.
    pub(crate) fn proxy_for(&self, url: &str) -> Option<&str> {
        let proxy = self.proxy.as_ref()?;
        let uri: Uri = url.parse().ok()?;
        (!proxy.is_no_proxy(&uri)).then_some(&self.title)
    }
}

/// A value of a variable, without credentials.
fn shown(value: &str) -> String {
    one_line(value.rsplit('@').next().unwrap_or_default())
}

fn parse(value: &str, not_for: &str) -> Result<Proxy, String> {
    let proxy = Proxy::new(value).map_err(|error| error.to_string())?;
    if !matches!(proxy.protocol(), ProxyProtocol::Http | ProxyProtocol::Https) {
        return Err("only http and https proxies are supported".to_owned());
    }
    let mut builder = Proxy::builder(proxy.protocol())
        .host(proxy.host())
        .port(proxy.port());
    if let Some(name) = proxy.username() {
        builder = builder.username(name);
    }
    if let Some(password) = proxy.password() {
        builder = builder.password(password);
    }
    for host in not_for.split([',', ' ']).filter(|host| !host.is_empty()) {
        builder = builder.no_proxy(host);
    }
    builder.build().map_err(|error| error.to_string())
}

/// Connects to the proxy for plain http, and leaves the rest to others.
#[derive(Debug)]
struct Forward {
    /// For the connection to the proxy.
    direct: Config,
}

impl Default for Forward {
    fn default() -> Self {
        Self {
            direct: Config::builder().proxy(None).build(),
        }
    }
}

impl Connector for Forward {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        _: Option<()>,
    ) -> Result<Option<Self::Out>, Error> {
        let proxy = (details.config.proxy()).filter(|proxy| {
            details.uri.scheme() == Some(&Scheme::HTTP) && !proxy.is_no_proxy(details.uri)
        });
        let (Some(proxy), Some(authority)) = (proxy, details.uri.authority()) else {
            return Ok(None);
        };
        let addrs = details
            .resolver
            .resolve(proxy.uri(), &self.direct, details.timeout)?;
        let inner = (details.run_connector)(&ConnectionDetails {
            uri: proxy.uri(),
            addrs,
            config: &self.direct,
            current_time: details.current_time.clone(),
            run_connector: details.run_connector.clone(),
            register_shutdown: details.register_shutdown.clone(),
            ..*details
        })?;
        // The server's own credentials are in a header of the request.
        let host = authority.as_str().rsplit('@').next().unwrap_or_default();
        let login = proxy.username().map(|name| {
            let login = format!("{name}:{}", proxy.password().unwrap_or_default());
            let login = base64(login.as_bytes());
            format!("Proxy-Authorization: Basic {login}\r\n")
        });
        Ok(Some(Box::new(Forwarded {
            inner,
            target: Some(format!("http://{host}")),
            login: login.unwrap_or_default(),
        })))
    }
}

/// A connection to a proxy: the first line says where the request is meant for.
#[derive(Debug)]
struct Forwarded {
    inner: Box<dyn Transport>,
    /// The server's address, until the first line is sent.
    target: Option<String>,
    login: String,
}

impl Transport for Forwarded {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let Some(target) = self.target.take() else {
            return self.inner.transmit_output(amount, timeout);
        };
        let output = self.inner.buffers().output();
        let request = addressed(&output[..amount], &target, &self.login);
        let Some(room) = output.get_mut(..request.len()) else {
            let why = "a request that is too long for a proxy";
            return Err(Error::Io(std::io::Error::other(why)));
        };
        room.copy_from_slice(&request);
        self.inner.transmit_output(request.len(), timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }
}

/// `GET /path HTTP/1.1` as `GET http://host/path HTTP/1.1`, and a header more.
fn addressed(request: &[u8], target: &str, login: &str) -> Vec<u8> {
    let after = |what: &[u8]| {
        let at = request.windows(what.len()).position(|bytes| bytes == what);
        at.map_or(request.len(), |at| at + what.len())
    };
    let (method, line) = (after(b" "), after(b"\r\n"));
    [
        &request[..method],
        target.as_bytes(),
        &request[method..line],
        login.as_bytes(),
        &request[line..],
    ]
    .concat()
}

fn base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_the_server_to_the_proxy() {
        let request = b"GET /debian/x HTTP/1.1\r\nhost: a.example\r\n\r\n";
        assert_eq!(
            String::from_utf8(addressed(request, "http://a.example:80", "X: y\r\n")).unwrap(),
            "GET http://a.example:80/debian/x HTTP/1.1\r\nX: y\r\nhost: a.example\r\n\r\n"
        );
    }

    /// RFC 4648, section 10.
    #[test]
    fn base64_is_as_in_the_rfc() {
        for (plain, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foob", "Zm9vYg=="),
        ] {
            assert_eq!(base64(plain.as_bytes()), text);
        }
    }

    #[test]
    fn a_malformed_proxy_is_no_proxy_and_says_so_without_its_password() {
        let config = || Agent::config_builder();
        for value in [
            "http://me:s3cret@",
            "://me:s3cret@x",
            "socks5://me:s3cret@host",
        ] {
            let Err(error) = Route::new(config(), Some(&("http_proxy", value.to_owned())), "")
            else {
                panic!("{value} was taken");
            };
            assert!(
                error.contains("http_proxy") && !error.contains("s3cret"),
                "{error}"
            );
        }
    }
}
