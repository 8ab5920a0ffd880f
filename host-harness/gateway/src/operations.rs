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
use countersign_host::store::{Key, Kind};
use serde::Serialize;
use tokio::time::timeout;

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
    let mut failing = failing(&it.gateway).await;
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
pub(crate) async fn failing(gateway: &Gateway) -> Vec<&'static str> {
    let (store, directory, plugin) = tokio::join!(
        timeout(AT_MOST, store(gateway)),
        timeout(AT_MOST, gateway.directory.ping()),
        timeout(AT_MOST, plugin(gateway)),
    );
    let checks = [
        ("store", matches!(store, Ok(Ok(())))),
        ("directory", matches!(directory, Ok(Ok(())))),
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
/// The text format of Prometheus.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
