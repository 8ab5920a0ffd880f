//! "Enter recovery code instead".

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use countersign_host::contract::sign_in::Stage;

use super::answer::enter_at;
use super::{Alert, Answer, Answered, Frame, Person, Posted, page};
use crate::gateway::Gateway;
use crate::journey::Visit;

#[derive(Template)]
#[template(path = "recover.html")]
struct RecoverPage {
    frame: Frame,
    is_available: bool,
}

/// Shows the field for the recovery code.
pub(super) async fn show(State(gateway): State<Gateway>, person: Person) -> Answered {
    let visit = person.underway(&gateway).await?;
    form(&gateway, &visit, StatusCode::OK, None).await
}

/// Takes a recovery code.
pub(super) async fn submit(State(gateway): State<Gateway>, posted: Posted) -> Answered {
    let visit = posted.person.underway(&gateway).await?;
    match gateway.present(visit, posted.text("code")).await {
        Ok(entrance) => Ok(enter_at(&entrance, "/enroll")),
        Err(refusal) if refusal.is_elsewhere() => Err(refusal.into()),
        Err(refusal) => {
            let visit = posted.person.underway(&gateway).await?;
            let alert = Some(Alert::from(&refusal));
            form(&gateway, &visit, refusal.status, alert).await
        }
    }
}

async fn form(
    gateway: &Gateway,
    visit: &Visit,
    status: StatusCode,
    alert: Option<Alert>,
) -> Answered {
    let view = gateway.view(visit).await?;
    if view.stage != Stage::Challenged {
        return Err(Answer::go("/enroll"));
    }
    let template = RecoverPage {
        frame: Frame::of(gateway, visit, "Enter your recovery code").with(alert),
        is_available: view.recovery_available,
    };
    Ok(page(status, &template))
}
