//! Setting up an authenticator app.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use countersign_host::contract::Method;
use zeroize::Zeroizing;

use super::enrolling;
use crate::gateway::Gateway;
use crate::journey::Visit;
use crate::pages::answer::enter;
use crate::pages::{Alert, Answered, Frame, Person, Posted, page, when};

#[derive(Template)]
#[template(path = "enroll_app.html")]
struct AppPage {
    frame: Frame,
    /// The QR code: an SVG element of our own making.
    drawn: Zeroizing<String>,
    grouped: Zeroizing<String>,
    key: Zeroizing<String>,
    uri: Zeroizing<String>,
    expires_at: String,
    is_replacement: bool,
}

/// Shows the QR code, the key, and the field for the first code.
pub(crate) async fn show(State(gateway): State<Gateway>, person: Person) -> Answered {
    let (visit, _) = enrolling(&gateway, &person).await?;
    form(&gateway, &visit, StatusCode::OK, None).await
}

/// Takes the first code.
pub(crate) async fn submit(State(gateway): State<Gateway>, posted: Posted) -> Answered {
    let (visit, _) = enrolling(&gateway, &posted.person).await?;
    match gateway
        .confirm(visit, Method::Totp, posted.text("code"))
        .await
    {
        Ok(entrance) => Ok(enter(&entrance)),
        Err(refusal) if refusal.is_elsewhere() => Err(refusal.into()),
        Err(refusal) => {
            let (visit, _) = enrolling(&gateway, &posted.person).await?;
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
    let setup = gateway.begin_app(visit).await?;
    let template = AppPage {
        frame: Frame::of(gateway, visit, "Set up your authenticator app").with(alert),
        drawn: setup.drawn,
        grouped: setup.grouped,
        key: setup.key,
        uri: setup.uri,
        expires_at: when(setup.expires_at, "UTC"),
        is_replacement: view.methods.iter().any(|it| it.method == Method::Totp),
    };
    Ok(page(status, &template))
}
