//! Where a policy wants somebody to vouch before a first factor is set up.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::Deserialize;

use super::answer::{enter, enter_at, go_to};
use super::{Alert, Answer, Answered, Frame, Person, Posted, go, page};
use crate::gateway::Gateway;
use crate::journey::{PASSWORD_LASTS, Step, Visit};
use crate::session::Wish;

#[derive(Template)]
#[template(path = "vouch.html")]
struct VouchPage {
    frame: Frame,
    /// The mailbox, masked; none if none is known.
    mailbox: Option<String>,
    asks_password: bool,
}

/// Whether a code was mailed just now.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    sent: String,
}

/// Shows the field for the set-up code.
pub(super) async fn show(
    State(gateway): State<Gateway>,
    Query(asked): Query<Asked>,
    person: Person,
) -> Answered {
    let visit = waiting(&gateway, &person).await?;
    let alert =
        (asked.sent == "yes").then(|| Alert::good("A set-up code is on its way to your mailbox."));
    Ok(form(&gateway, &visit, StatusCode::OK, alert))
}

/// Takes a set-up code.
pub(super) async fn submit(State(gateway): State<Gateway>, posted: Posted) -> Answered {
    let visit = waiting(&gateway, &posted.person).await?;
    let (is_open, wish) = (visit.is_open(), visit.session.wish);
    let password = posted.raw("password");
    let password = (!password.is_empty()).then_some(password);
    match gateway.vouch(visit, posted.text("code"), password).await {
        // Whoever is in already, and enrolls early or by choice, gets on with it.
        Ok(entrance) if is_open => Ok(enter_at(&entrance, wish.map_or("/enroll", Wish::path))),
        Ok(entrance) => Ok(enter(&entrance)),
        Err(refusal) => {
            let visit = waiting(&gateway, &posted.person).await?;
            let alert = Some(Alert::from(&refusal));
            Ok(form(&gateway, &visit, refusal.status, alert))
        }
    }
}

/// Mails a set-up code.
pub(super) async fn send(State(gateway): State<Gateway>, posted: Posted) -> Answered {
    let visit = waiting(&gateway, &posted.person).await?;
    match gateway.mail_voucher(&visit).await {
        Ok(()) => Ok(go("/vouch?sent=yes")),
        Err(refusal) => {
            let alert = Some(Alert::from(&refusal));
            Ok(form(&gateway, &visit, refusal.status, alert))
        }
    }
}

/// Returns the session of whoever waits to be vouched for.
async fn waiting(gateway: &Gateway, person: &Person) -> Result<Visit, Answer> {
    let Some(visit) = person.visit(gateway).await? else {
        return Err(Answer::go("/sign-in"));
    };
    if visit.is_open() {
        let visit = person.inside(gateway).await?;
        let status = gateway.own_status(&visit).await?;
        return match status.factors.is_empty() {
            true => Ok(visit),
            false => Err(Answer::go("/profile/security")),
        };
    }
    match gateway.step(&visit).await? {
        Step::Vouch => Ok(visit),
        step => Err(go_to(step, None).into()),
    }
}

fn form(
    gateway: &Gateway,
    visit: &Visit,
    status: StatusCode,
    alert: Option<Alert>,
) -> axum::response::Response {
    let template = VouchPage {
        frame: Frame::of(gateway, visit, "Confirm that it is you").with(alert),
        mailbox: visit.user.email.as_deref().map(masked),
        asks_password: visit.password_age() > PASSWORD_LASTS,
    };
    page(status, &template)
}

/// Shows of a mailbox what its owner knows it by.
fn masked(mailbox: &str) -> String {
    let (name, host) = mailbox.split_once('@').unwrap_or((mailbox, ""));
    let first = name.chars().next().map(String::from).unwrap_or_default();
    format!("{first}•••@{host}")
}
