//! Forward-auth: a web server asks here before it lets a request through to an app.
//!
//! The app must be on the gateway's own host, since its cookies are of that host alone. What is answered:
//!
//! | path | in | refused |
//! |---|---|---|
//! | `/countersign/auth-request` (nginx, HAProxy) | 200 | 401; for a page with the `Location` to sign in at, where nginx leads on to by `error_page` |
//! | `/countersign/forward-auth` (Caddy, Traefik) | 200 | 302 to sign in for a page, else 401 |
//!
//! nginx and Caddy were tried, by the files in `deploy/`. HAProxy and Traefik were not: the answers are written for what
//! their documents say.
//!
//! With 200 come `Remote-User`, `X-Auth-User-Id`, `X-Auth-Amr` (methods of RFC 8176, with spaces between) and `X-Auth-Time` (when
//! a factor, or else the password, was shown: seconds since 1970). None of them is ever empty, so that a web server which
//! copies what is there leaves none of a client's own in place.
//!
//! The plugin is asked at every request, so that a deadline that passes, a policy that changes and a reset hold at once.
//! `?max_age=` asks for a factor at most that many seconds old (RFC 9470).

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::gateway::Gateway;
use crate::journey::{Admission, Visit, is_local};
use crate::pages::{PREFIX, Person};
use crate::refusal::Refusal;

/// Routes, below the prefix of the pages.
pub(crate) fn router() -> Router<Gateway> {
    Router::new()
        .route("/auth-request", any(auth_request))
        .route("/forward-auth", any(forward_auth))
}

/// What is asked of the session.
#[derive(Deserialize)]
struct Asked {
    max_age: Option<u32>,
}

/// Answers 200, or 401.
async fn auth_request(
    State(gateway): State<Gateway>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    person: Person,
) -> Response {
    answer(&gateway, &asked, &headers, &person, |asked| {
        // nginx cannot escape an address by itself, and so is given one with its 401.
        challenged(asked.max_age)
    })
    .await
}

/// Answers 200, or leads to sign in.
async fn forward_auth(
    State(gateway): State<Gateway>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    person: Person,
) -> Response {
    answer(&gateway, &asked, &headers, &person, |_| {
        // 302, which every web server hands on as it is.
        StatusCode::FOUND.into_response()
    })
    .await
}

/// Lets through whoever may go on as they are. Whoever looks at a page, and may not, is answered with where to sign in;
/// everybody else that they may not.
async fn answer(
    gateway: &Gateway,
    asked: &Asked,
    headers: &HeaderMap,
    person: &Person,
    led: impl FnOnce(&Asked) -> Response,
) -> Response {
    match admitted(gateway, person, asked.max_age).await {
        Ok(Some(visit)) => let_through(&visit),
        Ok(None) if wants_page(headers) => {
            let location = [(header::LOCATION, sign_in(gateway, headers, asked))];
            (location, led(asked)).into_response()
        }
        Ok(None) => challenged(asked.max_age),
        Err(refusal) => refused(&refusal),
    }
}

/// Returns the session of whoever may go on as they are.
async fn admitted(
    gateway: &Gateway,
    person: &Person,
    max_age: Option<u32>,
) -> Result<Option<Visit>, Refusal> {
    let Some(visit) = person.visit(gateway).await? else {
        return Ok(None);
    };
    // One that is over ends when a page finds it so: nothing is written here.
    Ok(match gateway.admit(&visit, max_age).await? {
        Admission::Until(_) => Some(visit),
        Admission::Resume | Admission::Over => None,
    })
}

fn let_through(visit: &Visit) -> Response {
    let session = &visit.session;
    let shown_at = session.factor_at.unwrap_or(session.password_at);
    let values = [
        ("remote-user", header_value(&visit.user.name)),
        ("x-auth-user-id", header_value(&visit.user.id)),
        ("x-auth-amr", header_value(&session.amr.join(" "))),
        ("x-auth-time", Some(HeaderValue::from(shown_at))),
    ];
    let mut response = StatusCode::OK.into_response();
    for (name, value) in values {
        // A name that fits into no header would let the client's own through.
        let Some(value) = value else {
            return StatusCode::FORBIDDEN.into_response();
        };
        response.headers_mut().insert(name, value);
    }
    response
}

/// Writes a text into a header: ASCII as it is, the rest percent-encoded. Spaces around it are encoded too, since whoever
/// reads a header takes them away: `ben ` is not `ben`.
fn header_value(text: &str) -> Option<HeaderValue> {
    let is_plain = text.trim() == text
        && text
            .bytes()
            .all(|it| (b' '..=b'~').contains(&it) && it != b'%');
    match is_plain {
        _ if text.is_empty() => None,
        true => HeaderValue::from_str(text).ok(),
        false => {
            let encoded = utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            HeaderValue::from_str(&encoded).ok()
        }
    }
}

/// Says that a session, or a fresher factor, is wanted (RFC 6750, section 3; RFC 9470, section 3).
fn challenged(max_age: Option<u32>) -> Response {
    let challenge = match max_age {
        Some(max_age) => {
            format!("Bearer error=\"insufficient_user_authentication\", max_age=\"{max_age}\"")
        }
        None => "Bearer".to_owned(),
    };
    (
        StatusCode::UNAUTHORIZED,
        [(header::WWW_AUTHENTICATE, challenge)],
    )
        .into_response()
}

/// Hands on that nothing can be said at present. nginx takes whatever is neither 2xx, 401 nor 403 for an error of its own,
/// and lets nobody through either.
fn refused(refusal: &Refusal) -> Response {
    refusal.status.into_response()
}

/// Says whether somebody looks at a page, and can be led to another.
///
/// Scripts in a page send `*/*` unless they say otherwise, and a browser says of their requests that they do not navigate.
fn wants_page(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|it| it.to_str().ok());
    let is_get = text("x-forwarded-method").is_none_or(|it| it == "GET" || it == "HEAD");
    let navigates = text("sec-fetch-mode").is_none_or(|it| it == "navigate");
    is_get && navigates && text("accept").is_some_and(|it| it.contains("text/html"))
}

/// Returns where to sign in, to be led back to what was asked for.
fn sign_in(gateway: &Gateway, headers: &HeaderMap, asked: &Asked) -> String {
    let path = headers
        .get("x-forwarded-uri")
        .and_then(|it| it.to_str().ok())
        .filter(|it| is_local(it))
        .unwrap_or("/");
    let path = utf8_percent_encode(path, NON_ALPHANUMERIC);
    let public = &gateway.config.public_url;
    let address = format!("{public}{PREFIX}/sign-in?rd={path}");
    match asked.max_age {
        Some(max_age) => format!("{address}&max_age={max_age}"),
        None => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_names_are_written_alike() {
        for (name, expected) in [
            ("ben", Some("ben")),
            ("ben at work", Some("ben at work")),
            ("ben ", Some("ben%20")),
            (" ben", Some("%20ben")),
            ("ben%20", Some("ben%2520")),
            ("jos\u{e9}", Some("jos%C3%A9")),
            ("", None),
        ] {
            let value = header_value(name);
            let text = value.as_ref().map(|it| it.to_str().expect("it is ASCII"));
            assert_eq!(text, expected, "{name}");
        }
    }

    #[test]
    fn only_whoever_looks_at_a_page_is_led_to_another() {
        let page = ("accept", "text/html,*/*;q=0.8");
        for (sent, expected) in [
            (&[page] as &[(&'static str, &str)], true),
            (&[page, ("sec-fetch-mode", "navigate")], true),
            (&[page, ("x-forwarded-method", "HEAD")], true),
            (&[page, ("x-forwarded-method", "POST")], false),
            (&[page, ("sec-fetch-mode", "cors")], false),
            (&[("accept", "*/*")], false),
            (&[("accept", "application/json")], false),
            (&[], false),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in sent {
                headers.insert(*name, value.parse().expect("it fits"));
            }
            assert_eq!(wants_page(&headers), expected, "{sent:?}");
        }
    }
}
