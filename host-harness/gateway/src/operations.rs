//! What operators and their programs ask: whether it lives, whether it is ready, and what it counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use countersign_host::Error;
use countersign_host::contract::Failure;
use countersign_host::store::{Change, Commit, Key, Kind};
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::gateway::Gateway;
use crate::governing::DEFAULT;
use crate::metrics::Build;

/// Whether the gateway is to be sent requests. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draining(Arc<AtomicBool>);

impl Draining {
    /// Says from now on that it is not to be sent any.
    pub(crate) fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

#[derive(Clone)]
struct Operated {
    gateway: Gateway,
    draining: Draining,
    build: Arc<Build>,
    writes: Writes,
}

/// Whether the stores could be written to when that was last tried. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Writes(Arc<Mutex<Option<Tried>>>);

#[derive(Clone, Copy, Debug)]
struct Tried {
    at: Instant,
    store: bool,
    directory: bool,
}

impl Writes {
    /// Tries it, unless that was done a moment ago: a disk that is full can still be read from, and lets nobody in.
    async fn tried(&self, gateway: &Gateway) -> Tried {
        let mut last = self.0.lock().await;
        if let Some(tried) = *last
            && tried.at.elapsed() < HOLDS
        {
            return tried;
        }
        let (store, directory) = tokio::join!(
            timeout(AT_MOST, write_to_store(gateway)),
            timeout(AT_MOST, write_to_directory(gateway)),
        );
        let tried = Tried {
            at: Instant::now(),
            store: matches!(store, Ok(Some(()))),
            directory: matches!(directory, Ok(Some(()))),
        };
        *last = Some(tried);
        tried
    }
}

/// Makes what listens at `listen.operations`.
///
/// # Security
///
/// It asks nobody who they are, and each question of readiness has the plugin called twice. It is not for the outside.
pub(crate) fn router(gateway: Gateway, draining: Draining, build: Build) -> Router {
    let operated = Operated {
        gateway,
        draining,
        build: Arc::new(build),
        writes: Writes::default(),
    };
    Router::new()
        .route("/healthz", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(operated)
}

/// What is answered about readiness. It names what fails, and says no more: why stands in the log.
#[derive(Debug, Eq, PartialEq, Serialize)]
struct Readiness {
    ready: bool,
    failing: Vec<&'static str>,
}

async fn ready(State(it): State<Operated>) -> Response {
    let mut failing = failing(&it.gateway, &it.writes).await;
    if it.draining.has_begun() {
        failing.push("draining");
    }
    let status = match failing.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    let readiness = Readiness {
        ready: failing.is_empty(),
        failing,
    };
    (status, Json(readiness)).into_response()
}

/// Tries everything that letting somebody in takes, all at once, and names what does not work.
pub(crate) async fn failing(gateway: &Gateway, writes: &Writes) -> Vec<&'static str> {
    let (written, store, directory, plugin) = tokio::join!(
        writes.tried(gateway),
        timeout(AT_MOST, store(gateway)),
        timeout(AT_MOST, gateway.directory.ping()),
        timeout(AT_MOST, plugin(gateway)),
    );
    let checks = [
        ("store", written.store && matches!(store, Ok(Ok(())))),
        (
            "directory",
            written.directory && matches!(directory, Ok(Ok(()))),
        ),
        ("plugin", matches!(plugin, Ok(true))),
        ("clock", gateway.clock.now().is_ok()),
        ("random", gateway.random.fill(&mut [0; 8]).is_ok()),
    ];
    let failing = checks.into_iter().filter(|(_, is_well)| !is_well);
    failing.map(|(name, _)| name).collect()
}

async fn store(gateway: &Gateway) -> Result<(), countersign_host::store::Unavailable> {
    let key = Key {
        realm: gateway.mfa.realm().into(),
        record: Kind::Policy.named(DEFAULT),
    };
    gateway.store.get(&[key]).await.map(drop)
}

/// Writes to the plugin's store: one more on a counter of nobody, which is collected soon.
async fn write_to_store(gateway: &Gateway) -> Option<()> {
    let now = gateway.clock.now().ok()?;
    let add = Change::Add {
        key: Key {
            realm: gateway.mfa.realm().into(),
            record: Kind::Quota.named(PROBE),
        },
        amount: 1,
        ceiling: u64::MAX,
        collectable_at: now.saturating_add(PROBED_SECONDS),
    };
    gateway.store.commit(Commit::new(now, vec![add])).await.ok()
}

/// Writes to the directory: a count of nothing, which is over soon.
async fn write_to_directory(gateway: &Gateway) -> Option<()> {
    let now = gateway.clock.now().ok()?;
    let over = now.saturating_add(PROBED_SECONDS);
    let counted = gateway.directory.count(&[0; 32], now, over, u32::MAX).await;
    counted.ok().map(drop)
}

/// Has the plugin read a record, and the policy for everybody: that takes the keys too, where there is one.
async fn plugin(gateway: &Gateway) -> bool {
    let policy = gateway.mfa.policy().get(DEFAULT).await;
    let status = gateway.mfa.administration().status(PROBE).await;
    policy.map_or_else(|error| is_answer(&error), |_| true)
        && status.map_or_else(|error| is_answer(&error), |_| true)
}

/// Says whether a refusal is one that a plugin in good health gives.
fn is_answer(error: &Error) -> bool {
    match error {
        Error::Refused(Failure::Unavailable(_)) => false,
        Error::Refused(_) => true,
        _ => false,
    }
}

async fn metrics(State(it): State<Operated>) -> Response {
    // Counted when asked, so that a courier that hangs shows.
    let _ = timeout(AT_MOST, note_couriers(&it.gateway)).await;
    let text = it.gateway.metrics.render(Some(&it.build));
    ([(header::CONTENT_TYPE, TEXT)], text).into_response()
}

async fn note_couriers(gateway: &Gateway) -> Option<()> {
    let realm = gateway.mfa.realm();
    let last = gateway.store.last_position(realm).await.ok()?;
    for (name, position) in gateway.store.consumers(realm).await.ok()? {
        gateway
            .metrics
            .courier(&name, last.saturating_sub(position));
    }
    Some(())
}

/// Nobody: no gateway gives this name to somebody, because ids are its own.
const PROBE: &str = "countersign-readiness";
/// For one check. Whoever asks waits for a few seconds at most.
const AT_MOST: Duration = Duration::from_secs(2);
/// How long a try to write stands for others, so that nobody who asks often wears out the disk.
const HOLDS: Duration = Duration::from_secs(5);
/// How long what was written as a try is kept.
const PROBED_SECONDS: u64 = 60;
/// The text format of Prometheus.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
