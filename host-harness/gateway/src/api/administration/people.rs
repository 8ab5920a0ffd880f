//! A company's people, and helping those who are stuck.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::CompanyId;
use crate::api::body::{Body, Named};
use crate::api::caller::Caller;
use crate::api::factors::Status;
use crate::api::problem::Answered;
use crate::api::text::Text;
use crate::api::ticket::MethodName;
use crate::gateway::Gateway;
use crate::journey::administration::{Listed, ResetRequest};

pub(super) fn routes() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new()
        .routes(routes!(readiness))
        .routes(routes!(readiness_table))
        .routes(routes!(person))
        .routes(routes!(reset))
        .routes(routes!(unlock))
        .routes(routes!(set_up_code))
}

/// The id of a person.
type UserId = Text<1, 128>;

/// How far a company's people are.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Readiness {
    totals: TotalsView,
    people: Vec<PersonView>,
    /// Whether there are more people than were looked at.
    cut: bool,
}

/// How many people. Those who are switched off count in `people` and `off`, and nowhere else.
#[derive(Serialize, ToSchema)]
#[schema(as = Totals)]
#[serde(rename_all = "kebab-case")]
struct TotalsView {
    people: usize,
    off: usize,
    enrolled: usize,
    not_enrolled: usize,
    with_app: usize,
    with_phone: usize,
    with_saved_code: usize,
    waiting: usize,
    disabled: usize,
    /// Those of whom the plugin could not say.
    unknown: usize,
}

/// How far somebody is.
#[derive(Serialize, ToSchema)]
#[schema(as = Person)]
#[serde(rename_all = "kebab-case")]
struct PersonView {
    id: String,
    name: String,
    /// `off`, `unknown`, `erased`, `disabled`, `waiting`, `enrolled` or `not-enrolled`.
    state: &'static str,
    app: bool,
    phone: bool,
    saved_code: bool,
}

/// One of a company's people.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Someone {
    id: String,
    name: String,
    email: Option<String>,
    /// Whether they may sign in.
    active: bool,
    /// Their roles in this company.
    roles: Vec<String>,
    status: Status,
}

/// What an admin states to have somebody reset.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Reset {
    /// The sign-in name of whom they mean, exactly as it is written.
    #[schema(inline)]
    name: Text<1, 128>,
    /// Whether they verified that the user asked for it.
    verified: bool,
    /// Why, for the audit trail.
    #[schema(inline)]
    reason: Text<1, 200>,
}

/// Whose wait is to end.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Unlock {
    method: MethodName,
}

/// What an admin states to get a set-up code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Vouching {
    /// Whether they verified who it is for.
    verified: bool,
}

/// A set-up code. A secret, to be handed to whom it is for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct SetUpCode {
    /// Good for a day, once.
    code: String,
}

/// Says how far a company's people are.
#[utoipa::path(get, path = "/companies/{company}/readiness", tag = "administration",
    params(("company" = inline(CompanyId), Path, description = "The company's id.")),
    responses(
        (status = 200, description = "Everybody, in the order of their ids.", body = Readiness),
        (status = 403, description = "The session has a step to do first."),
        (status = 404, description = "There is no such company, or it is somebody else's to administer."),
    ))]
async fn readiness(
    State(gateway): State<Gateway>,
    caller: Caller,
    Named(company): Named<CompanyId>,
) -> Answered<Json<Readiness>> {
    let visit = caller.inside(&gateway).await?;
    let _place = gateway.report().await?;
    let readiness = gateway.readiness(&visit, company.as_str()).await?;
    let totals = readiness.totals;
    Ok(Json(Readiness {
        totals: TotalsView {
            people: totals.people,
            off: totals.off,
            enrolled: totals.enrolled,
            not_enrolled: totals.not_enrolled,
            with_app: totals.with_app,
            with_phone: totals.with_phone,
            with_saved_code: totals.with_saved_code,
            waiting: totals.waiting,
            disabled: totals.disabled,
            unknown: totals.unknown,
        },
        people: readiness.people.into_iter().map(Into::into).collect(),
        cut: readiness.is_cut,
    }))
}

/// Says the same as a table for a spreadsheet, of everybody however many they are. No cell of it is a formula.
#[utoipa::path(get, path = "/companies/{company}/readiness.csv", tag = "administration",
    params(("company" = inline(CompanyId), Path, description = "The company's id.")),
    responses(
        (status = 200, description = "A line for everybody, in the order of their ids, below one that names the columns.",
            body = String, content_type = "text/csv"),
        (status = 403, description = "The session has a step to do first."),
        (status = 404, description = "There is no such company, or it is somebody else's to administer."),
    ))]
async fn readiness_table(
    State(gateway): State<Gateway>,
    caller: Caller,
    Named(company): Named<CompanyId>,
) -> Answered<impl IntoResponse> {
    let visit = caller.inside(&gateway).await?;
    let table = gateway.readiness_csv(&visit, company.as_str()).await?;
    Ok(([(header::CONTENT_TYPE, CSV)], table))
}

/// Shows one of a company's people; no secret.
#[utoipa::path(get, path = "/companies/{company}/people/{user}", tag = "administration",
    params(
        ("company" = inline(CompanyId), Path, description = "The company's id."),
        ("user" = inline(UserId), Path, description = "The person's id."),
    ),
    responses(
        (status = 200, description = "Who they are, and what they have.", body = Someone),
        (status = 403, description = "The session has a step to do first."),
        (status = 404, description = "There is no such company or person, or they are somebody else's to administer."),
    ))]
async fn person(
    State(gateway): State<Gateway>,
    caller: Caller,
    Named((company, user)): Named<(CompanyId, UserId)>,
) -> Answered<Json<Someone>> {
    let visit = caller.inside(&gateway).await?;
    let someone = gateway
        .person(&visit, company.as_str(), user.as_str())
        .await?;
    Ok(Json(Someone {
        id: user.as_str().to_owned(),
        name: someone.name,
        email: someone.email,
        active: someone.is_active,
        roles: someone.roles,
        status: someone.status.into(),
    }))
}

/// Removes all factors and the recovery code of somebody who lost them, and ends their sessions.
#[utoipa::path(post, path = "/companies/{company}/people/{user}/reset", tag = "administration", request_body = Reset,
    params(
        ("company" = inline(CompanyId), Path, description = "The company's id."),
        ("user" = inline(UserId), Path, description = "The person's id."),
    ),
    responses(
        (status = 204, description = "They have no factor any more."),
        (status = 403, description = "This is not permitted, and why, or the session has a step to do first."),
        (status = 404, description = "There is no such company or person, or they are somebody else's to administer."),
    ))]
async fn reset(
    State(gateway): State<Gateway>,
    caller: Caller,
    Named((company, user)): Named<(CompanyId, UserId)>,
    Body(stated): Body<Reset>,
) -> Answered<StatusCode> {
    let visit = caller.inside(&gateway).await?;
    let request = ResetRequest {
        name: stated.name.as_str().to_owned(),
        is_verified: stated.verified,
        reason: stated.reason.as_str().to_owned(),
    };
    gateway
        .reset(&visit, company.as_str(), user.as_str(), &request)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the wait of somebody's factor. What was switched off stays off.
#[utoipa::path(post, path = "/companies/{company}/people/{user}/unlock", tag = "administration", request_body = Unlock,
    params(
        ("company" = inline(CompanyId), Path, description = "The company's id."),
        ("user" = inline(UserId), Path, description = "The person's id."),
    ),
    responses(
        (status = 204, description = "It can be tried again."),
        (status = 403, description = "This is not permitted, and why, or the session has a step to do first."),
        (status = 404, description = "There is no such company or person, or they are somebody else's to administer."),
    ))]
async fn unlock(
    State(gateway): State<Gateway>,
    caller: Caller,
    Named((company, user)): Named<(CompanyId, UserId)>,
    Body(stated): Body<Unlock>,
) -> Answered<StatusCode> {
    let visit = caller.inside(&gateway).await?;
    gateway
        .unlock(
            &visit,
            company.as_str(),
            user.as_str(),
            stated.method.into(),
        )
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a set-up code: the admin's word that it is them who set up a first factor.
#[utoipa::path(post, path = "/companies/{company}/people/{user}/set-up-code", tag = "administration", request_body = Vouching,
    params(
        ("company" = inline(CompanyId), Path, description = "The company's id."),
        ("user" = inline(UserId), Path, description = "The person's id."),
    ),
    responses(
        (status = 200, description = "The code. It is shown here, and never again.", body = SetUpCode),
        (status = 403, description = "This is not permitted, and why, or the session has a step to do first."),
        (status = 404, description = "There is no such company or person, or they are somebody else's to administer."),
    ))]
async fn set_up_code(
    State(gateway): State<Gateway>,
    caller: Caller,
    Named((company, user)): Named<(CompanyId, UserId)>,
    Body(stated): Body<Vouching>,
) -> Answered<Json<SetUpCode>> {
    let visit = caller.inside(&gateway).await?;
    let code = gateway
        .set_up_code(&visit, company.as_str(), user.as_str(), stated.verified)
        .await?;
    Ok(Json(SetUpCode {
        code: code.to_string(),
    }))
}

impl From<Listed> for PersonView {
    fn from(listed: Listed) -> Self {
        let progress = listed.progress.as_ref();
        Self {
            state: listed.state(),
            app: progress.is_some_and(|it| it.has_app),
            phone: progress.is_some_and(|it| it.has_phone),
            saved_code: progress.is_some_and(|it| it.has_saved_code),
            id: listed.id,
            name: listed.name,
        }
    }
}

/// RFC 4180, section 3.
const CSV: &str = "text/csv; charset=utf-8; header=present";
