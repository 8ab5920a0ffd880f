//! Setting up a factor: required, early, or one more.

pub(super) mod app;
pub(super) mod phone;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use countersign_host::contract::Method;
use countersign_host::contract::sign_in::{Stage, TicketView};

use super::frame::day;
use super::verify::method;
use super::{Answer, Answered, Frame, Person, Posted, go, page};
use crate::gateway::Gateway;
use crate::journey::Visit;
use crate::refusal::Refusal;

#[derive(Template)]
#[template(path = "enroll.html")]
struct EnrollPage {
    frame: Frame,
    may_app: bool,
    may_phone: bool,
    is_required: bool,
    is_recovery: bool,
    can_leave: bool,
    deadline: Option<String>,
}

/// Shows what may be set up.
pub(super) async fn show(State(gateway): State<Gateway>, person: Person) -> Answered {
    let (visit, view) = enrolling(&gateway, &person).await?;
    let title = match (view.stage, view.required) {
        (Stage::Recovering, _) => "Set up your new device",
        (_, true) => "Two-Factor Authentication Required",
        (_, false) => "Set up two-factor authentication",
    };
    // Its day is that of the zone which it was chosen in.
    let deadline = match view.deadline {
        Some(_) => gateway.outlook(&visit).await?.1,
        None => None,
    };
    let deadline = deadline.map(|it| day(it.at, &it.zone));
    let template = EnrollPage {
        may_app: view.may_enroll.contains(&Method::Totp),
        may_phone: view.may_enroll.contains(&Method::Sms),
        is_required: view.required,
        is_recovery: view.stage == Stage::Recovering,
        can_leave: visit.is_open(),
        deadline,
        frame: Frame::of(&gateway, &visit, title),
    };
    Ok(page(StatusCode::OK, &template))
}

/// Discards what was begun.
pub(super) async fn cancel(State(gateway): State<Gateway>, posted: Posted) -> Answered {
    let (visit, _) = enrolling(&gateway, &posted.person).await?;
    let Some(method) = method(posted.text("method")) else {
        return Err(Refusal::field("method", "Expected a method.").into());
    };
    match gateway.cancel(&visit, method).await {
        // It was over already.
        Err(refusal) if refusal.code == "not-pending" => {}
        cancelled => cancelled?,
    }
    Ok(match visit.is_open() {
        true => go("/profile/security"),
        false => go("/enroll"),
    })
}

/// Returns the session of whoever may set something up, with what the plugin says of it.
pub(super) async fn enrolling(
    gateway: &Gateway,
    person: &Person,
) -> Result<(Visit, TicketView), Answer> {
    let visit = person.underway(gateway).await?;
    let view = gateway.view(&visit).await?;
    match view.stage {
        Stage::Challenged => Err(Answer::go("/verify")),
        Stage::Verified | Stage::Enrolling | Stage::Recovering => Ok((visit, view)),
    }
}
