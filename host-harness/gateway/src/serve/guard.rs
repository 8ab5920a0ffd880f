//! What stands before every route: bounds, a name for the request, its line in the log and its counts.

use std::any::Any;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http_body_util::Limited;
use tokio::time::{Instant, timeout};
use tower_http::catch_panic::CatchPanicLayer;

use crate::api;
use crate::client::Client;
use crate::gateway::Gateway;
use crate::log::Answered;
use crate::operations::Draining;
use crate::server::{self, MOST_BODY};

/// Who is at the other end of the connection; stands among the extensions of each request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

#[derive(Clone)]
struct Guard {
    gateway: Gateway,
    draining: Draining,
}

/// Puts all of it before an app for people or gateways.
pub(super) fn front(app: Router, gateway: &Gateway, draining: &Draining) -> Router {
    let guard = Guard {
        gateway: gateway.clone(),
        draining: draining.clone(),
    };
    app.layer(CatchPanicLayer::custom(fault))
        .layer(from_fn(bounded))
        .layer(from_fn_with_state(guard, told))
}

/// Puts bounds before what operators ask. It is neither logged nor counted: it is asked all the time.
pub(super) fn side(app: Router) -> Router {
    app.layer(CatchPanicLayer::custom(fault))
        .layer(from_fn(bounded))
}

/// Bounds the body and the time.
async fn bounded(request: Request, next: Next) -> Response {
    let is_for_programs = api::is_for_programs(request.uri().path());
    let refused = |status, code, text| match is_for_programs {
        true => api::refuse(status, code, text),
        false => refused(status, text),
    };
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|it| it.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|it| u64::try_from(MOST_BODY).is_ok_and(|most| it > most)) {
        return refused(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "This is more than is taken at once.\n",
        );
    }
    let request = request.map(|it| Body::new(Limited::new(it, MOST_BODY)));
    match timeout(AT_MOST, next.run(request)).await {
        Ok(response) if response.extensions().get::<Defect>().is_some() => {
            refused(StatusCode::INTERNAL_SERVER_ERROR, api::DEFECT, DEFECT)
        }
        Ok(response) => response,
        Err(_) => refused(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "This took too long. Please try again in a minute.\n",
        ),
    }
}

/// Tells of a request: names it, logs it, counts it.
async fn told(State(guard): State<Guard>, mut request: Request, next: Next) -> Response {
    let Guard { gateway, draining } = guard;
    let began = Instant::now();
    let under_way = gateway.metrics.request_begins();
    let peer = request.extensions().get::<Peer>().copied();
    let peer = peer.map_or_else(|| SocketAddr::from(([0, 0, 0, 0], 0)), |Peer(it)| it);
    let trusted = &gateway.config.listen.trusted_proxies;
    let client = Client::of(peer, request.headers(), trusted, &*gateway.random);
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
    let method = request.method().clone();
    request.extensions_mut().insert(client.clone());

    let mut response = next.run(request).await;
    drop(under_way);
    let took = began.elapsed();
    let status = response.status().as_u16();
    gateway
        .metrics
        .request(route, method.as_str(), status, took);
    Answered {
        method: method.as_str(),
        route,
        status,
        micros: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        client: &client,
    }
    .log();
    // The app sets them too, for whoever serves it alone; a defect, a time-out or a body that is too large never got there.
    server::guard(&gateway, response.headers_mut());
    if let Ok(id) = HeaderValue::from_str(&client.request) {
        response.headers_mut().insert("x-request-id", id);
    }
    if draining.has_begun() {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
}

/// Marks the answer for a defect, until whoever asked is known to be a person or a program.
#[derive(Clone, Copy)]
struct Defect;

/// Answers for a defect. What it was stands in the log, with its place and without what it was about.
fn fault(_: Box<dyn Any + Send + 'static>) -> Response {
    let mut response = refused(StatusCode::INTERNAL_SERVER_ERROR, DEFECT);
    response.extensions_mut().insert(Defect);
    response
}

fn refused(status: StatusCode, text: &'static str) -> Response {
    let store = (header::CACHE_CONTROL, "no-store");
    (status, [store], text).into_response()
}

const DEFECT: &str = "Something went wrong here. It was noted. Please try again in a minute.\n";
/// What paths that nobody has are counted as.
const NO_ROUTE: &str = "none";
/// For a request: longer than the longest call of the plugin.
const AT_MOST: Duration = Duration::from_secs(30);
