//! "That wasn't me": what to do when a mail tells of something that one did not do.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;

use crate::gateway::Gateway;
use crate::pages::answer::with_cookies;
use crate::pages::person::no_sessions;
use crate::pages::{Answered, Frame, Person, Posted, go, page};

#[derive(Template)]
#[template(path = "not_me.html")]
struct NotMePage {
    frame: Frame,
}

/// Says what to do. Anybody may read it, and it does nothing by itself: programs open the links of mails too.
pub(crate) async fn show(State(gateway): State<Gateway>, person: Person) -> Answered {
    let frame = Frame::of_anybody(&gateway, &person, "That wasn't me").await?;
    Ok(page(StatusCode::OK, &NotMePage { frame }))
}

/// Ends all sessions, and forgets all trusted devices.
pub(crate) async fn sign_out(State(gateway): State<Gateway>, posted: Posted) -> Answered {
    let visit = posted.person.inside(&gateway).await?;
    gateway.sign_out_everywhere(&visit).await?;
    Ok(with_cookies(go("/sign-in?why=everywhere"), no_sessions()))
}
