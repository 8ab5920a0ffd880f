//! User name and password.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::answer::{enter, go_to, with_cookies};
use super::person::{form_cookie, no_sessions};
use super::{Alert, Answered, Frame, Person, Posted, go, page};
use crate::gateway::Gateway;
use crate::journey::{Admission, Credentials, Step, is_local};
use crate::refusal::Refusal;
use crate::session::Token;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    frame: Frame,
    name: String,
    return_to: String,
}

/// Why somebody comes, and where they want to get.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    why: String,
    rd: String,
    /// Seconds that a factor may be old for what they want.
    max_age: Option<u32>,
}

/// Shows the form; whoever is in already is led on, by way of a fresh factor where that is asked for.
pub(super) async fn show(
    State(gateway): State<Gateway>,
    Query(asked): Query<Asked>,
    person: Person,
) -> Answered {
    let Some(mut visit) = person.visit(&gateway).await? else {
        return Ok(form(
            &gateway,
            &person,
            StatusCode::OK,
            why(&asked.why),
            "",
            &asked.rd,
        )?);
    };
    let wants = is_local(&asked.rd).then_some(asked.rd.as_str());
    if !visit.is_open() {
        return match gateway.step(&visit).await {
            Ok(step) => Ok(go_to(step, None)),
            // Nothing leads on from here: without its end, they would be led here again and again.
            Err(refusal) if refusal.is_over() => {
                gateway.sign_out(&visit.token).await?;
                let return_to = wants.or(visit.session.return_to.as_deref());
                let (status, why) = (StatusCode::OK, why("over"));
                let rd = return_to.unwrap_or_default();
                Ok(form(&gateway, &person, status, why, "", rd)?)
            }
            Err(refusal) => Err(refusal.into()),
        };
    }
    match gateway.admit(&visit, asked.max_age).await? {
        // A change ended that they were in the middle of; they are still in.
        Admission::Until(_) if asked.why == "over" => Ok(go("/profile/security?why=over")),
        Admission::Until(_) => Ok(go_to(Step::Inside, wants)),
        Admission::Over => {
            gateway.sign_out(&visit.token).await?;
            Ok(form(
                &gateway,
                &person,
                StatusCode::OK,
                why("ended"),
                "",
                &asked.rd,
            )?)
        }
        Admission::Resume if gateway.admit(&visit, None).await? == Admission::Resume => {
            // The page that they are led to asks for what is due.
            person.inside(&gateway).await?;
            Ok(go("/"))
        }
        Admission::Resume => {
            let step = gateway
                .step_up(&mut visit, "re-authentication", wants)
                .await?;
            Ok(go_to(step, wants))
        }
    }
}

/// Takes name and password.
pub(super) async fn submit(State(gateway): State<Gateway>, posted: Posted) -> Answered {
    let person = &posted.person;
    let (name, return_to) = (posted.text("name"), posted.text("return-to"));
    let credentials = Credentials {
        name: name.to_owned(),
        password: Zeroizing::new(posted.raw("password").to_owned()),
        return_to: (!return_to.is_empty()).then(|| return_to.to_owned()),
        device_token: person.device(),
    };
    match gateway.sign_in(credentials, person.client.clone()).await {
        Ok(entrance) => {
            for token in person.sessions() {
                gateway.sign_out(token).await?;
            }
            Ok(enter(&entrance))
        }
        Err(refusal) => {
            let alert = Some(Alert::from(&refusal));
            Ok(form(
                &gateway,
                person,
                refusal.status,
                alert,
                name,
                return_to,
            )?)
        }
    }
}

/// Ends the sessions of this browser.
pub(super) async fn sign_out(State(gateway): State<Gateway>, posted: Posted) -> Answered {
    for token in posted.person.sessions() {
        gateway.sign_out(token).await?;
    }
    Ok(with_cookies(go("/sign-in?why=out"), no_sessions()))
}

/// Renders the form, with a cookie for its mark where the browser has none.
fn form(
    gateway: &Gateway,
    person: &Person,
    status: StatusCode,
    alert: Option<Alert>,
    name: &str,
    return_to: &str,
) -> Result<Response, Refusal> {
    let (token, is_new) = match person.form() {
        Some(token) => (token.clone(), false),
        None => (
            Token::draw(&*gateway.random).map_err(|_| Refusal::unavailable())?,
            true,
        ),
    };
    let template = SignInPage {
        frame: Frame::plain(gateway, &token, "Sign in").with(alert),
        name: name.to_owned(),
        return_to: return_to.to_owned(),
    };
    let cookie = is_new.then(|| form_cookie(&token));
    Ok(with_cookies(page(status, &template), cookie))
}

/// Says why somebody is here again.
fn why(word: &str) -> Option<Alert> {
    let message = match word {
        "out" => return Some(Alert::good("You are signed out.")),
        "everywhere" => {
            return Some(Alert::good(
                "You are signed out everywhere, and no device is trusted any more.",
            ));
        }
        "over" => {
            "That step is over: it took too long, was finished in another tab, or had too many wrong codes. Please sign in again."
        }
        "ended" => {
            "Your session was ended, since your two-factor authentication or password was changed. Please sign in again."
        }
        "gone" => {
            "You are not signed in any more: nothing was done for a while, or you signed in or out elsewhere. Please sign in again."
        }
        "again" => {
            "Before you go on there is more to check than when you signed in. Please type your password again."
        }
        _ => return None,
    };
    Some(Alert {
        message: message.to_owned(),
        field: None,
        retry_at: None,
        is_good: false,
    })
}
