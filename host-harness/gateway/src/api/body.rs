//! What a program sent, once it fits.

use axum::body::Bytes;
use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::problem::Problem;
use crate::gateway::Gateway;
use crate::refusal::Refusal;

/// The JSON of a request's body.
pub(crate) struct Body<T>(pub(crate) T);

/// The parameters in a path.
pub(crate) struct Named<T>(pub(super) T);

/// The parameters behind a path's `?`.
pub(crate) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned> Body<T> {
    /// Reads it.
    pub(crate) async fn read(request: Request) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Refusal::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not-json",
                "Expected a body with `Content-Type: application/json`.",
            )
            .into());
        }
        let bytes = Bytes::from_request(request, &())
            .await
            .map_err(|rejection| match rejection.status() {
                StatusCode::PAYLOAD_TOO_LARGE => Refusal::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "too-large",
                    "Expected a body of at most 65536 bytes.",
                ),
                _ => Refusal::new(
                    StatusCode::BAD_REQUEST,
                    "unreadable",
                    "The body ended before it was whole.",
                ),
            })?;
        parse(&bytes).map(Self)
    }
}

impl<T: DeserializeOwned> FromRequest<Gateway> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Gateway) -> Result<Self, Problem> {
        Self::read(request).await
    }
}

impl<T: DeserializeOwned + Send> FromRequestParts<Gateway> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Problem> {
        let found = Path::<T>::from_request_parts(parts, gateway).await;
        found.map(|Path(it)| Self(it)).map_err(|rejection| {
            let (key, expected) = match rejection {
                PathRejection::FailedToDeserializePathParams(why) => match why.into_kind() {
                    ErrorKind::DeserializeError { key, message, .. } => (key, expected(&message)),
                    ErrorKind::ParseErrorAtKey { key, .. } => (key, "another value".to_owned()),
                    ErrorKind::InvalidUtf8InPathParam { key } => (key, "text in UTF-8".to_owned()),
                    ErrorKind::Message(message) => ("path".to_owned(), expected(&message)),
                    _ => ("path".to_owned(), "another path".to_owned()),
                },
                _ => ("path".to_owned(), "another path".to_owned()),
            };
            Problem::misfit(key, expected)
        })
    }
}

impl<T: DeserializeOwned + Send> FromRequestParts<Gateway> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Problem> {
        let found = Query::<T>::from_request_parts(parts, gateway).await;
        found.map(|Query(it)| Self(it)).map_err(|rejection| {
            let text =
                std::error::Error::source(&rejection).map_or_else(String::new, ToString::to_string);
            let field = text.split_once(": ").map_or("query", |(field, _)| field);
            let is_name = field
                .bytes()
                .all(|it| it.is_ascii_lowercase() || it == b'-');
            let field = if is_name { field } else { "query" };
            Problem::misfit(field.to_owned(), "a value as the document says".to_owned())
        })
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        match inner.classify() {
            Category::Data => misfit(&path, &inner),
            _ => not_json(&inner),
        }
    })?;
    json.end().map_err(|error| not_json(&error))?;
    Ok(value)
}

/// Says where a value does not fit.
///
/// # Security
///
/// Serde's own texts repeat what was sent, which may be a password. Of them only what was expected is handed on, and the
/// names of members.
fn misfit(path: &str, error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(&*text, |(it, _)| it);
    let path = if path == "." { "" } else { path };
    if let Some(name) = text.strip_prefix("missing field `") {
        let name = name.trim_end_matches('`');
        let field = match path {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        };
        return Problem::misfit(field, "a value".to_owned());
    }
    if text.starts_with("duplicate field") {
        return Problem::misfit(path.to_owned(), "each member once".to_owned());
    }
    if text.starts_with("unknown field") {
        let expected = match text.rsplit_once(", expected ") {
            Some((_, known)) => format!("no such member, but {known}"),
            None => "no members".to_owned(),
        };
        return Problem::misfit(path.to_owned(), expected);
    }
    Problem::misfit(path.to_owned(), expected(text))
}

/// Returns what one of serde's texts says was expected.
fn expected(text: &str) -> String {
    let found = text.rsplit_once(", expected ");
    found.map_or_else(|| "another value".to_owned(), |(_, it)| it.to_owned())
}

fn not_json(error: &serde_json::Error) -> Problem {
    Refusal::new(
        StatusCode::BAD_REQUEST,
        "bad-json",
        format!(
            "The body is not JSON: line {}, column {}.",
            error.line(),
            error.column()
        ),
    )
    .into()
}

fn is_json(headers: &HeaderMap) -> bool {
    let sent = headers
        .get(header::CONTENT_TYPE)
        .and_then(|it| it.to_str().ok());
    sent.is_some_and(|it| {
        let essence = it.split(';').next().unwrap_or_default();
        essence.trim().eq_ignore_ascii_case("application/json")
    })
}
