//! Who asks: the address, by way of web servers that are trusted, and a name for the request.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Once, OnceLock};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use countersign_host::random::Random;
use data_encoding::HEXLOWER;

use crate::config::Network;

/// Whoever sent a request. It stands among the request's extensions, and a handler can take it as an argument.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    /// The address that the request came from, as far as it is known.
    pub(crate) address: IpAddr,
    /// What the request is called in the log, and in the header `x-request-id` of the answer.
    pub(crate) request: Arc<str>,
    user: Arc<OnceLock<String>>,
}

impl Client {
    /// Finds out who sent a request that `peer` handed over.
    ///
    /// # Security
    ///
    /// What a header says is believed only of a web server that is trusted: of the addresses in `X-Forwarded-For` the last
    /// one that no trusted server has written for another.
    pub(crate) fn of(
        peer: SocketAddr,
        headers: &HeaderMap,
        trusted: &[Network],
        random: &dyn Random,
    ) -> Self {
        let is_trusted = |address: IpAddr| trusted.iter().any(|it| it.contains(address));
        let mut address = peer.ip().to_canonical();
        if !is_trusted(address) && headers.contains_key("x-forwarded-for") {
            // Once: anybody can send the header, but behind a web server of one's own it means that nobody is told apart.
            static TOLD: Once = Once::new();
            TOLD.call_once(|| {
                tracing::warn!(
                    target: "countersign::client",
                    peer = %address,
                    "X-Forwarded-For came from somebody who is not in listen.trusted-proxies. If that is your web server, \
                     everybody counts as one source when passwords are throttled"
                );
            });
        }
        let given = is_trusted(address).then(|| request_id(headers)).flatten();
        for hop in hops(headers) {
            if !is_trusted(address) {
                break;
            }
            let Some(hop) = hop else {
                break;
            };
            address = hop;
        }
        Self {
            address,
            request: given.unwrap_or_else(|| drawn(random)).into(),
            user: Arc::default(),
        }
    }

    /// Notes who it turned out to be, for the log line of this request.
    pub(crate) fn note_user(&self, id: &str) {
        // The first word counts: a request is one person's.
        let _ = self.user.set(id.to_owned());
    }

    /// Returns who it turned out to be.
    pub(crate) fn user(&self) -> Option<&str> {
        self.user.get().map(String::as_str)
    }
}

impl<S: Sync> FromRequestParts<S> for Client {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let client = parts.extensions.get::<Self>();
        // Nobody is served who is nobody.
        client.cloned().ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// Returns the addresses of `X-Forwarded-For`, the last one first; none for what is no address.
fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let mut hops = Vec::new();
    for value in headers.get_all("x-forwarded-for") {
        let value = value.to_str().unwrap_or("-");
        hops.extend(value.split(',').map(|it| hop(it.trim())));
    }
    hops.reverse();
    hops
}

/// Some write the port too.
fn hop(text: &str) -> Option<IpAddr> {
    let address = text.parse::<IpAddr>().ok();
    let address = address.or_else(|| text.parse::<SocketAddr>().ok().map(|it| it.ip()));
    address.map(|it| it.to_canonical())
}

fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get("x-request-id")?.to_str().ok()?;
    let is_fit = (1..=64).contains(&id.len())
        && id
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || b"._-".contains(&it));
    is_fit.then(|| id.to_owned())
}

fn drawn(random: &dyn Random) -> String {
    let mut bytes = [0; 16];
    match random.fill(&mut bytes) {
        Ok(()) => HEXLOWER.encode(&bytes),
        // A name is no secret, and whoever needs randomness is refused elsewhere.
        Err(_) => "none".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderName, HeaderValue};
    use countersign_host::random::SeededRandom;

    use super::Client;
    use crate::config::Network;

    #[test]
    fn only_a_trusted_web_server_says_for_whom_it_asks() {
        for (peer, forwarded, expected) in [
            ("198.51.100.7", &["203.0.113.9"] as &[&str], "198.51.100.7"),
            ("10.0.0.1", &["203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["1.2.3.4, 203.0.113.9"], "203.0.113.9"),
            (
                "10.0.0.1",
                &["1.2.3.4", "203.0.113.9, 10.0.0.2"],
                "203.0.113.9",
            ),
            ("10.0.0.1", &["203.0.113.9:4711"], "203.0.113.9"),
            ("10.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("10.0.0.1", &["::ffff:203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["1.2.3.4, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["1.2.3.4, unknown, 10.0.0.2"], "10.0.0.2"),
            ("::ffff:10.0.0.1", &["203.0.113.9"], "203.0.113.9"),
        ] {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append("x-forwarded-for", HeaderValue::from_static(value));
            }
            let client = client(peer, &headers);
            assert_eq!(client.address.to_string(), expected, "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn a_request_has_the_name_that_a_trusted_web_server_gave_it_or_a_new_one() {
        for (peer, id, is_taken) in [
            ("10.0.0.1", "a-b_c.9", true),
            ("198.51.100.7", "a-b_c.9", false),
            ("10.0.0.1", "a b", false),
            ("10.0.0.1", "", false),
            ("10.0.0.1", "\u{a0}", false),
        ] {
            let mut headers = HeaderMap::new();
            let value = HeaderValue::from_bytes(id.as_bytes()).unwrap();
            headers.insert(HeaderName::from_static("x-request-id"), value);
            let client = client(peer, &headers);
            assert_eq!(&*client.request == id, is_taken, "{peer} {id:?}");
            assert!(is_taken || client.request.len() == 32);
        }
    }

    fn client(peer: &str, headers: &HeaderMap) -> Client {
        let peer = (peer.parse::<std::net::IpAddr>().unwrap(), 4711).into();
        let trusted: [Network; 1] = ["10.0.0.0/8".parse().unwrap()];
        Client::of(peer, headers, &trusted, &SeededRandom::from_seed(1))
    }
}
