//! Showing a factor, a recovery code or a set-up code.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::Body;
use super::caller::Caller;
use super::problem::{Answered, Problem};
use super::session::Entered;
use super::text::{Password, Text};
use super::ticket::{MethodName, Receipt};
use crate::gateway::Gateway;
use crate::journey::{Step, Visit};
use crate::refusal::Refusal;

pub(super) fn routes() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new()
        .routes(routes!(verify))
        .routes(routes!(send))
        .routes(routes!(recover))
        .routes(routes!(vouch))
        .routes(routes!(mail))
}

/// A code of a confirmed factor.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Verification {
    method: MethodName,
    /// As it was typed: white space and hyphens do not matter.
    #[schema(inline, example = "123 456")]
    code: Text<1, 64>,
    /// Whether this device is to be trusted, if the policy lets it.
    #[serde(default)]
    remember: bool,
}

/// A recovery code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Recovery {
    #[schema(inline)]
    code: Text<1, 128>,
}

/// A set-up code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Voucher {
    #[schema(inline)]
    code: Text<1, 64>,
    /// Needed where it was typed more than some minutes ago.
    #[schema(inline)]
    password: Option<Password>,
}

/// Shows a factor. A right code changes the session's level, or completes the step-up, and so its token.
#[utoipa::path(post, path = "/verify", tag = "verification", request_body = Verification,
    responses(
        (status = 200, description = "The code was right.", body = Entered),
        (status = 403, description = "This is not permitted, and why, or the session has a step to do first."),
        (status = 409, description = "Nothing is under way in this session, or another step is."),
        (status = 429, description = "Too many tries: nothing is looked at until `retry-at`."),
    ))]
async fn verify(
    State(gateway): State<Gateway>,
    caller: Caller,
    Body(typed): Body<Verification>,
) -> Answered<Json<Entered>> {
    let visit = caller.underway(&gateway).await?;
    let entrance = gateway
        .verify(
            visit,
            typed.method.into(),
            typed.code.as_str(),
            typed.remember,
        )
        .await?;
    Ok(Json(Entered::of(&gateway, &caller.client, entrance).await?))
}

/// Sends a code to the user's phone, or sends it again. `state` says what became of it.
#[utoipa::path(post, path = "/verify/send", tag = "verification",
    responses(
        (status = 200, description = "What became of the message.", body = Receipt),
        (status = 403, description = "This is not permitted, and why, or the session has a step to do first."),
        (status = 409, description = "Nothing is under way in this session, or another step is."),
        (status = 422, description = "Text messages cannot be sent to this number."),
        (status = 429, description = "No more text messages until `retry-at`."),
    ))]
async fn send(State(gateway): State<Gateway>, caller: Caller) -> Answered<Json<Receipt>> {
    let visit = caller.underway(&gateway).await?;
    Ok(Json(gateway.send_code(&visit).await?.into()))
}

/// Presents a recovery code in place of a lost device. A new factor is to be set up then; nobody is let in.
#[utoipa::path(post, path = "/recover", tag = "verification", request_body = Recovery,
    responses(
        (status = 200, description = "The code was right, and is spent.", body = Entered),
        (status = 403, description = "This is not permitted, and why, or the session has a step to do first."),
        (status = 409, description = "Nothing is under way in this session, or another step is."),
    ))]
async fn recover(
    State(gateway): State<Gateway>,
    caller: Caller,
    Body(typed): Body<Recovery>,
) -> Answered<Json<Entered>> {
    let visit = caller.underway(&gateway).await?;
    let entrance = gateway.present(visit, typed.code.as_str()).await?;
    Ok(Json(Entered::of(&gateway, &caller.client, entrance).await?))
}

/// Takes a set-up code, of an admin or from the user's mailbox, where the policy wants one before a first factor.
#[utoipa::path(post, path = "/vouch", tag = "verification", request_body = Voucher,
    responses(
        (status = 200, description = "The code was right, and is spent.", body = Entered),
        (status = 403, description = "Setting up a factor is not permitted, and why."),
        (status = 409, description = "This session does not wait for a set-up code."),
        (status = 429, description = "Too many tries: nothing is looked at until `retry-at`."),
    ))]
async fn vouch(
    State(gateway): State<Gateway>,
    caller: Caller,
    Body(typed): Body<Voucher>,
) -> Answered<Json<Entered>> {
    let visit = waiting(&gateway, &caller).await?;
    let password = typed.password.as_ref().map(|it| it.0.as_str());
    let entrance = gateway.vouch(visit, typed.code.as_str(), password).await?;
    Ok(Json(Entered::of(&gateway, &caller.client, entrance).await?))
}

/// Mails a set-up code to the user's mailbox.
#[utoipa::path(post, path = "/vouch/send", tag = "verification",
    responses(
        (status = 204, description = "It is on its way."),
        (status = 409, description = "This session does not wait for a set-up code."),
        (status = 422, description = "No mailbox of the user is known."),
        (status = 429, description = "No more mails until `retry-at`."),
    ))]
async fn mail(State(gateway): State<Gateway>, caller: Caller) -> Answered<StatusCode> {
    let visit = waiting(&gateway, &caller).await?;
    gateway.mail_voucher(&visit).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Returns the session of whoever waits to be vouched for.
async fn waiting(gateway: &Gateway, caller: &Caller) -> Result<Visit, Problem> {
    let visit = caller.visit(gateway).await?;
    match gateway.step(&visit).await? {
        Step::Vouch => Ok(visit),
        _ => Err(Refusal::new(
            StatusCode::CONFLICT,
            "wrong-stage",
            "This session does not wait for a set-up code.",
        )
        .into()),
    }
}
