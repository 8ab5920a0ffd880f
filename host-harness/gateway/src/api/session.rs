//! Signing in and out, and what a session is at.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{Asked, Body};
use super::caller::Caller;
use super::problem::{Answered, Problem};
use super::text::{Password, Text};
use super::ticket::Ticket;
use super::whole::Span;
use crate::client::Client;
use crate::gateway::Gateway;
use crate::journey::{Admission, Credentials, Entrance, Step, Visit};
use crate::refusal::Refusal;
use crate::session::Standing;

pub(super) fn routes() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new()
        .routes(routes!(sign_in))
        .routes(routes!(show, sign_out))
        .routes(routes!(later))
        .routes(routes!(step_up))
}

/// A name and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct SignIn {
    #[schema(inline)]
    name: Text<1, 128>,
    #[schema(inline)]
    password: Password,
    /// What this device was given when it was trusted.
    #[schema(inline)]
    device_token: Option<Text<1, 512>>,
}

/// What a step-up is for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct StepUp {
    /// What is to be done, in the words of the app.
    #[schema(inline)]
    reason: Text<1, 64>,
}

/// How young the factor has to be.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Freshness {
    /// Seconds that may have passed since a factor was shown; without it, as many as the policy says.
    max_age: Option<Span>,
}

/// A session under a new token. The one before is over.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Entered {
    /// What is sent as `Authorization: Bearer` from now on. A secret.
    token: String,
    /// What makes this device a trusted one, to be sent at later sign-ins. A secret.
    device_token: Option<String>,
    session: SessionView,
}

/// What a session is at.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct SessionView {
    user: Who,
    level: LevelName,
    step: StepName,
    opened_at: u64,
    /// When the password was typed last.
    password_at: u64,
    /// When a factor was shown.
    factor_at: Option<u64>,
    /// When it ends if it is not used before. One that is used lasts longer, up to a limit.
    expires_at: u64,
    /// How this person signed in, by RFC 8176.
    amr: Vec<String>,
    /// That enrolling will be required, until it is answered.
    nudge: Option<Notice>,
    /// What is under way.
    ticket: Option<Ticket>,
}

/// Whose session it is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Who {
    id: String,
    name: String,
    /// Whether they act for all companies.
    operator: bool,
    memberships: Vec<MembershipView>,
}

/// That somebody belongs to a company.
#[derive(Serialize, ToSchema)]
#[schema(as = Membership)]
#[serde(rename_all = "kebab-case")]
struct MembershipView {
    company: String,
    admin: bool,
    active: bool,
}

/// How far somebody has got.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum LevelName {
    /// The password was right. Nothing is reachable but what leads on.
    Pending,
    /// They are in.
    Open,
}

/// What is to be done next.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum StepName {
    /// `vouch`, before anything is set up.
    Vouch,
    /// `verify`, or `recover`.
    Verify,
    /// `enrollment`.
    Enroll,
    /// `recovery-code`: show it, and say that it was saved.
    SaveCode,
    /// `notice/later`, or set a factor up now.
    Nudge,
    /// Nothing.
    Inside,
}

/// That enrolling will be required.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Notice {
    deadline: u64,
    /// The time zone that the deadline is meant in.
    zone: String,
    days_left: u32,
}

/// Signs in with a name and a password, as far as the plugin lets it.
#[utoipa::path(post, path = "/sign-in", tag = "session", security(()), request_body = SignIn,
    responses(
        (status = 200, description = "A session, pending or open.", body = Entered),
        (status = 403, description = "Nobody signs in like this, and why."),
        (status = 429, description = "Too many wrong passwords: none is looked at until `retry-at`."),
    ))]
async fn sign_in(
    State(gateway): State<Gateway>,
    client: Client,
    Body(typed): Body<SignIn>,
) -> Answered<Json<Entered>> {
    let credentials = Credentials {
        name: typed.name.as_str().to_owned(),
        password: typed.password.0,
        return_to: None,
        device_token: typed.device_token.map(|it| it.as_str().to_owned()),
    };
    let entrance = gateway.sign_in(credentials, client.clone()).await?;
    Ok(Json(Entered::of(&gateway, &client, entrance).await?))
}

/// Says what the session is at. With `max-age` it is a problem, `fresh-factor`, if the factor is older.
#[utoipa::path(get, path = "/session", tag = "session", params(
        ("max-age" = inline(Option<Span>), Query, nullable = false, description = "Seconds that may have passed since a factor was shown; without it, as many as the policy says.")),
    responses(
        (status = 200, description = "The session.", body = SessionView),
        (status = 403, description = "The session has a step to do first."),
    ))]
async fn show(
    State(gateway): State<Gateway>,
    caller: Caller,
    Asked(asked): Asked<Freshness>,
) -> Answered<Json<SessionView>> {
    let visit = caller.visit(&gateway).await?;
    if !visit.is_open() {
        return Ok(Json(SessionView::of(&gateway, &visit).await?));
    }
    let visit = caller.inside(&gateway).await?;
    let max_age = asked.max_age.and_then(|it| u32::try_from(it.get()).ok());
    if let Some(max_age) = max_age
        && !matches!(
            gateway.admit(&visit, Some(max_age)).await?,
            Admission::Until(_)
        )
    {
        return Err(Problem::too_old(max_age));
    }
    Ok(Json(SessionView::of(&gateway, &visit).await?))
}

/// Ends the session.
#[utoipa::path(delete, path = "/session", tag = "session",
    responses((status = 204, description = "It is over.")))]
async fn sign_out(State(gateway): State<Gateway>, caller: Caller) -> Answered<StatusCode> {
    let visit = caller.visit(&gateway).await?;
    gateway.sign_out(&visit.token).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Answers the nudge: later.
#[utoipa::path(post, path = "/notice/later", tag = "session",
    responses(
        (status = 200, description = "The session, without the nudge.", body = SessionView),
        (status = 403, description = "The session has a step to do first."),
    ))]
async fn later(State(gateway): State<Gateway>, caller: Caller) -> Answered<Json<SessionView>> {
    let mut visit = caller.inside(&gateway).await?;
    gateway.later(&mut visit).await?;
    Ok(Json(SessionView::of(&gateway, &visit).await?))
}

/// Begins a step-up: a factor is asked for anew, at `verify`, whatever was shown before.
#[utoipa::path(post, path = "/step-up", tag = "session", request_body = StepUp,
    responses(
        (status = 200, description = "The session, with what is under way; none if no factor is asked for.", body = SessionView),
        (status = 403, description = "Nobody is let in like this, or the session has a step to do first."),
    ))]
async fn step_up(
    State(gateway): State<Gateway>,
    caller: Caller,
    Body(asked): Body<StepUp>,
) -> Answered<Json<SessionView>> {
    let mut visit = caller.inside(&gateway).await?;
    gateway
        .step_up(&mut visit, asked.reason.as_str(), None)
        .await?;
    Ok(Json(SessionView::of(&gateway, &visit).await?))
}

impl Entered {
    /// Shows a session that was opened or changed its level.
    pub(super) async fn of(
        gateway: &Gateway,
        client: &Client,
        entrance: Entrance,
    ) -> Result<Self, Problem> {
        let visit = gateway
            .visit(entrance.token.clone(), client.clone())
            .await?
            .ok_or_else(|| Refusal::sign_in_again("This session was ended elsewhere. Sign in."))?;
        Ok(Self {
            token: entrance.token.reveal().to_owned(),
            device_token: entrance.device_token,
            session: SessionView::of(gateway, &visit).await?,
        })
    }

    pub(super) fn step(&self) -> StepName {
        self.session.step
    }
}

impl SessionView {
    pub(super) async fn of(gateway: &Gateway, visit: &Visit) -> Result<Self, Problem> {
        let step = gateway.step(visit).await?;
        let ticket = match visit.session.held {
            None => None,
            Some(_) => match gateway.view(visit).await {
                Ok(view) => Some(view.into()),
                // A change that took too long is over; the session it was begun in is not.
                Err(refusal) if refusal.is_over() && visit.is_open() => None,
                Err(refusal) => return Err(refusal.into()),
            },
        };
        let (session, user) = (&visit.session, &visit.user);
        Ok(Self {
            user: Who {
                id: user.id.clone(),
                name: user.name.clone(),
                operator: user.is_operator,
                memberships: user.memberships.iter().map(Into::into).collect(),
            },
            level: match session.level {
                Standing::Pending => LevelName::Pending,
                Standing::Open => LevelName::Open,
            },
            step: step.into(),
            opened_at: session.opened_at,
            password_at: session.password_at,
            factor_at: session.factor_at,
            expires_at: gateway.ends_at(session, visit.now),
            amr: session.amr.clone(),
            nudge: session.nudge.as_ref().map(|it| Notice {
                deadline: it.deadline,
                zone: it.zone.clone(),
                days_left: it.days_left,
            }),
            ticket,
        })
    }
}

impl From<&crate::directory::Member> for MembershipView {
    fn from(member: &crate::directory::Member) -> Self {
        Self {
            company: member.company.clone(),
            admin: member.is_admin,
            active: member.is_active,
        }
    }
}

impl From<Step> for StepName {
    fn from(step: Step) -> Self {
        match step {
            Step::Vouch => Self::Vouch,
            Step::Verify => Self::Verify,
            Step::Enroll => Self::Enroll,
            Step::SaveCode => Self::SaveCode,
            Step::Nudge => Self::Nudge,
            Step::Inside => Self::Inside,
        }
    }
}
