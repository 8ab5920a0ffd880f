//! Why a program did not get what it asked for: problem details, as RFC 9457 has them.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use countersign_host::Error;
use serde::Serialize;
use utoipa::ToSchema;

use super::session::{Entered, StepName};
use crate::directory::DirectoryError;
use crate::journey::administration::{FRESH_FACTOR, FRESH_SECONDS};
use crate::refusal::Refusal;

/// Why a program did not get what it asked for. Boxed, since it travels through many hands and is seldom there.
pub(crate) struct Problem {
    details: Box<Details>,
    challenge: Option<String>,
}

/// What a handler returns.
pub(crate) type Answered<T> = Result<T, Problem>;

/// What went wrong, as RFC 9457 has it. Tell problems by `code`, which never changes; `detail` is for people.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Details {
    /// Always `about:blank`: what there is to know stands in `code`.
    r#type: &'static str,
    /// The status in words.
    title: &'static str,
    /// The status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is wrong and what was expected, for people.
    detail: String,
    /// What programs tell problems by.
    code: &'static str,
    /// Where in the request it is, such as `policy.mode`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    field: Option<String>,
    /// What was expected there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    expected: Option<String>,
    /// When to try again, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    retry_at: Option<u64>,
    /// What is to be done first, where the code is `factor-required`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(inline, nullable = false)]
    step: Option<StepName>,
    /// The session with its new token, where it was led back to a step: the token that was sent is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    session: Option<Entered>,
}

impl Problem {
    /// Says that a request does not fit, where, and what was expected.
    pub(crate) fn misfit(field: String, expected: String) -> Self {
        let refusal = Refusal::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid-input",
            match field.is_empty() {
                true => format!("Expected {expected}."),
                false => format!("{field}: expected {expected}."),
            },
        );
        let mut problem = Self::from(refusal);
        problem.details.field = Some(field).filter(|it| !it.is_empty());
        problem.details.expected = Some(expected);
        problem
    }

    /// Says that something is to be done first.
    pub(crate) fn step_first(step: StepName) -> Self {
        let refusal = Refusal::new(
            StatusCode::FORBIDDEN,
            "factor-required",
            "This session has a step to do first.",
        );
        let mut problem = Self::from(refusal).challenging(INSUFFICIENT.to_owned());
        problem.details.step = Some(step);
        problem
    }

    /// Says that the session was led back to a step, and under which token it goes on.
    pub(crate) fn led_back(session: Entered) -> Self {
        let mut problem = Self::step_first(session.step());
        problem.details.session = Some(session);
        problem
    }

    /// Says that a factor was shown too long ago for what was asked. The session goes on; a step-up is what helps.
    pub(crate) fn too_old(max_age: u32) -> Self {
        let refusal = Refusal::new(
            StatusCode::UNAUTHORIZED,
            FRESH_FACTOR,
            "A factor was shown too long ago for this, or never. Begin a step-up.",
        );
        Self::from(refusal).challenging(format!("{INSUFFICIENT}, max_age=\"{max_age}\""))
    }

    /// Says that no token came.
    pub(crate) fn no_token() -> Self {
        let refusal = Refusal::new(
            StatusCode::UNAUTHORIZED,
            "no-token",
            "Expected `Authorization: Bearer` with the token of a session. Cookies do not count here.",
        );
        Self::from(refusal).challenging("Bearer".to_owned())
    }

    /// Has it name a field by where it stands in the request.
    pub(crate) fn at(mut self, field: &str) -> Self {
        self.details.field = Some(field.to_owned());
        self
    }

    /// Has it another status.
    pub(crate) fn with_status(mut self, status: StatusCode) -> Self {
        self.details.status = status.as_u16();
        self.details.title = title(status);
        self
    }

    fn challenging(mut self, challenge: String) -> Self {
        self.challenge = Some(challenge);
        self
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let challenge = match refusal.status {
            StatusCode::UNAUTHORIZED if refusal.is_over() => {
                Some("Bearer error=\"invalid_token\"".to_owned())
            }
            StatusCode::UNAUTHORIZED if refusal.code == FRESH_FACTOR => {
                Some(format!("{INSUFFICIENT}, max_age=\"{FRESH_SECONDS}\""))
            }
            StatusCode::UNAUTHORIZED => Some("Bearer".to_owned()),
            _ => None,
        };
        Self {
            challenge,
            details: Box::new(Details {
                r#type: "about:blank",
                title: title(refusal.status),
                status: refusal.status.as_u16(),
                detail: refusal.message,
                code: refusal.code,
                field: refusal.field.map(str::to_owned),
                expected: None,
                retry_at: refusal.retry_at,
                step: None,
                session: None,
            }),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Refusal::from(error).into()
    }
}

impl From<DirectoryError> for Problem {
    fn from(error: DirectoryError) -> Self {
        Refusal::from(error).into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.details.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(&*self.details)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
        if let Some(value) = self.challenge.and_then(|it| it.try_into().ok()) {
            headers.insert(header::WWW_AUTHENTICATE, value);
        }
        if let Some(value) = self.details.retry_at.and_then(http_date) {
            headers.insert(header::RETRY_AFTER, value);
        }
        response
    }
}

fn title(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Refused")
}

/// Writes a time as RFC 9110, section 5.6.7 has it.
fn http_date(at: u64) -> Option<HeaderValue> {
    let at = jiff::Timestamp::from_second(i64::try_from(at).ok()?).ok()?;
    let text = at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    text.try_into().ok()
}

/// RFC 9457, section 3.
pub(crate) const PROBLEM: &str = "application/problem+json";

/// RFC 9470, section 3.
const INSUFFICIENT: &str = "Bearer error=\"insufficient_user_authentication\"";
