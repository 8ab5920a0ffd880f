//! Where whoever is in arrives, and the nudge on the way.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use countersign_host::contract::Method;

use super::answer::go_to;
use super::frame::day;
use super::{Answered, Frame, Person, Posted, go, page};
use crate::gateway::Gateway;
use crate::journey::{PASSWORD_LASTS, Step};

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    frame: Frame,
    has_app: bool,
    has_phone: bool,
    companies: Vec<String>,
}

#[derive(Template)]
#[template(path = "nudge.html")]
struct NudgePage {
    frame: Frame,
    date: String,
    days_left: u32,
}

/// Shows that they are in; whoever has something to do first is led there.
pub(crate) async fn show(State(gateway): State<Gateway>, person: Person) -> Answered {
    let visit = person.inside(&gateway).await?;
    if visit.session.recovery.is_some() {
        return Ok(go("/recovery-code"));
    }
    let status = gateway.own_status(&visit).await?;
    let has = |method| status.factors.iter().any(|it| it.method == method);
    let companies = gateway.company_names(&visit).await?;
    let template = HomePage {
        frame: Frame::of(&gateway, &visit, "You are signed in"),
        has_app: has(Method::Totp),
        has_phone: has(Method::Sms),
        companies,
    };
    Ok(page(StatusCode::OK, &template))
}

/// Shows the nudge to enroll early.
pub(super) async fn nudge(State(gateway): State<Gateway>, person: Person) -> Answered {
    let visit = person.inside(&gateway).await?;
    let Some(nudge) = &visit.session.nudge else {
        return Ok(go("/"));
    };
    let template = NudgePage {
        frame: Frame::of(
            &gateway,
            &visit,
            "Two-factor authentication will be required",
        ),
        date: day(nudge.deadline, &nudge.zone),
        days_left: nudge.days_left,
    };
    Ok(page(StatusCode::OK, &template))
}

/// Takes the answer: set it up now, or later.
pub(super) async fn later(State(gateway): State<Gateway>, posted: Posted) -> Answered {
    let mut visit = posted.person.inside(&gateway).await?;
    if posted.text("answer") != "now" {
        let return_to = gateway.later(&mut visit).await?;
        return Ok(go_to(Step::Inside, return_to.as_deref()));
    }
    // The password that they typed to sign in is fresh enough; else it is asked for again.
    if visit.password_age() > PASSWORD_LASTS {
        return Ok(go("/profile/security/password"));
    }
    gateway.enroll_early(&mut visit).await?;
    Ok(go("/enroll"))
}
