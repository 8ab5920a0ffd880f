//! Changes of one's own factors: begun, and confirmed.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use countersign_host::contract::Method;
use countersign_host::contract::administration::UserStatus;
use serde::Deserialize;

use super::called;
use crate::gateway::Gateway;
use crate::journey::{Changing, Visit};
use crate::pages::answer::enter_at;
use crate::pages::verify::{method, word};
use crate::pages::{Alert, Answer, Answered, Frame, Person, Posted, go, page};
use crate::refusal::Refusal;
use crate::session::Wish;

/// What a change means, before it is made.
#[derive(Template)]
#[template(path = "change.html")]
struct ChangePage {
    frame: Frame,
    meaning: Vec<String>,
    action: &'static str,
    /// The method that it is about, for the form.
    method: &'static str,
    button: String,
    is_dangerous: bool,
}

/// Which method a change is about.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    method: String,
}

/// Takes what somebody wants to change, and leads to it: by way of password and factor where these were not shown yet.
pub(crate) async fn begin(State(gateway): State<Gateway>, posted: Posted) -> Answered {
    let mut visit = posted.person.inside(&gateway).await?;
    let Some(wish) = Wish::parse(posted.text("wish")) else {
        return Err(Refusal::field("wish", "Choose what to change.").into());
    };
    gateway.wish(&mut visit, Some(wish)).await?;
    Ok(match gateway.changing(&visit).await? {
        Changing::Until(_) => go(wish.path()),
        Changing::Asked => go("/verify"),
        Changing::No => go("/profile/security/password"),
    })
}

/// Ends the time for changes early.
pub(crate) async fn leave(State(gateway): State<Gateway>, posted: Posted) -> Answered {
    let mut visit = posted.person.inside(&gateway).await?;
    if gateway.changing(&visit).await? != Changing::No {
        gateway.leave_managing(&mut visit).await?;
    }
    Ok(go("/profile/security"))
}

/// Shows what it means to remove a method.
pub(crate) async fn removal(
    State(gateway): State<Gateway>,
    Query(asked): Query<Asked>,
    person: Person,
) -> Answered {
    let visit = changing(&gateway, &person).await?;
    let method = chosen(&asked.method)?;
    removal_form(&gateway, &visit, method, StatusCode::OK, None).await
}

/// Removes a method.
pub(crate) async fn remove(State(gateway): State<Gateway>, posted: Posted) -> Answered {
    let visit = changing(&gateway, &posted.person).await?;
    let method = chosen(posted.text("method"))?;
    match gateway.remove(visit, method).await {
        Ok(entrance) => Ok(enter_at(&entrance, "/profile/security?done=removed")),
        Err(refusal) if refusal.is_elsewhere() => Err(refusal.into()),
        Err(refusal) => {
            let visit = changing(&gateway, &posted.person).await?;
            let alert = Some(Alert::from(&refusal));
            removal_form(&gateway, &visit, method, refusal.status, alert).await
        }
    }
}

/// Shows what it means to have a method asked for first.
pub(crate) async fn preference(
    State(gateway): State<Gateway>,
    Query(asked): Query<Asked>,
    person: Person,
) -> Answered {
    let visit = changing(&gateway, &person).await?;
    let method = chosen(&asked.method)?;
    Ok(preference_form(
        &gateway,
        &visit,
        method,
        StatusCode::OK,
        None,
    ))
}

/// Has a method asked for first.
pub(crate) async fn prefer(State(gateway): State<Gateway>, posted: Posted) -> Answered {
    let visit = changing(&gateway, &posted.person).await?;
    let method = chosen(posted.text("method"))?;
    match gateway.prefer(&visit, method).await {
        Ok(()) => Ok(go("/profile/security?done=preferred")),
        Err(refusal) if refusal.is_elsewhere() => Err(refusal.into()),
        Err(refusal) => {
            let alert = Some(Alert::from(&refusal));
            let status = refusal.status;
            Ok(preference_form(&gateway, &visit, method, status, alert))
        }
    }
}

/// Shows what it means to get a new recovery code.
pub(crate) async fn renewal(State(gateway): State<Gateway>, person: Person) -> Answered {
    let visit = changing(&gateway, &person).await?;
    Ok(renewal_form(&gateway, &visit, StatusCode::OK, None))
}

/// Makes a new recovery code.
pub(crate) async fn renew(State(gateway): State<Gateway>, posted: Posted) -> Answered {
    let mut visit = changing(&gateway, &posted.person).await?;
    match gateway.issue_code(&mut visit).await {
        Ok(()) => Ok(go("/recovery-code")),
        Err(refusal) if refusal.is_elsewhere() => Err(refusal.into()),
        Err(refusal) => {
            let alert = Some(Alert::from(&refusal));
            let status = refusal.status;
            Ok(renewal_form(&gateway, &visit, status, alert))
        }
    }
}

async fn removal_form(
    gateway: &Gateway,
    visit: &Visit,
    method: Method,
    status: StatusCode,
    alert: Option<Alert>,
) -> Answered {
    let now = gateway.own_status(visit).await?;
    if !has(&now, method) {
        // Removed already: in another tab, or by pressing twice.
        return Ok(go("/profile/security"));
    }
    let mut meaning = vec![match method {
        Method::Totp => "Codes of your app will not be taken any more. Delete its entry in the app afterwards.",
        Method::Sms => "No codes will be sent to your phone any more.",
    }
    .to_owned()];
    meaning.push(match now.factors.len() {
        1 => "It is your last method: your account will then be guarded by your password alone, and your recovery code \
              is removed with it."
            .to_owned(),
        _ => format!("Your {} stays.", called(other(method))),
    });
    meaning.push("Your sessions on other devices will be ended.".to_owned());
    let template = ChangePage {
        frame: Frame::of(gateway, visit, &format!("Remove your {}?", called(method))).with(alert),
        meaning,
        action: "/profile/security/remove",
        method: word(method),
        button: "Remove".to_owned(),
        is_dangerous: true,
    };
    Ok(page(status, &template))
}

fn preference_form(
    gateway: &Gateway,
    visit: &Visit,
    method: Method,
    status: StatusCode,
    alert: Option<Alert>,
) -> axum::response::Response {
    let (title, meaning) = match method {
        Method::Totp => (
            "Ask for the authenticator app first?",
            "A code of your app will be asked for first. You can still choose a text message when you sign in.",
        ),
        Method::Sms => (
            "Offer text messages first?",
            "A text message will be offered first. It is the weaker method: whoever gets hold of your number gets your \
             codes. You can still choose your app when you sign in.",
        ),
    };
    let template = ChangePage {
        frame: Frame::of(gateway, visit, title).with(alert),
        meaning: vec![meaning.to_owned()],
        action: "/profile/security/prefer",
        method: word(method),
        button: "Make it the preferred method".to_owned(),
        is_dangerous: false,
    };
    page(status, &template)
}

fn renewal_form(
    gateway: &Gateway,
    visit: &Visit,
    status: StatusCode,
    alert: Option<Alert>,
) -> axum::response::Response {
    let template = ChangePage {
        frame: Frame::of(gateway, visit, "Get a new recovery code?").with(alert),
        meaning: vec![
            "You will see a new code once, to save it. The code that you have now stops working at once.".to_owned(),
        ],
        action: "/profile/security/recovery-code",
        method: "",
        button: "New recovery code".to_owned(),
        is_dangerous: false,
    };
    page(status, &template)
}

/// Returns the session of whoever may change something now; others are led to where they may.
async fn changing(gateway: &Gateway, person: &Person) -> Result<Visit, Answer> {
    let visit = person.inside(gateway).await?;
    match gateway.changing(&visit).await? {
        Changing::Until(_) => Ok(visit),
        Changing::Asked => Err(Answer::go("/verify")),
        Changing::No if visit.session.held.is_some() => {
            Err(Answer::go("/profile/security/password?why=late"))
        }
        Changing::No => Err(Answer::go("/profile/security/password")),
    }
}

fn chosen(word: &str) -> Result<Method, Refusal> {
    method(word).ok_or_else(|| Refusal::field("method", "Choose a method."))
}

fn has(status: &UserStatus, method: Method) -> bool {
    status.factors.iter().any(|it| it.method == method)
}

fn other(method: Method) -> Method {
    match method {
        Method::Totp => Method::Sms,
        Method::Sms => Method::Totp,
    }
}
