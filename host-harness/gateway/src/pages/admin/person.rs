//! One of a company's people, and what an admin can do for them.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use countersign_host::contract::{Method, MethodState};
use serde::Deserialize;

use super::{Place, query, step_up_or};
use crate::gateway::Gateway;
use crate::journey::Visit;
use crate::journey::administration::{ResetRequest, Someone};
use crate::pages::verify::{method, word};
use crate::pages::{Alert, Answered, Frame, Person, Posted, page, when};
use crate::refusal::Refusal;

#[derive(Template)]
#[template(path = "admin_person.html")]
struct PersonPage {
    frame: Frame,
    place: Place,
    path: String,
    someone: Someone,
    factors: Vec<Factor>,
    recovery: &'static str,
    /// The address of what happened to them.
    trail: String,
    has_factor: bool,
    /// The reason for a reset, as it was typed.
    reason: String,
}

/// A factor in the table.
struct Factor {
    word: &'static str,
    label: String,
    state: String,
    since: String,
    used: String,
    can_unlock: bool,
}

#[derive(Template)]
#[template(path = "admin_set_up_code.html")]
struct CodePage {
    frame: Frame,
    place: Place,
    path: String,
    name: String,
    code: zeroize::Zeroizing<String>,
}

/// What was done just now.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Done {
    done: String,
}

/// Shows somebody.
pub(crate) async fn show(
    State(gateway): State<Gateway>,
    Path((company, user)): Path<(String, String)>,
    Query(done): Query<Done>,
    person: Person,
) -> Answered {
    let visit = person.inside(&gateway).await?;
    let alert = match done.done.as_str() {
        "reset" => Some(Alert::good(
            "Reset. All their sessions ended. At the next sign-in they set up two-factor authentication from scratch.",
        )),
        "unlock" => Some(Alert::good("The wait is over. They can try a code again.")),
        _ => None,
    };
    form(&gateway, &visit, &company, &user, alert, StatusCode::OK, "").await
}

/// Resets somebody.
pub(crate) async fn reset(
    State(gateway): State<Gateway>,
    Path((company, user)): Path<(String, String)>,
    posted: Posted,
) -> Answered {
    let visit = posted.person.inside(&gateway).await?;
    let request = ResetRequest {
        name: posted.text("name").to_owned(),
        is_verified: posted.is_ticked("verified"),
        reason: posted.text("reason").to_owned(),
    };
    let done = gateway.reset(&visit, &company, &user, &request).await;
    let reason = request.reason;
    match done {
        Ok(()) => back(&gateway, &visit, &company, &user, "reset").await,
        Err(refusal) => refused(&gateway, visit, &company, &user, refusal, &reason).await,
    }
}

/// Ends the wait of a factor.
pub(crate) async fn unlock(
    State(gateway): State<Gateway>,
    Path((company, user)): Path<(String, String)>,
    posted: Posted,
) -> Answered {
    let visit = posted.person.inside(&gateway).await?;
    gateway.administered_company(&visit, &company).await?;
    let Some(method) = method(posted.text("method")) else {
        return Err(Refusal::field("method", "Choose a method.").into());
    };
    match gateway.unlock(&visit, &company, &user, method).await {
        Ok(()) => back(&gateway, &visit, &company, &user, "unlock").await,
        Err(refusal) => refused(&gateway, visit, &company, &user, refusal, "").await,
    }
}

/// Makes a set-up code, and shows it: here, and never again.
pub(crate) async fn set_up_code(
    State(gateway): State<Gateway>,
    Path((company, user)): Path<(String, String)>,
    posted: Posted,
) -> Answered {
    let visit = posted.person.inside(&gateway).await?;
    let is_verified = posted.is_ticked("vouched");
    match gateway
        .set_up_code(&visit, &company, &user, is_verified)
        .await
    {
        Ok(code) => {
            let someone = gateway.person(&visit, &company, &user).await?;
            let place = Place::of(
                &gateway.administered_company(&visit, &company).await?,
                "people",
            );
            let template = CodePage {
                frame: Frame::of(&gateway, &visit, "Set-up code"),
                path: place.person(&user),
                place,
                name: someone.name,
                code,
            };
            Ok(page(StatusCode::OK, &template))
        }
        Err(refusal) => {
            let refusal = match refusal.field {
                Some("verified") => refusal.about("vouched"),
                _ => refusal,
            };
            refused(&gateway, visit, &company, &user, refusal, "").await
        }
    }
}

async fn back(gateway: &Gateway, visit: &Visit, company: &str, user: &str, done: &str) -> Answered {
    let company = gateway.administered_company(visit, company).await?;
    let path = Place::of(&company, "people").person(user);
    Ok(Redirect::to(&format!("{path}?done={done}")).into_response())
}

async fn refused(
    gateway: &Gateway,
    visit: Visit,
    company: &str,
    user: &str,
    refusal: Refusal,
    reason: &str,
) -> Answered {
    // Of somebody who is not there, or not theirs, there is no page to say it on.
    let is_shown = refusal.status == StatusCode::UNPROCESSABLE_ENTITY
        || refusal.status == StatusCode::FORBIDDEN;
    if is_shown {
        let (alert, status) = (Some(Alert::from(&refusal)), refusal.status);
        return form(gateway, &visit, company, user, alert, status, reason).await;
    }
    let of = gateway.administered_company(&visit, company).await?;
    let path = Place::of(&of, "people").person(user);
    step_up_or(gateway, visit, refusal, path).await
}

async fn form(
    gateway: &Gateway,
    visit: &Visit,
    company: &str,
    user: &str,
    alert: Option<Alert>,
    status: StatusCode,
    reason: &str,
) -> Answered {
    let someone = gateway.person(visit, company, user).await?;
    let place = Place::of(
        &gateway.administered_company(visit, company).await?,
        "people",
    );
    let template = PersonPage {
        frame: Frame::of(gateway, visit, &someone.name).with(alert),
        path: place.person(user),
        trail: format!("{}/audit?{}", place.path, query(&[("user", &someone.name)])),
        place,
        factors: someone.status.factors.iter().map(Factor::of).collect(),
        recovery: match &someone.status.recovery {
            Some(code) if code.acknowledged => {
                "They have a recovery code, and said to have saved it."
            }
            Some(_) => "They were given a recovery code, and never said to have saved it.",
            None => "They have no recovery code.",
        },
        has_factor: gateway.has_factor(visit).await?,
        reason: reason.to_owned(),
        someone,
    };
    Ok(page(status, &template))
}

impl Factor {
    fn of(factor: &countersign_host::contract::administration::FactorStatus) -> Self {
        Self {
            word: word(factor.method),
            label: match factor.method {
                Method::Totp => "Authenticator app".to_owned(),
                Method::Sms => format!(
                    "Text messages to {}",
                    factor.hint.as_deref().unwrap_or("a phone")
                ),
            },
            state: match factor.state {
                MethodState::WaitUntil(at) => format!("Waits until {}", when(at, "UTC")),
                MethodState::Disabled => {
                    "Switched off after too many wrong codes: only a reset helps".to_owned()
                }
                _ => "Can be used".to_owned(),
            },
            since: when(factor.confirmed_at, "UTC"),
            used: factor
                .used_at
                .map_or_else(|| "never".to_owned(), |at| when(at, "UTC")),
            can_unlock: matches!(factor.state, MethodState::WaitUntil(_)),
        }
    }
}
