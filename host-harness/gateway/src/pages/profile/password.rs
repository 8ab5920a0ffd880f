//! The password: asked for before a change, and changed.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use crate::gateway::Gateway;
use crate::journey::administration::FRESH_FACTOR;
use crate::journey::{Changing, Visit};
use crate::pages::answer::{enter_at, go_to};
use crate::pages::{Alert, Answered, Frame, PREFIX, Person, Posted, go, page};
use crate::refusal::Refusal;

#[derive(Template)]
#[template(path = "password_again.html")]
struct AgainPage {
    frame: Frame,
    name: String,
}

#[derive(Template)]
#[template(path = "password_change.html")]
struct ChangePage {
    frame: Frame,
    name: String,
}

/// Why the password is asked for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    why: String,
}

/// Asks for the password, before a change of factors.
pub(crate) async fn show(
    State(gateway): State<Gateway>,
    Query(asked): Query<Asked>,
    person: Person,
) -> Answered {
    let visit = person.inside(&gateway).await?;
    let alert = match asked.why.as_str() {
        "late" => Some(Alert::bad(
            "Changes can be begun until five minutes after you verified. Please verify again.",
        )),
        "again" => Some(Alert::bad(
            "You typed your password some minutes ago. Please type it again, to set up your second factor.",
        )),
        "app" => Some(Alert::bad(
            "A text message is not enough for this. Verify with your authenticator app to do this: type your password, then \
             choose the app.",
        )),
        _ => None,
    };
    Ok(again(&gateway, &visit, StatusCode::OK, alert))
}

/// Takes the password, and leads to where a factor is shown; whoever has none gets to what they wanted.
pub(crate) async fn submit(State(gateway): State<Gateway>, posted: Posted) -> Answered {
    let mut visit = posted.person.inside(&gateway).await?;
    if let Err(refusal) = gateway
        .begin_managing(&mut visit, posted.raw("password"))
        .await
    {
        if refusal.is_elsewhere() {
            return Err(refusal.into());
        }
        let alert = Some(Alert::from(&refusal));
        return Ok(again(&gateway, &visit, refusal.status, alert));
    }
    Ok(
        match (gateway.changing(&visit).await?, visit.session.wish) {
            (Changing::Asked, _) => go("/verify"),
            (Changing::Until(_), Some(wish)) => go(wish.path()),
            (Changing::Until(_), None) => go("/enroll"),
            (Changing::No, _) => go("/profile/security"),
        },
    )
}

/// Shows the fields for a new password.
pub(crate) async fn change(State(gateway): State<Gateway>, person: Person) -> Answered {
    let visit = person.inside(&gateway).await?;
    Ok(change_form(&gateway, &visit, StatusCode::OK, None))
}

/// Takes a new password.
pub(crate) async fn replace(State(gateway): State<Gateway>, posted: Posted) -> Answered {
    let visit = posted.person.inside(&gateway).await?;
    let (old, new) = (posted.raw("password"), posted.raw("new-password"));
    if new != posted.raw("new-again") {
        let refusal = Refusal::field("new-again", "The two new passwords are not the same.");
        let alert = Some(Alert::from(&refusal));
        return Ok(change_form(&gateway, &visit, refusal.status, alert));
    }
    match gateway.change_password(visit, old, new).await {
        Ok(entrance) => Ok(enter_at(&entrance, "/profile/security?done=password")),
        Err(refusal) if refusal.is_over() => Err(refusal.into()),
        Err(refusal) if refusal.code == FRESH_FACTOR => {
            let mut visit = posted.person.inside(&gateway).await?;
            let back = format!("{PREFIX}/profile/password");
            let step = gateway.step_up(&mut visit, "password", Some(&back)).await?;
            Ok(go_to(step, Some(&back)))
        }
        Err(mut refusal) => {
            // A new password that will not do is about its own field.
            if refusal.field == Some("password") && refusal.code != "wrong-password" {
                refusal = refusal.about("new-password");
            }
            let visit = posted.person.inside(&gateway).await?;
            let alert = Some(Alert::from(&refusal));
            Ok(change_form(&gateway, &visit, refusal.status, alert))
        }
    }
}

fn again(gateway: &Gateway, visit: &Visit, status: StatusCode, alert: Option<Alert>) -> Response {
    let template = AgainPage {
        frame: Frame::of(gateway, visit, "Confirm your password").with(alert),
        name: visit.user.name.clone(),
    };
    page(status, &template)
}

fn change_form(
    gateway: &Gateway,
    visit: &Visit,
    status: StatusCode,
    alert: Option<Alert>,
) -> Response {
    let template = ChangePage {
        frame: Frame::of(gateway, visit, "Change password").with(alert),
        name: visit.user.name.clone(),
    };
    page(status, &template)
}
