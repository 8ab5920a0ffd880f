//! Listening, and an end that cuts nobody off.

mod connection;
mod guard;
mod listener;

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use self::connection::Phase;
pub use self::listener::Listener;
use crate::gateway::Gateway;
use crate::metrics::Build;
use crate::operations::{Draining, router};

/// What is served.
pub struct Serving {
    /// The gateway.
    pub gateway: Gateway,
    /// What it was made of, for its metrics.
    pub build: Build,
    /// What answers at `listen.http`; without it, nobody listens there.
    pub app: Option<Router>,
    /// What else answers, and where, such as the decision service.
    pub others: Vec<(Listener, Router)>,
    /// What is done once nobody is served any more: handing on the last events. It is given the time that it may take, and
    /// says whether it did all of it.
    pub at_end: AtEnd,
}

/// See [`Serving::at_end`].
pub type AtEnd = Box<dyn FnOnce(Duration) -> Pin<Box<dyn Future<Output = bool> + Send>> + Send>;

impl Serving {
    /// Serves an app and nothing beside it.
    #[must_use]
    pub fn new(gateway: Gateway, build: Build, app: Router) -> Self {
        Self {
            app: Some(app),
            ..Self::without_app(gateway, build)
        }
    }

    /// Serves nothing but operators yet: whatever is put into [`others`](Self::others).
    #[must_use]
    pub fn without_app(gateway: Gateway, build: Build) -> Self {
        Self {
            gateway,
            build,
            app: None,
            others: Vec::new(),
            at_end: Box::new(|_| Box::pin(async { true })),
        }
    }
}

impl fmt::Debug for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Serving(..)")
    }
}

/// Where a gateway listens, as it came out: a port of 0 is one that was free.
#[derive(Clone, Copy, Debug)]
pub struct Listening {
    /// For people, where they are served.
    pub http: Option<SocketAddr>,
    /// For operators.
    pub operations: SocketAddr,
}

/// How it ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ended {
    /// Everybody had their answer.
    Whole,
    /// `listen.shutdown-seconds` were over before.
    Cut,
}

/// An address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("{key}: cannot listen on {address}: {error}")]
pub struct ListenError {
    /// The setting.
    pub key: &'static str,
    /// The address.
    pub address: SocketAddr,
    /// Why.
    pub error: io::Error,
}

/// Serves until `shutdown`, and then to the end of what is under way. `ready` is told once all addresses are listened on.
///
/// Told to end, it is not ready any more, and goes on for `listen.drain-seconds` with answers that close their connections.
/// Then it accepts nobody; whoever was accepted and asks within a second is answered, within `listen.shutdown-seconds`. A
/// connection that waits for a next request is closed: its client may have sent one just then, and may send it again, as
/// RFC 9112, section 9.3.1 has it.
///
/// # Errors
///
/// [`ListenError`]. Nobody was served then.
pub async fn serve(
    serving: Serving,
    ready: impl FnOnce(Listening),
    shutdown: impl Future<Output = ()>,
) -> Result<Ended, ListenError> {
    let Serving {
        gateway,
        build,
        app,
        others,
        at_end,
    } = serving;
    let listen = &gateway.config.listen;
    let http = match app {
        Some(app) => Some((bind("listen.http", listen.http).await?, app)),
        None => None,
    };
    let (operations, operations_at) = bind("listen.operations", listen.operations).await?;
    let draining = Draining::default();
    let door = Door {
        gateway: gateway.clone(),
        places: Arc::new(Semaphore::new(places(listen.connections))),
        phase: watch::Sender::new(Phase::Serving),
    };
    // Apart, so that nobody who fills the other one keeps a supervisor from asking, and to the very end.
    let side = Door {
        places: Arc::new(Semaphore::new(SIDE_PLACES)),
        phase: watch::Sender::new(Phase::Serving),
        ..door.clone()
    };
    let operated = router(gateway.clone(), draining.clone(), build);
    let side_loop = side.open(operations, guard::side(operated));
    let mut http_at = None;
    if let Some(((listener, at), app)) = http {
        http_at = Some(at);
        drop(door.open(listener, guard::front(app, &gateway, &draining)));
    }
    // Apart as well: however many people come, the gateways that ask here get in, and the other way round.
    let others_door = Door {
        places: Arc::new(Semaphore::new(places(listen.connections))),
        ..door.clone()
    };
    for (listener, app) in others {
        drop(others_door.open(listener, guard::front(app, &gateway, &draining)));
    }
    ready(Listening {
        http: http_at,
        operations: operations_at,
    });
    tracing::info!(target: "countersign::serve", http = http_at.map(tracing::field::display), operations = %operations_at, "listening");

    shutdown.await;
    draining.begin();
    let drain = Duration::from_secs(listen.drain_seconds.into());
    tracing::info!(target: "countersign::serve", seconds = drain.as_secs(), "told to end: not ready any more");
    sleep(drain).await;
    let began = Instant::now();
    let at_most = Duration::from_secs(listen.shutdown_seconds.into());
    door.phase.send_replace(Phase::Ending);
    let ended = match timeout(at_most, door.phase.closed()).await {
        Ok(()) => Ended::Whole,
        Err(_) => Ended::Cut,
    };
    let left = at_most.saturating_sub(began.elapsed()).max(LEAST_AT_END);
    if !matches!(timeout(left, at_end(left)).await, Ok(true)) {
        tracing::warn!(target: "countersign::serve", "the last events were not handed on in time: they are at the next start");
    }
    side_loop.abort();
    match ended {
        Ended::Whole => tracing::info!(target: "countersign::serve", "ended"),
        Ended::Cut => {
            let connections = door.phase.receiver_count();
            tracing::warn!(target: "countersign::serve", connections, "ended before everybody was answered");
        }
    }
    Ok(ended)
}

/// Whom it lets in, and until when.
#[derive(Clone)]
struct Door {
    gateway: Gateway,
    places: Arc<Semaphore>,
    phase: watch::Sender<Phase>,
}

impl Door {
    /// Accepts connections until it ends.
    fn open(&self, listener: Listener, app: Router) -> JoinHandle<()> {
        let accepting = connection::Accepting {
            listener,
            places: self.places.clone(),
            hall: connection::Hall {
                app,
                metrics: self.gateway.metrics.clone(),
                phase: self.phase.subscribe(),
            },
        };
        tokio::spawn(accepting.go())
    }
}

async fn bind(
    key: &'static str,
    address: SocketAddr,
) -> Result<(Listener, SocketAddr), ListenError> {
    let failed = |error| ListenError {
        key,
        address,
        error,
    };
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((Listener::Tcp(listener), address))
}

fn places(connections: u32) -> usize {
    usize::try_from(connections)
        .unwrap_or(Semaphore::MAX_PERMITS)
        .min(Semaphore::MAX_PERMITS)
}

/// A supervisor, a collector of metrics, and somebody who looks.
const SIDE_PLACES: usize = 32;
/// What handing on the last events has, whatever the requests took.
const LEAST_AT_END: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests;
