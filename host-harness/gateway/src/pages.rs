//! Pages, rendered here: they need no script, and show nothing that comes from elsewhere.

mod admin;
mod answer;
mod assets;
mod enroll;
mod frame;
mod home;
mod outbox;
mod person;
mod posted;
mod profile;
mod recover;
mod recovery_code;
mod sign_in;
mod verify;
mod vouch;

use axum::Router;
use axum::routing::{get, post};

pub(crate) use self::answer::{Answer, Answered, go, missing, page};
pub(crate) use self::frame::{Alert, Frame, when};
pub(crate) use self::home::show as home;
pub(crate) use self::person::Person;
pub(crate) use self::posted::Posted;
use crate::gateway::Gateway;

/// Routes of all pages, below [`PREFIX`].
pub(crate) fn router() -> Router<Gateway> {
    Router::new()
        .merge(admin::router())
        .route("/", get(home::show))
        .route("/sign-in", get(sign_in::show).post(sign_in::submit))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/verify", get(verify::show).post(verify::submit))
        .route("/verify/send", post(verify::send))
        .route("/recover", get(recover::show).post(recover::submit))
        .route("/vouch", get(vouch::show).post(vouch::submit))
        .route("/vouch/send", post(vouch::send))
        .route("/notice", get(home::nudge).post(home::later))
        .route("/enroll", get(enroll::show))
        .route(
            "/enroll/app",
            get(enroll::app::show).post(enroll::app::submit),
        )
        .route(
            "/enroll/phone",
            get(enroll::phone::show).post(enroll::phone::begin),
        )
        .route(
            "/enroll/phone/code",
            get(enroll::phone::awaited).post(enroll::phone::submit),
        )
        .route("/enroll/phone/send", post(enroll::phone::send))
        .route("/enroll/cancel", post(enroll::cancel))
        .route(
            "/recovery-code",
            get(recovery_code::show).post(recovery_code::submit),
        )
        .route("/recovery-code.txt", get(recovery_code::download))
        .route("/outbox", get(outbox::show))
        .merge(profile::router())
        .route("/static/{name}", get(assets::show))
}

/// What the path of every page and route begins with, so that one rule in a web server puts the gateway beside an app.
pub(crate) const PREFIX: &str = "/countersign";
