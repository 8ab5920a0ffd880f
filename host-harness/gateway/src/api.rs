//! The JSON API: all that the pages do, for programs, with an OpenAPI document beside it.

mod administration;
mod body;
mod caller;
mod document;
mod enrollment;
mod factors;
mod problem;
mod session;
mod text;
mod ticket;
mod verification;
mod whole;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;

pub(crate) use self::body::Body;
pub(crate) use self::problem::Problem;
use crate::gateway::Gateway;
use crate::refusal::Refusal;

/// Routes of the API, below [`PREFIX`].
pub(crate) fn router() -> Router<Gateway> {
    let (router, api) = OpenApiRouter::with_openapi(document::frame())
        .merge(session::routes())
        .merge(verification::routes())
        .merge(enrollment::routes())
        .merge(factors::routes())
        .merge(administration::routes())
        .split_for_parts();
    let text = document::write(api);
    let document = move || {
        let text = text.clone();
        async move { ([(header::CONTENT_TYPE, "application/json")], text) }
    };
    let version = router.route("/openapi.json", get(document));
    Router::new()
        .nest("/v1", version)
        .method_not_allowed_fallback(|| async { not_allowed() })
        .fallback(|| async { not_found() })
}

/// Says, as the API says it, that a request was sent to another name than the gateway's.
pub(crate) fn misdirected() -> Response {
    refuse(
        StatusCode::MISDIRECTED_REQUEST,
        "misdirected",
        "This gateway serves the host of its public address only.",
    )
}

fn not_found() -> Response {
    refuse(
        StatusCode::NOT_FOUND,
        "no-such-path",
        "There is nothing here.",
    )
}

fn not_allowed() -> Response {
    refuse(
        StatusCode::METHOD_NOT_ALLOWED,
        "no-such-method",
        "Expected another method for this path; `Allow` lists them.",
    )
}

/// Says whether what asks for a path is a program: it is told in JSON what is wrong.
pub(crate) fn is_for_programs(path: &str) -> bool {
    path.starts_with(PREFIX) || path.starts_with(crate::decisions::PREFIX)
}

/// Refuses in the API's form.
pub(crate) fn refuse(status: StatusCode, code: &'static str, message: &'static str) -> Response {
    let store = [(header::CACHE_CONTROL, "no-store")];
    let problem = Problem::from(Refusal::new(status, code, message.trim_end()));
    (store, problem).into_response()
}

/// The code of the problem that is a defect of the gateway's own.
pub(crate) const DEFECT: &str = "defect";

/// What the path of every route of the API begins with.
pub(crate) const PREFIX: &str = "/countersign/api";
