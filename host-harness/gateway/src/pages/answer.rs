//! What a page answers.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use cookie::Cookie;

use super::PREFIX;
use super::person::cookies_of;
use crate::journey::{Entrance, Step};
use crate::refusal::Refusal;

/// Why a page is not what is answered: another one is.
pub(crate) struct Answer(pub(crate) Box<Response>);

/// What a handler returns.
pub(crate) type Answered = Result<Response, Answer>;

#[derive(Template)]
#[template(path = "refusal.html")]
struct RefusalPage<'a> {
    title: &'a str,
    message: &'a str,
    prefix: &'a str,
}

/// Renders a page.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Says that there is no such page, to whoever follows an old link or typed an address.
pub(crate) async fn missing() -> Response {
    let template = RefusalPage {
        title: "There is no such page",
        message: "Nothing is at this address.",
        prefix: PREFIX,
    };
    page(StatusCode::NOT_FOUND, &template)
}

/// Leads on to a page of the gateway.
pub(crate) fn go(path: &str) -> Response {
    Redirect::to(&format!("{PREFIX}{path}")).into_response()
}

/// Leads on to where a step is done; at the end of the way, to where they wanted to get.
pub(crate) fn go_to(step: Step, return_to: Option<&str>) -> Response {
    match (step, return_to) {
        (Step::Vouch, _) => go("/vouch"),
        (Step::Verify, _) => go("/verify"),
        (Step::Enroll, _) => go("/enroll"),
        (Step::SaveCode, _) => go("/recovery-code"),
        (Step::Nudge, _) => go("/notice"),
        (Step::Inside, Some(path)) => Redirect::to(path).into_response(),
        (Step::Inside, None) => go("/"),
    }
}

impl Answer {
    /// Leads on to a page instead.
    pub(crate) fn go(path: &str) -> Self {
        Self(Box::new(go(path)))
    }
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        Self(Box::new(response))
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        if refusal.is_over() {
            return Self::go("/sign-in?why=over");
        }
        match refusal.code {
            "wrong-stage" => return Self::go("/"),
            "start-too-late" => return Self::go("/profile/security/password?why=late"),
            "binding-not-attested" => return Self::go("/vouch"),
            "app-required" => return Self::go("/profile/security/password?why=app"),
            _ => {}
        }
        if refusal.code == "first-factor-too-old" {
            // Only with a password typed just now a factor can be set up, and so be shown.
            return Self::go("/profile/security/password?why=again");
        }
        let title = match refusal.status {
            StatusCode::FORBIDDEN => "This is not for you",
            StatusCode::TOO_MANY_REQUESTS => "Please wait",
            StatusCode::SERVICE_UNAVAILABLE => "Not available at the moment",
            _ => "This did not work",
        };
        let template = RefusalPage {
            title,
            message: &refusal.message,
            prefix: PREFIX,
        };
        Self(Box::new(page(refusal.status, &template)))
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        *self.0
    }
}

/// Sets the cookies of a session that was opened, or that changed its level, and leads on.
pub(crate) fn enter(entrance: &Entrance) -> Response {
    let response = go_to(entrance.step, entrance.return_to.as_deref());
    with_cookies(response, cookies_of(entrance))
}

/// Sets the cookies of a session that was opened, or that changed its level, and leads on to a page of the gateway.
pub(crate) fn enter_at(entrance: &Entrance, path: &str) -> Response {
    with_cookies(go(path), cookies_of(entrance))
}

/// Sets cookies.
pub(crate) fn with_cookies(
    mut response: Response,
    cookies: impl IntoIterator<Item = Cookie<'static>>,
) -> Response {
    for cookie in cookies {
        if let Ok(value) = cookie.to_string().parse() {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    response
}
