//! Where requests go.

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};
use std::str::FromStr;

use hyper::Uri;
use rustls::pki_types::{IpAddr, ServerName};
use url::{Host, Url};

use crate::LoadError;

/// A URL of scheme `http` or `https`.
///
/// ```
/// use ferrocast_load::Target;
///
/// let target: Target = "http://[::1]:8000/predict?top_k=3".parse()?;
/// assert_eq!(target.to_string(), "http://[::1]:8000/predict?top_k=3");
/// assert!("localhost:8000".parse::<Target>().is_err());
/// # Ok::<(), ferrocast_load::LoadError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Target {
    url: Url,
    host: Host<String>,
    port: u16,
    uri: Uri,
}

impl FromStr for Target {
    type Err = LoadError;

    fn from_str(text: &str) -> Result<Target, LoadError> {
        let bad = |reason: String| LoadError::BadUrl { url: text.to_owned(), reason };
        let url = Url::parse(text).map_err(|error| bad(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad(format!("its scheme is `{}`", url.scheme())));
        }
        if !url.username().is_empty() || url.password().is_some() {
            // Not repeated: messages end up in logs.
            return Err(LoadError::Credentials);
        }
        let host = url.host().map(|host| host.to_owned()).ok_or_else(|| bad("it has no host".to_owned()))?;
        let port = url.port_or_known_default().ok_or_else(|| bad("it has no port".to_owned()))?;
        let path = url.path();
        let uri = url.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
        let uri = uri.parse().map_err(|error: hyper::http::uri::InvalidUri| bad(error.to_string()))?;
        Ok(Target { url, host, port, uri })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.as_str())
    }
}

impl Target {
    /// The same server with this path, if the URL has none of its own.
    #[must_use]
    pub fn or_path(mut self, path: &'static str) -> Target {
        if self.url.path() == "/" && self.url.query().is_none() {
            self.url.set_path(path);
            self.uri = Uri::from_static(path);
        }
        self
    }

    /// What stands in the first line of a request.
    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// What stands in the header `Host`.
    pub(crate) fn authority(&self) -> String {
        match self.url.port() {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.to_string(),
        }
    }

    pub(crate) fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whose certificate the server has to have.
    pub(crate) fn server_name(&self) -> Result<ServerName<'static>, LoadError> {
        match &self.host {
            Host::Ipv4(address) => Ok(ServerName::IpAddress(IpAddr::from(std::net::IpAddr::from(*address)))),
            Host::Ipv6(address) => Ok(ServerName::IpAddress(IpAddr::from(std::net::IpAddr::from(*address)))),
            Host::Domain(name) => ServerName::try_from(name.clone())
                .map_err(|error| LoadError::BadUrl { url: self.to_string(), reason: error.to_string() }),
        }
    }

    /// The addresses behind the host's name, in the order of the system; never none.
    pub(crate) fn resolve(&self) -> Result<Vec<SocketAddr>, LoadError> {
        let found: std::io::Result<Vec<SocketAddr>> = match &self.host {
            Host::Ipv4(address) => Ok(vec![SocketAddr::from((*address, self.port))]),
            Host::Ipv6(address) => Ok(vec![SocketAddr::from((*address, self.port))]),
            Host::Domain(name) => (name.as_str(), self.port).to_socket_addrs().map(Iterator::collect),
        };
        match found {
            Ok(addresses) if addresses.is_empty() => Err(LoadError::NoAddress(self.host.to_string())),
            Ok(addresses) => Ok(addresses),
            Err(source) => Err(LoadError::Unresolved { host: self.host.to_string(), source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Target;

    fn target(url: &str) -> Target {
        url.parse().unwrap()
    }

    fn problem(url: &str) -> String {
        url.parse::<Target>().unwrap_err().to_string()
    }

    #[test]
    fn requests_name_path_and_host() {
        for (url, uri, authority) in [
            ("http://a", "/", "a"),
            ("http://a:80/b", "/b", "a"),
            ("http://a:8000/b?c=d#e", "/b?c=d", "a:8000"),
            ("https://a:443/b c", "/b%20c", "a"),
            ("http://[::1]:8000/", "/", "[::1]:8000"),
        ] {
            let target = target(url);
            assert_eq!((target.uri().to_string().as_str(), target.authority().as_str()), (uri, authority), "{url}");
        }
    }

    #[test]
    fn addresses_need_no_resolver() {
        assert_eq!(target("http://[::1]:8000").resolve().unwrap(), ["[::1]:8000".parse().unwrap()]);
        assert_eq!(target("https://127.0.0.1").resolve().unwrap(), ["127.0.0.1:443".parse().unwrap()]);
    }

    #[test]
    fn bad_urls_are_told_with_what_is_right() {
        for url in ["", "127.0.0.1:8000/predict", "localhost:8000", "ftp://a", "http://", "http://a:99999"] {
            let problem = problem(url);
            assert!(problem.contains(&format!("`{url}`")) && problem.contains("http://HOST:PORT/PATH"), "{problem}");
        }
    }

    #[test]
    fn credentials_are_refused_and_not_repeated() {
        let problem = problem("http://user:secret@a/");
        assert!(problem.contains("header") && !problem.contains("secret"), "{problem}");
    }

    #[test]
    fn a_path_is_added_where_there_is_none() {
        assert_eq!(target("http://a:1").or_path("/readyz").to_string(), "http://a:1/readyz");
        assert_eq!(target("http://a:1/livez").or_path("/readyz").uri(), "/livez");
    }
}
