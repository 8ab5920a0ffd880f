//! "My profile settings": one's own second factor and password.

pub(super) mod change;
pub(super) mod not_me;
pub(super) mod password;
pub(super) mod security;

use axum::Router;
use axum::routing::{get, post};
use countersign_host::contract::Method;

use crate::gateway::Gateway;
use crate::session::Wish;

/// Routes of the profile.
pub(super) fn router() -> Router<Gateway> {
    Router::new()
        .route("/profile/security", get(security::show))
        .route("/profile/security/change", post(change::begin))
        .route("/profile/security/leave", post(change::leave))
        .route(
            "/profile/security/password",
            get(password::show).post(password::submit),
        )
        .route(
            "/profile/security/remove",
            get(change::removal).post(change::remove),
        )
        .route(
            "/profile/security/prefer",
            get(change::preference).post(change::prefer),
        )
        .route(
            "/profile/security/recovery-code",
            get(change::renewal).post(change::renew),
        )
        .route("/profile/security/devices", post(security::forget_devices))
        .route(
            "/profile/password",
            get(password::change).post(password::replace),
        )
        .route("/not-me", get(not_me::show))
        .route("/not-me/sign-out", post(not_me::sign_out))
}

impl Wish {
    /// Reads the word for one.
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "app" => Self::App,
            "phone" => Self::Phone,
            "remove-app" => Self::RemoveApp,
            "remove-phone" => Self::RemovePhone,
            "prefer-app" => Self::PreferApp,
            "prefer-phone" => Self::PreferPhone,
            "new-code" => Self::NewCode,
            _ => return None,
        })
    }

    /// Returns the page where it comes true.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::App => "/enroll/app",
            Self::Phone => "/enroll/phone",
            Self::RemoveApp => "/profile/security/remove?method=totp",
            Self::RemovePhone => "/profile/security/remove?method=sms",
            Self::PreferApp => "/profile/security/prefer?method=totp",
            Self::PreferPhone => "/profile/security/prefer?method=sms",
            Self::NewCode => "/profile/security/recovery-code",
        }
    }
}

/// Returns what people call a method.
fn called(method: Method) -> &'static str {
    match method {
        Method::Totp => "authenticator app",
        Method::Sms => "phone number",
    }
}
