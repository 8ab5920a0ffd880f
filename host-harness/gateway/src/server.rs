//! The gateway's router: every page and route, with the headers that all answers have.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};

use crate::api;
use crate::client::Client;
use crate::forward_auth;
use crate::gateway::Gateway;
use crate::pages;

/// Returns everything that people and their programs reach.
///
/// # Security
///
/// Each request must come with who is at the other end of its connection, as [`ConnectInfo`] of a [`SocketAddr`]
/// (`into_make_service_with_connect_info`) or as [`serve`](crate::serve) notes it; all others are answered with 500.
/// It has neither time-outs nor a log of its own: `serve` puts those before it.
pub fn app(gateway: Gateway) -> Router {
    Router::new()
        .route("/", axum::routing::get(|| async { pages::go("/") }))
        .nest(api::PREFIX, api::router())
        .nest(pages::PREFIX, pages::router().merge(forward_auth::router()))
        // Below a prefix, `/` stands for the prefix alone.
        .route(
            &format!("{}/", pages::PREFIX),
            axum::routing::get(pages::home),
        )
        .fallback(pages::missing)
        .layer(DefaultBodyLimit::max(MOST_BODY))
        .layer(from_fn_with_state(gateway.clone(), own_host))
        .layer(from_fn_with_state(gateway.clone(), known))
        .layer(from_fn_with_state(gateway.clone(), guarded))
        .with_state(gateway)
}

/// Finds out who sent a request, where what listens has not done so.
async fn known(State(gateway): State<Gateway>, mut request: Request, next: Next) -> Response {
    if request.extensions().get::<Client>().is_none() {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let Some(ConnectInfo(peer)) = peer else {
            // Nobody is served who is nobody.
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            return match api::is_for_programs(request.uri().path()) {
                true => api::refuse(status, api::DEFECT, "Nobody is at the other end."),
                false => status.into_response(),
            };
        };
        let trusted = &gateway.config.listen.trusted_proxies;
        let client = Client::of(*peer, request.headers(), trusted, &*gateway.random);
        request.extensions_mut().insert(client);
    }
    next.run(request).await
}

/// Serves the host of the public address only: cookies are of one host, and a name that somebody else points here is not
/// ours.
async fn own_host(State(gateway): State<Gateway>, request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .map(HeaderValue::as_bytes);
    let public = gateway.config.public_url.as_str();
    let own = public.split_once("://").map_or(public, |(_, host)| host);
    if host == Some(own.as_bytes()) {
        return next.run(request).await;
    }
    if request.uri().path().starts_with(api::PREFIX) {
        return api::misdirected();
    }
    match *request.method() {
        Method::GET => Redirect::temporary(&format!("{public}{}/", pages::PREFIX)).into_response(),
        _ => StatusCode::MISDIRECTED_REQUEST.into_response(),
    }
}

/// Sets what browsers are to hold to: nothing from elsewhere, no script in a page, no frame around it, nothing kept.
async fn guarded(State(gateway): State<Gateway>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    guard(&gateway, response.headers_mut());
    response
}

/// Sets the headers that every answer has, also one that was given before any route was asked.
pub(crate) fn guard(gateway: &Gateway, headers: &mut HeaderMap) {
    for (name, value) in GUARDS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // RFC 6797, section 7.2: not where there is no TLS.
    if gateway.config.is_https() {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

const GUARDS: [(header::HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; \
         frame-ancestors 'none'; base-uri 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // Not `no-referrer`: with that, browsers send forms with the origin `null`.
    (header::REFERRER_POLICY, "same-origin"),
    (
        header::HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=()",
    ),
    (
        header::HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        header::HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// Bytes of a request: forms, and the arguments of calls, are small.
pub(crate) const MOST_BODY: usize = 64 * 1024;
