//! One's own factors, recovery code and password.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use countersign_host::contract::administration::{FactorStatus, UserStatus};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{Body, Named};
use super::caller::Caller;
use super::problem::{Answered, Problem};
use super::session::{Entered, SessionView};
use super::text::Password;
use super::ticket::{MethodName, State as FactorState};
use crate::gateway::Gateway;
use crate::refusal::Refusal;
use crate::session::Kept;

pub(super) fn routes() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new()
        .routes(routes!(manage))
        .routes(routes!(status))
        .routes(routes!(prefer))
        .routes(routes!(remove))
        .routes(routes!(show_code, acknowledge))
        .routes(routes!(issue_code))
        .routes(routes!(change_password))
}

/// The password, typed now.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Retyped {
    #[schema(inline)]
    password: Password,
}

/// A method to be asked for first.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Preference {
    method: MethodName,
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct PasswordChange {
    /// The one so far.
    #[schema(inline)]
    password: Password,
    /// The one to be.
    #[schema(inline)]
    new_password: Password,
}

/// A recovery code on its way to its owner. A secret, for the user's eyes alone.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct RecoveryCode {
    /// It is shown until it is said to be saved, and never again.
    code: String,
}

/// What somebody has.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Status {
    /// Whether there was ever a factor.
    ever_enrolled: bool,
    factors: Vec<Factor>,
    recovery: Option<RecoveryStatus>,
    devices: Vec<Device>,
    /// Whether the password must be changed before anything else.
    change_first_factor: bool,
}

/// A confirmed factor.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Factor {
    method: MethodName,
    /// No secret. A replaced factor has another one.
    factor_id: String,
    /// The number, masked.
    hint: Option<String>,
    confirmed_at: u64,
    /// When a code of it was last accepted.
    used_at: Option<u64>,
    state: FactorState,
    /// Whether it is asked for first.
    preferred: bool,
}

/// A recovery code that was given.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct RecoveryStatus {
    issued_at: u64,
    /// Whether the user said to have saved it.
    acknowledged: bool,
}

/// A trusted device.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Device {
    trusted_at: u64,
    expires_at: u64,
}

/// Begins a change of factors on the password. Where there is a factor, it is to be shown first, at `verify`.
#[utoipa::path(post, path = "/manage", tag = "factors", request_body = Retyped,
    responses(
        (status = 200, description = "The session, with the change under way.", body = SessionView),
        (status = 403, description = "Nobody is let in like this, or the session has a step to do first."),
        (status = 429, description = "Too many wrong passwords: none is looked at until `retry-at`."),
    ))]
async fn manage(
    State(gateway): State<Gateway>,
    caller: Caller,
    Body(typed): Body<Retyped>,
) -> Answered<Json<SessionView>> {
    let mut visit = caller.inside(&gateway).await?;
    gateway
        .begin_managing(&mut visit, &typed.password.0)
        .await?;
    Ok(Json(SessionView::of(&gateway, &visit).await?))
}

/// Shows one's own factors, recovery code and trusted devices; no secret.
#[utoipa::path(get, path = "/status", tag = "factors",
    responses(
        (status = 200, description = "What there is.", body = Status),
        (status = 403, description = "The session has a step to do first."),
    ))]
async fn status(State(gateway): State<Gateway>, caller: Caller) -> Answered<Json<Status>> {
    let visit = caller.inside(&gateway).await?;
    Ok(Json(gateway.own_status(&visit).await?.into()))
}

/// Makes a factor the one to be asked for first.
#[utoipa::path(put, path = "/factors/preferred", tag = "factors", request_body = Preference,
    responses(
        (status = 204, description = "It is."),
        (status = 403, description = "This is not permitted, and why, or the session has a step to do first."),
        (status = 409, description = "Nothing is under way in this session, or another step is."),
    ))]
async fn prefer(
    State(gateway): State<Gateway>,
    caller: Caller,
    Body(preference): Body<Preference>,
) -> Answered<StatusCode> {
    let visit = caller.underway(&gateway).await?;
    gateway.prefer(&visit, preference.method.into()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a factor, where the policy lets it. The user's other sessions end.
#[utoipa::path(delete, path = "/factors/{method}", tag = "factors",
    params(("method" = inline(MethodName), Path, description = "The method.")),
    responses(
        (status = 200, description = "It is gone.", body = Entered),
        (status = 403, description = "This is not permitted, and why, or the session has a step to do first."),
        (status = 409, description = "Nothing is under way in this session, or another step is."),
    ))]
async fn remove(
    State(gateway): State<Gateway>,
    caller: Caller,
    Named(method): Named<MethodName>,
) -> Answered<Json<Entered>> {
    let visit = caller.underway(&gateway).await?;
    let entrance = gateway.remove(visit, method.into()).await?;
    Ok(Json(Entered::of(&gateway, &caller.client, entrance).await?))
}

/// Shows the recovery code that was given, as often as it is asked for until it is said to be saved.
#[utoipa::path(get, path = "/recovery-code", tag = "factors",
    responses(
        (status = 200, description = "The code.", body = RecoveryCode),
        (status = 403, description = "The session has a step to do first."),
        (status = 404, description = "There is no recovery code to be shown."),
    ))]
async fn show_code(State(gateway): State<Gateway>, caller: Caller) -> Answered<Json<RecoveryCode>> {
    let visit = caller.inside(&gateway).await?;
    RecoveryCode::of(visit.session.recovery.as_ref())
}

/// Says that the recovery code was saved. It is not shown again.
#[utoipa::path(post, path = "/recovery-code", tag = "factors",
    responses(
        (status = 204, description = "It is noted."),
        (status = 403, description = "The session has a step to do first."),
    ))]
async fn acknowledge(State(gateway): State<Gateway>, caller: Caller) -> Answered<StatusCode> {
    let mut visit = caller.inside(&gateway).await?;
    gateway.acknowledge(&mut visit).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a new recovery code, which ends the one before.
#[utoipa::path(post, path = "/recovery-code/new", tag = "factors",
    responses(
        (status = 200, description = "The code.", body = RecoveryCode),
        (status = 403, description = "This is not permitted, and why, or the session has a step to do first."),
        (status = 409, description = "Nothing is under way in this session, or another step is."),
    ))]
async fn issue_code(
    State(gateway): State<Gateway>,
    caller: Caller,
) -> Answered<Json<RecoveryCode>> {
    let mut visit = caller.underway(&gateway).await?;
    gateway.issue_code(&mut visit).await?;
    RecoveryCode::of(visit.session.recovery.as_ref())
}

/// Changes the password. All other sessions of the user end, and what was under way.
#[utoipa::path(put, path = "/password", tag = "factors", request_body = PasswordChange,
    responses(
        (status = 200, description = "It is changed.", body = Entered),
        (status = 403, description = "The session has a step to do first."),
        (status = 429, description = "Too many wrong passwords: none is looked at until `retry-at`."),
    ))]
async fn change_password(
    State(gateway): State<Gateway>,
    caller: Caller,
    Body(typed): Body<PasswordChange>,
) -> Answered<Json<Entered>> {
    let visit = caller.inside(&gateway).await?;
    let entrance = gateway
        .change_password(visit, &typed.password.0, &typed.new_password.0)
        .await?;
    Ok(Json(Entered::of(&gateway, &caller.client, entrance).await?))
}

impl RecoveryCode {
    fn of(kept: Option<&Kept>) -> Answered<Json<Self>> {
        let Some(kept) = kept else {
            return Err(Problem::from(Refusal::new(
                StatusCode::NOT_FOUND,
                "nothing-to-show",
                "There is no recovery code to be shown: none was given in this session, or it was said to be saved.",
            )));
        };
        Ok(Json(Self {
            code: kept.code.clone(),
        }))
    }
}

impl From<UserStatus> for Status {
    fn from(status: UserStatus) -> Self {
        Self {
            ever_enrolled: status.ever_enrolled,
            factors: status.factors.into_iter().map(Into::into).collect(),
            recovery: status.recovery.map(|it| RecoveryStatus {
                issued_at: it.issued_at,
                acknowledged: it.acknowledged,
            }),
            devices: status
                .devices
                .into_iter()
                .map(|it| Device {
                    trusted_at: it.trusted_at,
                    expires_at: it.expires_at,
                })
                .collect(),
            change_first_factor: status.change_first_factor,
        }
    }
}

impl From<FactorStatus> for Factor {
    fn from(factor: FactorStatus) -> Self {
        Self {
            method: factor.method.into(),
            factor_id: factor.factor_id,
            hint: factor.hint,
            confirmed_at: factor.confirmed_at,
            used_at: factor.used_at,
            state: factor.state.into(),
            preferred: factor.preferred,
        }
    }
}
