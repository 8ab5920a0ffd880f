//! One request to a carrier, and how much is known of what became of it.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::{Instant, timeout_at};
use tower_service::Service as _;

use super::{Outcome, SetupError};

/// How long a sender that speaks HTTP may take.
///
/// The host waits for the phone line for [`Limits::sms_time`](crate::Limits::sms_time), 8 s by default. A sender must
/// give up before that, or nobody learns more than that it is not known whether the message went out; and a second
/// before, behind a [`PhoneLine`](super::PhoneLine), which counts first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct SendTimes {
    /// For a connection, with TLS; 2 s.
    pub connect: Duration,
    /// For everything, retries and the waits before them included; 6 s.
    pub total: Duration,
}

impl Default for SendTimes {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(2),
            total: Duration::from_secs(6),
        }
    }
}

/// Where a sender posts to: one address, for good. No redirect is followed, no proxy used, no connection kept.
#[derive(Clone)]
pub(super) struct Carrier {
    uri: Uri,
    host: HeaderValue,
    tls: Arc<ClientConfig>,
    times: SendTimes,
}

/// What became of a request.
pub(super) enum Exchange {
    /// There was no connection to send it over.
    NotSent,
    /// It was answered.
    Answered(Answer),
    /// It was on its way, and nobody knows; why.
    Unknown(&'static str),
}

pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// Seconds; a date is not understood.
    #[cfg_attr(
        not(feature = "webhook"),
        expect(dead_code, reason = "Twilio's is not waited for")
    )]
    pub(super) retry_after: Option<Duration>,
    /// Empty if it did not come, or is too long.
    #[cfg_attr(
        not(feature = "twilio"),
        expect(dead_code, reason = "a webhook has none")
    )]
    pub(super) body: Vec<u8>,
}

/// What an answer means.
pub(super) enum Judgement {
    /// That is that.
    Settled(Outcome),
    /// The carrier says that it took nothing, and when to come again.
    #[cfg_attr(
        not(feature = "webhook"),
        expect(dead_code, reason = "Twilio is not asked again")
    )]
    Again(Duration, &'static str),
}

impl Carrier {
    /// Checks an address. `authorities`, in PEM, are trusted in place of the machine's.
    pub(super) fn new(url: &str, authorities: Option<&[u8]>) -> Result<Self, SetupError> {
        let expected = "an address that begins with https://, or http:// to this machine, without user or password";
        let refused = || SetupError::new("url", expected);
        let uri: Uri = url.parse().map_err(|_| refused())?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(refused());
        };
        let roots = match (scheme, authorities) {
            ("https", None) => Roots::Machine,
            ("https", Some(pem)) => Roots::Only(pem),
            ("http", _) if is_loopback(authority.host()) => Roots::None,
            _ => return Err(refused()),
        };
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return Err(refused());
        }
        Ok(Self {
            host: HeaderValue::from_str(authority.as_str()).map_err(|_| refused())?,
            tls: tls(roots)?,
            times: SendTimes::default(),
            uri,
        })
    }

    pub(super) fn times(self, times: SendTimes) -> Self {
        Self { times, ..self }
    }

    /// Makes a request.
    pub(super) fn post(
        &self,
        body: &[u8],
        content_type: &'static str,
        headers: Vec<(HeaderName, HeaderValue)>,
    ) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(Bytes::copy_from_slice(body)));
        *request.method_mut() = Method::POST;
        let path = self.uri.path_and_query().map_or("/", |it| it.as_str());
        // A path of a URI that was parsed is a URI.
        *request.uri_mut() = path.parse().unwrap_or_default();
        let all = request.headers_mut();
        all.insert(HOST, self.host.clone());
        all.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        all.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        all.extend(headers);
        request
    }

    /// Delivers a message: again, while time is left, after a request that certainly nobody took, and never after
    /// any other.
    pub(super) async fn deliver(
        &self,
        request: impl Fn() -> Option<Request<Full<Bytes>>> + Send + Sync,
        judge: impl Fn(&Answer) -> Judgement + Send + Sync,
    ) -> Outcome {
        let deadline = after(self.times.total);
        let mut outcome = Outcome::failed("no-connection");
        for pause in PAUSES {
            let Some(request) = request() else {
                return Outcome::failed("no-clock");
            };
            let wait = match self.exchange(request, deadline).await {
                Exchange::Unknown(why) => return Outcome::unknown(why),
                Exchange::NotSent => {
                    outcome = Outcome::failed("no-connection");
                    pause
                }
                Exchange::Answered(answer) => match judge(&answer) {
                    Judgement::Settled(outcome) => return outcome,
                    Judgement::Again(after, why) => {
                        outcome = Outcome::failed(why);
                        after.max(pause)
                    }
                },
            };
            let again = Instant::now().checked_add(wait);
            match again {
                Some(again) if again < deadline => tokio::time::sleep_until(again).await,
                _ => break,
            }
        }
        outcome
    }

    /// Makes connections that are used once.
    fn connector(&self) -> HttpsConnector<HttpConnector> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        // Shared out among a host's addresses, so that one that does not answer leaves time for the next.
        tcp.set_connect_timeout(Some(self.times.connect));
        (tcp, Arc::clone(&self.tls)).into()
    }

    async fn exchange(&self, request: Request<Full<Bytes>>, deadline: Instant) -> Exchange {
        let connected = deadline.min(after(self.times.connect));
        let mut connector = self.connector();
        let connecting = async {
            std::future::poll_fn(|context| connector.poll_ready(context)).await?;
            connector.call(self.uri.clone()).await
        };
        let Ok(Ok(stream)) = timeout_at(connected, connecting).await else {
            return Exchange::NotSent;
        };
        let Ok((mut sender, connection)) = http1::handshake(stream).await else {
            return Exchange::NotSent;
        };
        let answering = async {
            let sending = sender.send_request(request);
            let response = match timeout_at(deadline, sending).await {
                Ok(Ok(response)) => response,
                Ok(Err(error)) if error.is_parse() => return Exchange::Unknown("not-http"),
                Ok(Err(_)) => return Exchange::Unknown("connection-cut"),
                Err(_) => return Exchange::Unknown("time-out"),
            };
            let (head, body) = response.into_parts();
            // What counts is the status, which is there.
            let body = timeout_at(deadline, Limited::new(body, MOST_BODY).collect()).await;
            let body = match body {
                Ok(Ok(body)) => body.to_bytes().to_vec(),
                _ => Vec::new(),
            };
            let retry_after = head.headers.get(RETRY_AFTER);
            Exchange::Answered(Answer {
                status: head.status,
                retry_after: retry_after
                    .and_then(|it| it.to_str().ok()?.parse().ok())
                    .map(Duration::from_secs),
                body,
            })
        };
        let mut answering = std::pin::pin!(answering);
        tokio::select! {
            biased;
            exchange = &mut answering => exchange,
            // It is over; what it brought is still to be taken.
            _ = connection => answering.await,
        }
    }
}

impl fmt::Debug for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Path and query may hold a secret.
        f.debug_struct("Carrier")
            .field("host", &self.host)
            .field("times", &self.times)
            .finish_non_exhaustive()
    }
}

/// Whose certificates are believed.
enum Roots<'a> {
    /// Those that the operating system trusts.
    Machine,
    /// Nobody's: none is asked for.
    None,
    /// Those of these authorities, in PEM.
    Only(&'a [u8]),
}

fn tls(roots: Roots<'_>) -> Result<Arc<ClientConfig>, SetupError> {
    // Named, so that it does not matter what else in the process has installed a provider of its own.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| SetupError::new("tls", "the versions of TLS that are compiled in"))?;
    let config = match roots {
        Roots::Machine => config
            .with_native_roots()
            .map_err(|_| SetupError::new("tls", "root certificates on this machine"))?,
        Roots::None => config.with_root_certificates(RootCertStore::empty()),
        Roots::Only(pem) => config.with_root_certificates(authorities(pem)?),
    };
    Ok(Arc::new(config.with_no_client_auth()))
}

fn authorities(pem: &[u8]) -> Result<RootCertStore, SetupError> {
    let refused = || SetupError::new("authorities", "certificates in PEM");
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| refused())?;
        store.add(certificate).map_err(|_| refused())?;
    }
    match store.is_empty() {
        true => Err(refused()),
        false => Ok(store),
    }
}

/// A time that no clock can show is over at once.
fn after(span: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(span).unwrap_or(now)
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Waits after the first, the second and the third try; the third is the last.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(200),
    Duration::from_millis(600),
    Duration::MAX,
];
/// An answer of a carrier is some hundred bytes.
const MOST_BODY: usize = 64 << 10;
const AGENT: &str = concat!("countersign/", env!("CARGO_PKG_VERSION"));
