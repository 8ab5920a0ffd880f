//! One connection after the other, each in a task of its own.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

use super::guard::Peer;
use super::listener::{Listener, Stream};
use crate::metrics::Metrics;

/// How far the end is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Phase {
    Serving,
    /// Nobody new is let in; whoever is in gets the last answer.
    Ending,
}

/// What a listener's task has.
pub(super) struct Accepting {
    pub(super) listener: Listener,
    pub(super) places: Arc<Semaphore>,
    pub(super) hall: Hall,
}

/// What each connection gets.
pub(super) struct Hall {
    pub(super) app: Router,
    pub(super) metrics: Metrics,
    /// Held until the last connection is over: whoever ends waits for that.
    pub(super) phase: watch::Receiver<Phase>,
}

impl Accepting {
    pub(super) async fn go(self) {
        let mut phase = self.hall.phase.clone();
        tokio::select! {
            () = self.accept_all() => {}
            _ = phase.wait_for(|it| *it == Phase::Ending) => {}
        }
        for (stream, peer) in self.listener.close() {
            // They are few, and soon over: where there is no place, they go without one.
            let place = Arc::clone(&self.places).try_acquire_owned().ok();
            self.hall.begin(stream, peer, place);
        }
    }

    async fn accept_all(&self) {
        loop {
            let Ok(place) = Arc::clone(&self.places).acquire_owned().await else {
                return;
            };
            match self.listener.accept().await {
                Ok((stream, peer)) => self.hall.begin(stream, peer, Some(place)),
                Err(error) => {
                    // Such as too many open files: trying again at once would only burn time.
                    let why = error.to_string();
                    tracing::warn!(target: "countersign::serve", why, "a connection was not accepted");
                    sleep(AFTER_FAILURE).await;
                }
            }
        }
    }
}

impl Hall {
    fn begin(&self, stream: Stream, peer: SocketAddr, place: Option<OwnedSemaphorePermit>) {
        let connection = Connection {
            app: self.app.clone(),
            peer,
            phase: self.phase.clone(),
        };
        let open = self.metrics.connection_opens();
        tokio::spawn(async move {
            connection.serve(stream).await;
            drop((open, place));
        });
    }
}

struct Connection {
    app: Router,
    peer: SocketAddr,
    phase: watch::Receiver<Phase>,
}

impl Connection {
    async fn serve(self, stream: Stream) {
        let Self {
            app,
            peer,
            mut phase,
        } = self;
        let asked = Arc::new(Notify::new());
        let asks = asked.clone();
        // Two, since whoever waits takes the word away.
        let began = Arc::new(Notify::new());
        let begins = began.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            asks.notify_one();
            begins.notify_one();
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Peer(peer));
            let app = app.clone();
            async move {
                Ok::<_, Infallible>(app.oneshot(request).await.unwrap_or_else(|it| match it {}))
            }
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME)
            .max_headers(MOST_HEADERS)
            .max_buf_size(MOST_HEAD);
        let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
        let is_over = tokio::select! {
            // What goes wrong on the way is the client's, or nobody's: requests are logged where they are answered.
            _ = connection.as_mut() => true,
            () = nothing_within(FIRST_HEAD, &began) => true,
            _ = phase.wait_for(|it| *it == Phase::Ending) => false,
        };
        if is_over {
            return;
        }
        // Told to end before its first request, it would close at once, and whoever was just accepted is still writing.
        // Browsers connect before they have something to ask, so that they are not waited for long.
        let first = tokio::select! {
            _ = connection.as_mut() => return,
            first = timeout(LAST_MOMENT, asked.notified()) => first,
        };
        if first.is_ok() {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

/// Waits until a time is over in which nothing began; for ever if something did.
async fn nothing_within(time: Duration, began: &Notify) {
    if timeout(time, began.notified()).await.is_ok() {
        std::future::pending().await
    }
}

/// Until the head of the first request is whole. Whoever opens connections and says nothing, or a letter at a time, keeps
/// each place for no longer.
const FIRST_HEAD: Duration = Duration::from_secs(15);
/// Until the head of a request is whole, counted from the end of the one before: so it is also how long a connection may
/// wait for its next request. Longer than web servers keep their connections, so that the end is theirs and no request meets
/// a closing connection; the number of connections is bounded elsewhere.
const HEAD_TIME: Duration = Duration::from_secs(75);
/// More than browsers and web servers send together.
const MOST_HEADERS: usize = 100;
/// Bytes of a head, with cookies.
const MOST_HEAD: usize = 32 * 1024;
/// For the first request of a connection that was accepted just before the end.
const LAST_MOMENT: Duration = Duration::from_secs(1);
/// After a connection that the system did not hand over.
const AFTER_FAILURE: Duration = Duration::from_millis(100);
