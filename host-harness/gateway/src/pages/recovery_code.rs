//! "Save your recovery code".

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use zeroize::Zeroizing;

use super::answer::{go_to, with_cookies};
use super::person::form_cookie;
use super::{Alert, Answered, Frame, Person, Posted, go, page};
use crate::gateway::Gateway;
use crate::journey::{Step, Visit};
use crate::refusal::Refusal;
use crate::session::Token;

#[derive(Template)]
#[template(path = "recovery_code.html")]
struct CodePage {
    frame: Frame,
    code: Zeroizing<String>,
}

/// Shows the code, as often as the page is looked at until it is said to be saved.
pub(super) async fn show(State(gateway): State<Gateway>, person: Person) -> Answered {
    let visit = person.inside(&gateway).await?;
    Ok(form(&gateway, &visit, StatusCode::OK, None))
}

/// Notes that it was saved.
pub(super) async fn submit(State(gateway): State<Gateway>, posted: Posted) -> Answered {
    let mut visit = posted.person.inside(&gateway).await?;
    if visit.session.recovery.is_some() && !posted.is_ticked("saved") {
        let refusal = Refusal::field(
            "saved",
            "Save the code first, then tick the box. You will not see it again.",
        );
        let alert = Some(Alert::from(&refusal));
        return Ok(form(&gateway, &visit, refusal.status, alert));
    }
    let return_to = gateway.acknowledge(&mut visit).await?;
    // Chromium keeps pages for its Back button although they say `no-store`, and forgets those once a cookie changes that
    // scripts cannot see. This one is used by nobody who is in.
    let token = Token::draw(&*gateway.random).map_err(|_| Refusal::unavailable())?;
    let response = go_to(Step::Inside, return_to.as_deref());
    Ok(with_cookies(response, [form_cookie(&token)]))
}

/// Hands the code out as a file.
pub(super) async fn download(State(gateway): State<Gateway>, person: Person) -> Answered {
    let visit = person.inside(&gateway).await?;
    let Some(kept) = &visit.session.recovery else {
        return Ok(go("/"));
    };
    let text = format!(
        "Recovery code of {} for {}\n\n    {}\n\nIt works once, to set up two-factor authentication on a new device, after \
         you typed your password.\nKeep it where nobody else finds it, and not on your phone. We will never ask for it.\n",
        visit.user.name, gateway.config.issuer, kept.code
    );
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"recovery-code.txt\"",
        ),
    ];
    Ok((headers, text).into_response())
}

fn form(gateway: &Gateway, visit: &Visit, status: StatusCode, alert: Option<Alert>) -> Response {
    let Some(kept) = &visit.session.recovery else {
        return go("/");
    };
    let template = CodePage {
        frame: Frame::of(gateway, visit, "Save your recovery code").with(alert),
        code: Zeroizing::new(kept.code.clone()),
    };
    page(status, &template)
}
