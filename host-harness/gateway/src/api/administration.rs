//! What a company's admins do, and operators for all companies.

mod people;
mod policy;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::policy::PolicyView;
use super::body::{Asked, Body, Named};
use super::caller::Caller;
use super::problem::{Answered, Problem};
use super::text::Text;
use super::whole::{Instant, Ordinal};
use crate::gateway::Gateway;
use crate::journey::administration::{AuditQuery, Lot, policy_field};
use crate::refusal::Refusal;

pub(super) fn routes() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new()
        .routes(routes!(companies))
        .routes(routes!(show_policy, put_policy))
        .routes(routes!(preview))
        .routes(routes!(audit))
        .merge(people::routes())
}

/// The id of a company; `*` for all that have no settings of their own.
pub(super) type CompanyId = Text<1, 128>;

/// A company.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Company {
    /// `*` stands for all companies without settings of their own.
    id: String,
    name: String,
}

/// The policy that holds for a company.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Governing {
    policy: PolicyView,
    /// The revision of the company's own policy; none while it falls to the default one.
    revision: Option<u64>,
}

/// A policy to be.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "policy": policy::example(), "expected": 1, "enforce-now": false }))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct PolicyChange {
    policy: PolicyView,
    /// The revision that was shown; none where the company has no policy of its own.
    #[schema(inline)]
    expected: Option<Ordinal>,
    /// Lets a deadline be now, or past.
    #[serde(default)]
    enforce_now: bool,
}

/// A policy that was stored.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Revision {
    revision: u64,
}

/// What is supposed.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "policy": policy::example(), "at": 4_102_444_800_u64 }))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Supposed {
    /// When, in seconds since 1970.
    #[schema(inline)]
    at: Instant,
    /// The policy that it would have; the one that holds, if none is given.
    policy: Option<PolicyView>,
}

/// What would become of a company's people.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Forecast {
    at: u64,
    /// Everybody who may sign in at all.
    people: Vec<Foreseen>,
    /// Whether there are more people than were looked at.
    cut: bool,
}

/// What would become of somebody who signs in with their password.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Foreseen {
    id: String,
    name: String,
    lot: LotName,
}

/// What would become of somebody.
#[derive(Serialize, ToSchema)]
#[schema(as = Lot)]
#[serde(rename_all = "kebab-case")]
enum LotName {
    LetIn,
    /// Let in, and asked to enroll early.
    Nudged,
    Challenged,
    /// Enrolling would be all that they can reach.
    MadeToEnroll,
    Denied,
    /// The plugin could not say.
    Unknown,
}

/// Which events are asked for.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sought {
    before: Option<Ordinal>,
    user: Option<Text<1, 128>>,
    event: Option<Text<1, 64>>,
}

/// Some events, the newest first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Trail {
    events: Vec<Noted>,
    /// Where to go on; none if these are the oldest.
    before: Option<u64>,
}

/// An event.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Noted {
    /// Where it stands in the trail.
    position: u64,
    /// The event, as the audit trail has it: its `at`, `event`, `user`, `actor` and what else belongs to its kind.
    #[schema(value_type = Object)]
    event: serde_json::Value,
}

/// Lists the companies that one administers.
#[utoipa::path(get, path = "/companies", tag = "administration",
    responses(
        (status = 200, description = "The companies, by name.", body = Vec<Company>),
        (status = 403, description = "The session has a step to do first."),
    ))]
async fn companies(State(gateway): State<Gateway>, caller: Caller) -> Answered<Json<Vec<Company>>> {
    let visit = caller.inside(&gateway).await?;
    let companies = gateway.administered(&visit).await?;
    let each = companies.into_iter().map(|it| Company {
        id: it.id,
        name: it.name,
    });
    Ok(Json(each.collect()))
}

/// Shows the policy that holds for a company.
#[utoipa::path(get, path = "/companies/{company}/policy", tag = "administration",
    params(("company" = inline(CompanyId), Path, description = "The company's id.")),
    responses(
        (status = 200, description = "The policy.", body = Governing),
        (status = 403, description = "The session has a step to do first."),
        (status = 404, description = "There is no such company, or it is somebody else's to administer."),
    ))]
async fn show_policy(
    State(gateway): State<Gateway>,
    caller: Caller,
    Named(company): Named<CompanyId>,
) -> Answered<Json<Governing>> {
    let visit = caller.inside(&gateway).await?;
    let governing = gateway.policy(&visit, company.as_str()).await?;
    Ok(Json(Governing {
        policy: governing.policy.into(),
        revision: governing.revision,
    }))
}

/// Replaces a company's policy. Whoever has a factor must have shown it within a quarter of an hour.
#[utoipa::path(put, path = "/companies/{company}/policy", tag = "administration", request_body = PolicyChange,
    params(("company" = inline(CompanyId), Path, description = "The company's id.")),
    responses(
        (status = 200, description = "It holds from now on.", body = Revision),
        (status = 403, description = "The session has a step to do first."),
        (status = 404, description = "There is no such company, or it is somebody else's to administer."),
        (status = 409, description = "The policy is at another revision: somebody else changed it."),
    ))]
async fn put_policy(
    State(gateway): State<Gateway>,
    caller: Caller,
    Named(company): Named<CompanyId>,
    Body(change): Body<PolicyChange>,
) -> Answered<Json<Revision>> {
    let visit = caller.inside(&gateway).await?;
    let policy = change.policy.into();
    let revision = gateway
        .put_policy(
            &visit,
            company.as_str(),
            &policy,
            change.expected.map(Ordinal::get),
            change.enforce_now,
        )
        .await
        .map_err(at_policy)?;
    Ok(Json(Revision { revision }))
}

/// Says what would become of a company's people at a time, if its policy were another one. Changes nothing.
#[utoipa::path(post, path = "/companies/{company}/preview", tag = "administration", request_body = Supposed,
    params(("company" = inline(CompanyId), Path, description = "The company's id.")),
    responses(
        (status = 200, description = "What would become of whom.", body = Forecast),
        (status = 403, description = "The session has a step to do first."),
        (status = 404, description = "There is no such company, or it is somebody else's to administer."),
    ))]
async fn preview(
    State(gateway): State<Gateway>,
    caller: Caller,
    Named(company): Named<CompanyId>,
    Body(supposed): Body<Supposed>,
) -> Answered<Json<Forecast>> {
    let visit = caller.inside(&gateway).await?;
    let policy = supposed.policy.map(Into::into);
    let _place = gateway.report().await?;
    let forecast = gateway
        .company_preview(&visit, company.as_str(), policy.as_ref(), supposed.at.get())
        .await
        .map_err(at_policy)?;
    let people = forecast.people.into_iter().map(|it| Foreseen {
        id: it.id,
        name: it.name,
        lot: it.lot.into(),
    });
    Ok(Json(Forecast {
        at: supposed.at.get(),
        people: people.collect(),
        cut: forecast.is_cut,
    }))
}

/// Shows what happened in a company, the newest first.
#[utoipa::path(get, path = "/companies/{company}/audit", tag = "administration",
    params(
        ("company" = inline(CompanyId), Path, description = "The company's id."),
        ("before" = inline(Option<Ordinal>), Query, nullable = false, description = "Only events at positions before this one."),
        ("user" = inline(Option<Text<1, 128>>), Query, nullable = false, description = "Only events about this person, by id."),
        ("event" = inline(Option<Text<1, 64>>), Query, nullable = false, description = "Only events of this name, such as `reset`."),
    ),
    responses(
        (status = 200, description = "At most 50 events.", body = Trail),
        (status = 403, description = "The session has a step to do first."),
        (status = 404, description = "There is no such company, or it is somebody else's to administer."),
    ))]
async fn audit(
    State(gateway): State<Gateway>,
    caller: Caller,
    Named(company): Named<CompanyId>,
    Asked(sought): Asked<Sought>,
) -> Answered<Json<Trail>> {
    let visit = caller.inside(&gateway).await?;
    let query = AuditQuery {
        before: sought.before.map(Ordinal::get),
        user: sought.user.map(|it| it.as_str().to_owned()),
        event: sought.event.map(|it| it.as_str().to_owned()),
    };
    let page = gateway
        .audit_trail(&visit, company.as_str(), &query)
        .await?;
    let events = page.events.iter().map(|it| Noted {
        position: it.position,
        event: it.event.to_json(),
    });
    Ok(Json(Trail {
        events: events.collect(),
        before: page.before,
    }))
}

/// Has a refusal of a policy name its field where it stands in a request, in place of the form's.
fn at_policy(refusal: Refusal) -> Problem {
    let field = refusal.field.and_then(policy_field);
    let problem = Problem::from(refusal);
    match field {
        Some(field) => problem.at(field),
        None => problem,
    }
}

impl From<Lot> for LotName {
    fn from(lot: Lot) -> Self {
        match lot {
            Lot::LetIn => Self::LetIn,
            Lot::Nudged => Self::Nudged,
            Lot::Challenged => Self::Challenged,
            Lot::MadeToEnroll => Self::MadeToEnroll,
            Lot::Denied => Self::Denied,
            Lot::Unknown => Self::Unknown,
        }
    }
}
