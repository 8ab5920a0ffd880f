//! The decision service: the contract's functions as JSON, for gateways in other languages.
//!
//! | request | answer |
//! |---|---|
//! | `GET /v1/functions` | every function, with its parameters |
//! | `POST /v1/sign-in.begin` | calls the function with the body, an object with a member for each parameter |
//!
//! A call that came to an answer has status 200, with `{"ok": …}` or `{"err": …}` as the contract has it. `err` is no status
//! of its own on purpose: it is an answer of the plugin, whose case the caller has to look at, whereas what HTTP calls an
//! error is handled by libraries and proxies on the way, which would retry it, log it, or throw it away. So **only `ok` lets
//! anybody go on**, and any other status means that nothing is known: nobody may be let in for it.
//!
//! | status | code | what it means |
//! |---|---|---|
//! | 400 | `invalid-input` | the arguments do not fit, and where; nothing was called |
//! | 400, 413, 415 | | the body is no JSON, too large, or not said to be JSON |
//! | 401 | `no-secret` | the caller's secret is missing or wrong |
//! | 404 | `no-such-function` | the plugin has no such function |
//! | 503 | `overloaded` | too many calls at once; nothing was called, try again |
//! | 503 | `unavailable` | something failed here, and the operator was told; it may have happened or not |
//!
//! `Countersign-Client` names who is at the other end, such as their address, for the audit trail.
//!
//! # Security
//!
//! Whoever reaches this service is the gateway: it answers for every user, and its answers hold secrets. It listens on a
//! socket that only the gateway's own user can open, or on a loopback address, where a secret is asked for.

mod listener;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use countersign_host::{Countersign, Error, Signature};
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

pub use self::listener::{Door, Key, ListenError, listen};
use crate::api::{Body, Problem, refuse};
use crate::gateway::Gateway;
use crate::refusal::Refusal;
use crate::server::MOST_BODY;

/// What the service is asked with.
#[derive(Clone)]
struct Service {
    gateway: Gateway,
    functions: Arc<Vec<Signature>>,
    /// Whether each function answers with a result, by its name.
    is_result: Arc<HashMap<String, bool>>,
    secret: Option<Arc<Key>>,
}

/// Returns the service of a gateway's plugin.
///
/// # Security
///
/// Without a secret it answers everybody: serve it so on a socket of [`listen`], which only the gateway's user can open.
pub fn router(gateway: &Gateway, secret: Option<Key>) -> Router {
    let functions = gateway.mfa.plugin().functions();
    let is_result = functions.iter().map(|it| {
        let answer = it.answer.as_deref().unwrap_or_default();
        (it.name.clone(), answer.starts_with("result<"))
    });
    let service = Service {
        gateway: gateway.clone(),
        is_result: Arc::new(is_result.collect()),
        functions: Arc::new(functions),
        secret: secret.map(Arc::new),
    };
    Router::new()
        .route("/v1/functions", get(list))
        .route("/v1/{function}", post(call))
        .method_not_allowed_fallback(|| async {
            refuse(StatusCode::METHOD_NOT_ALLOWED, "no-such-method", METHODS)
        })
        .fallback(|| async { refuse(StatusCode::NOT_FOUND, "no-such-path", PATHS) })
        .layer(DefaultBodyLimit::max(MOST_BODY))
        .layer(from_fn_with_state(service.clone(), guarded))
        .with_state(service)
}

async fn list(State(service): State<Service>) -> Response {
    axum::Json(&*service.functions).into_response()
}

async fn call(
    State(service): State<Service>,
    Path(function): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let Some(is_result) = service.is_result.get(&function) else {
        return Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "no-such-function",
            "Expected a function such as `sign-in.begin`; `/v1/functions` lists them.",
        )
        .into());
    };
    let mfa = speaking_for(&service.gateway.mfa, &headers)?;
    let Body(arguments) = Body::<Value>::read(request).await?;
    let answer = mfa.call_json(&function, &arguments).await;
    let answer = answer.map_err(|error| service.told(&function, error))?;
    Ok(axum::Json(match is_result {
        true => answer,
        false => json!({ "ok": answer }),
    })
    .into_response())
}

/// Lets those in who know the secret, and has nothing kept of what is answered.
async fn guarded(State(service): State<Service>, request: Request, next: Next) -> Response {
    let mut response = match service.knows(request.headers()) {
        true => next.run(request).await,
        false => {
            let mut response = refuse(
                StatusCode::UNAUTHORIZED,
                "no-secret",
                "Expected `Authorization: Bearer` with the secret of this service.",
            );
            let bearer = HeaderValue::from_static("Bearer");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, bearer);
            response
        }
    };
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
    response
}

impl Service {
    /// Says whether a request carries the secret, in constant time; where there is none, the socket has decided.
    fn knows(&self, headers: &HeaderMap) -> bool {
        let Some(secret) = &self.secret else {
            return true;
        };
        let mut sent = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(sent), None) = (sent.next(), sent.next()) else {
            return false;
        };
        let sent = sent.as_bytes();
        let Some((scheme, sent)) = sent.split_at_checked(BEARER.len()) else {
            return false;
        };
        scheme.eq_ignore_ascii_case(BEARER) && sent.ct_eq(secret.0.as_bytes()).into()
    }

    /// Says why a call came to no answer. The operator learns more than the caller.
    fn told(&self, function: &str, error: Error) -> Problem {
        match error {
            Error::Arguments(error) => misfit(error.path, error.expected),
            Error::Overloaded => {
                let refusal = Refusal::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "overloaded",
                    "Too many calls at once. Nothing was called. Try again in a moment.",
                );
                let now = self.gateway.now();
                now.map_or_else(|it| it, |now| refusal.until(now.saturating_add(1)))
                    .into()
            }
            error => {
                tracing::error!(target: "countersign::decisions", function, %error, "a call came to no answer");
                Refusal::unavailable().into()
            }
        }
    }
}

/// Returns the plugin, told who is at the other end if the caller says so.
fn speaking_for(mfa: &Countersign, headers: &HeaderMap) -> Result<Countersign, Problem> {
    let Some(client) = headers.get(CLIENT) else {
        return Ok(mfa.clone());
    };
    match client.to_str() {
        Ok(client) if (1..=MOST_CLIENT).contains(&client.len()) => Ok(mfa.for_client(client)),
        _ => Err(misfit(
            CLIENT.as_str().to_owned(),
            "1 to 256 visible characters of ASCII".to_owned(),
        )),
    }
}

fn misfit(field: String, expected: String) -> Problem {
    Problem::misfit(field, expected).with_status(StatusCode::BAD_REQUEST)
}

/// What the path of everything here begins with.
pub(crate) const PREFIX: &str = "/v1/";

const METHODS: &str = "Expected GET for `/v1/functions`, and POST for a function.";

const PATHS: &str = "Expected `/v1/functions`, or a function such as `/v1/sign-in.begin`.";

const CLIENT: HeaderName = HeaderName::from_static("countersign-client");

const BEARER: &[u8] = b"bearer ";

/// Characters of whoever is at the other end: an address and some more.
const MOST_CLIENT: usize = 256;
