//! Setting up a factor.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use countersign_host::contract::Method;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{Body, Named};
use super::caller::Caller;
use super::problem::Answered;
use super::session::Entered;
use super::text::Text;
use super::ticket::{MethodName, Receipt};
use crate::gateway::Gateway;

pub(super) fn routes() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new()
        .routes(routes!(begin_app))
        .routes(routes!(confirm_app))
        .routes(routes!(begin_phone))
        .routes(routes!(resend))
        .routes(routes!(confirm_phone))
        .routes(routes!(cancel))
}

/// A code that confirms what was begun.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Confirmation {
    /// As it was typed: white space and hyphens do not matter.
    #[schema(inline, example = "123 456")]
    code: Text<1, 64>,
}

/// A phone.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Phone {
    /// The whole number with its country, such as `+34 600 123 456`.
    #[schema(inline, example = "+34 600 123 456")]
    phone: Text<1, 64>,
}

/// What the user takes to an authenticator app. All of it is secret, and for the user's eyes alone.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct AppSetup {
    /// The key in base 32.
    secret: String,
    /// The same in groups of four, to be typed.
    grouped_key: String,
    /// The `otpauth:` address.
    uri: String,
    /// The address as a QR code: an SVG element.
    qr_code: String,
    /// When all of it ends.
    expires_at: u64,
}

/// Begins an authenticator app, or shows again what was begun.
#[utoipa::path(post, path = "/enrollment/app", tag = "enrollment",
    responses(
        (status = 200, description = "The key.", body = AppSetup),
        (status = 403, description = "This is not permitted, and why, or the session has a step to do first."),
        (status = 409, description = "Nothing is under way in this session, or another step is."),
    ))]
async fn begin_app(State(gateway): State<Gateway>, caller: Caller) -> Answered<Json<AppSetup>> {
    let visit = caller.underway(&gateway).await?;
    let setup = gateway.begin_app(&visit).await?;
    Ok(Json(AppSetup {
        secret: setup.key.to_string(),
        grouped_key: setup.grouped.to_string(),
        uri: setup.uri.to_string(),
        qr_code: setup.drawn.to_string(),
        expires_at: setup.expires_at,
    }))
}

/// Takes the first code of the app, which makes it a factor. The user's other sessions end.
#[utoipa::path(post, path = "/enrollment/app/confirm", tag = "enrollment", request_body = Confirmation,
    responses(
        (status = 200, description = "It is a factor now.", body = Entered),
        (status = 403, description = "This is not permitted, and why, or the session has a step to do first."),
        (status = 409, description = "Nothing is under way in this session, or another step is."),
    ))]
async fn confirm_app(
    State(gateway): State<Gateway>,
    caller: Caller,
    Body(typed): Body<Confirmation>,
) -> Answered<Json<Entered>> {
    confirm(&gateway, &caller, Method::Totp, &typed).await
}

/// Begins a phone, and sends it a code.
#[utoipa::path(post, path = "/enrollment/phone", tag = "enrollment", request_body = Phone,
    responses(
        (status = 200, description = "What became of the message.", body = Receipt),
        (status = 403, description = "This is not permitted, and why, or the session has a step to do first."),
        (status = 409, description = "Nothing is under way in this session, or another step is."),
        (status = 429, description = "No more text messages until `retry-at`."),
    ))]
async fn begin_phone(
    State(gateway): State<Gateway>,
    caller: Caller,
    Body(typed): Body<Phone>,
) -> Answered<Json<Receipt>> {
    let visit = caller.underway(&gateway).await?;
    let receipt = gateway.begin_phone(&visit, typed.phone.as_str()).await?;
    Ok(Json(receipt.into()))
}

/// Sends the code of the pending phone again.
#[utoipa::path(post, path = "/enrollment/phone/resend", tag = "enrollment",
    responses(
        (status = 200, description = "What became of the message.", body = Receipt),
        (status = 403, description = "This is not permitted, and why, or the session has a step to do first."),
        (status = 409, description = "Nothing is under way in this session, or another step is."),
        (status = 422, description = "Text messages cannot be sent to this number."),
        (status = 429, description = "No more text messages until `retry-at`."),
    ))]
async fn resend(State(gateway): State<Gateway>, caller: Caller) -> Answered<Json<Receipt>> {
    let visit = caller.underway(&gateway).await?;
    Ok(Json(gateway.resend(&visit).await?.into()))
}

/// Takes the code that was sent, which makes the phone a factor. The user's other sessions end.
#[utoipa::path(post, path = "/enrollment/phone/confirm", tag = "enrollment", request_body = Confirmation,
    responses(
        (status = 200, description = "It is a factor now.", body = Entered),
        (status = 403, description = "This is not permitted, and why, or the session has a step to do first."),
        (status = 409, description = "Nothing is under way in this session, or another step is."),
    ))]
async fn confirm_phone(
    State(gateway): State<Gateway>,
    caller: Caller,
    Body(typed): Body<Confirmation>,
) -> Answered<Json<Entered>> {
    confirm(&gateway, &caller, Method::Sms, &typed).await
}

/// Discards what was begun of a method. Where nothing was, nothing changes.
#[utoipa::path(delete, path = "/enrollment/{method}", tag = "enrollment",
    params(("method" = inline(MethodName), Path, description = "The method.")),
    responses(
        (status = 204, description = "Nothing of it is pending."),
        (status = 403, description = "This is not permitted, and why, or the session has a step to do first."),
        (status = 409, description = "Nothing is under way in this session, or another step is."),
    ))]
async fn cancel(
    State(gateway): State<Gateway>,
    caller: Caller,
    Named(method): Named<MethodName>,
) -> Answered<StatusCode> {
    let visit = caller.underway(&gateway).await?;
    match gateway.cancel(&visit, method.into()).await {
        Err(refusal) if refusal.code == "not-pending" => {}
        cancelled => cancelled?,
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn confirm(
    gateway: &Gateway,
    caller: &Caller,
    method: Method,
    typed: &Confirmation,
) -> Answered<Json<Entered>> {
    let visit = caller.underway(gateway).await?;
    let entrance = gateway.confirm(visit, method, typed.code.as_str()).await?;
    Ok(Json(Entered::of(gateway, &caller.client, entrance).await?))
}
