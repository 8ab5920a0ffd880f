//! What a form sent, once it is known to be a form of ours.

use askama::Template;
use axum::RequestExt;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use zeroize::Zeroizing;

use super::PREFIX;
use super::answer::{Answer, page};
use super::person::Person;
use crate::gateway::Gateway;

/// What a form sent.
///
/// # Security
///
/// It exists only if the form carries the mark of a token that the same request's cookies have, and the browser does not
/// say that it comes from another site.
pub(crate) struct Posted {
    fields: Vec<(String, Zeroizing<String>)>,
    pub(crate) person: Person,
}

#[derive(Template)]
#[template(path = "stale.html")]
struct StalePage {
    title: &'static str,
    prefix: &'static str,
}

impl Posted {
    /// Returns a field without white space around it; empty if it is not there.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// Returns a field as it was typed; empty if it is not there.
    pub(crate) fn raw(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(it, _)| it == name);
        found.map_or("", |(_, value)| value)
    }

    /// Says whether a box was ticked.
    pub(crate) fn is_ticked(&self, name: &str) -> bool {
        self.fields.iter().any(|(it, _)| it == name)
    }
}

impl FromRequest<Gateway> for Posted {
    type Rejection = Answer;

    async fn from_request(mut request: Request, gateway: &Gateway) -> Result<Self, Answer> {
        let person = request.extract_parts_with_state::<Person, _>(gateway).await;
        let person = person.map_err(|status| Answer::from(status.into_response()))?;
        if comes_from_elsewhere(request.headers(), &gateway.config.public_url) {
            return Err(stale());
        }
        let body = Bytes::from_request(request, gateway)
            .await
            .map_err(|_| stale())?;
        let fields: Vec<(String, Zeroizing<String>)> = form_urlencoded::parse(&body)
            .map(|(name, value)| (name.into_owned(), Zeroizing::new(value.into_owned())))
            .collect();
        let posted = Self { fields, person };
        let mark = posted.raw(MARK);
        let is_ours = posted.person.tokens().any(|it| it.is_form_token(mark));
        match is_ours {
            true => Ok(posted),
            false => Err(stale()),
        }
    }
}

/// Says whether a browser says that a form stood on another site. One that says nothing is old, or no browser: the mark
/// decides.
fn comes_from_elsewhere(headers: &HeaderMap, public_url: &str) -> bool {
    let site = headers.get("sec-fetch-site").map(|it| it.as_bytes());
    let origin = headers.get(header::ORIGIN).map(|it| it.as_bytes());
    site.is_some_and(|it| it != b"same-origin" && it != b"none")
        || origin.is_some_and(|it| it != public_url.as_bytes())
}

/// Says that a form was not taken, and where to go on.
fn stale() -> Answer {
    let template = StalePage {
        title: "This page is out of date",
        prefix: PREFIX,
    };
    page(StatusCode::FORBIDDEN, &template).into()
}

/// The hidden field of every form.
const MARK: &str = "form-token";
