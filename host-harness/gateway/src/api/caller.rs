//! Whoever sent a request, by the token that came with it.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use super::problem::Problem;
use super::session::{Entered, StepName};
use crate::client::Client;
use crate::gateway::Gateway;
use crate::journey::{Admission, Visit};
use crate::refusal::Refusal;
use crate::session::Token;

/// Whoever sent a request to the API.
///
/// # Security
///
/// Cookies are not looked at, so that no page of another site can have a browser speak for its user here.
pub(super) struct Caller {
    pub(super) token: Token,
    pub(super) client: Client,
}

impl Caller {
    /// Returns the session, however far it got.
    pub(super) async fn visit(&self, gateway: &Gateway) -> Result<Visit, Problem> {
        let visit = gateway
            .visit(self.token.clone(), self.client.clone())
            .await?;
        visit.ok_or_else(|| over().into())
    }

    /// Returns the session of somebody who was let in, and who is still: the plugin is asked. A session that the plugin
    /// wants a factor of is led back to that step, under a new token, which the problem carries.
    pub(super) async fn inside(&self, gateway: &Gateway) -> Result<Visit, Problem> {
        let visit = self.visit(gateway).await?;
        if !visit.is_open() {
            let step = gateway.step(&visit).await?;
            return Err(Problem::step_first(StepName::from(step)));
        }
        match gateway.admit(&visit, None).await? {
            Admission::Until(_) => Ok(visit),
            Admission::Resume => Err(self.led_back(gateway, visit).await),
            Admission::Over => {
                gateway.sign_out(&visit.token).await?;
                Err(over().into())
            }
        }
    }

    /// Returns a session that has a ticket: on the way in, or in the middle of a change or step-up. An open one is asked
    /// about, as for anything else.
    pub(super) async fn underway(&self, gateway: &Gateway) -> Result<Visit, Problem> {
        let visit = self.visit(gateway).await?;
        let visit = match visit.is_open() {
            true => self.inside(gateway).await?,
            false => visit,
        };
        if visit.session.held.is_some() {
            return Ok(visit);
        }
        match visit.is_open() {
            true => Err(Refusal::new(
                axum::http::StatusCode::CONFLICT,
                "nothing-under-way",
                "Nothing is under way in this session. Begin a change of factors or a step-up first.",
            )
            .into()),
            false => {
                let step = gateway.step(&visit).await?;
                Err(Problem::step_first(StepName::from(step)))
            }
        }
    }

    async fn led_back(&self, gateway: &Gateway, visit: Visit) -> Problem {
        let entered = match gateway.resume(visit).await {
            Ok(entrance) => Entered::of(gateway, &self.client, entrance).await,
            Err(refusal) if refusal.code == "first-factor-too-old" => {
                match gateway.sign_out(&self.token).await {
                    Ok(()) => Err(over().into()),
                    Err(refusal) => Err(refusal.into()),
                }
            }
            Err(refusal) => Err(refusal.into()),
        };
        entered.map_or_else(|problem| problem, Problem::led_back)
    }
}

impl FromRequestParts<Gateway> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Problem> {
        let mut sent = parts.headers.get_all(header::AUTHORIZATION).iter();
        let sent = match (sent.next(), sent.next()) {
            (Some(sent), None) => sent.to_str().map_err(|_| Problem::no_token())?,
            _ => return Err(Problem::no_token()),
        };
        let Some((scheme, token)) = sent.split_once(' ') else {
            return Err(Problem::no_token());
        };
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Problem::no_token());
        }
        let token = Token::parse(token.trim()).ok_or_else(over)?;
        let client = Client::from_request_parts(parts, gateway).await;
        Ok(Self {
            token,
            client: client.map_err(|_| Refusal::unavailable())?,
        })
    }
}

/// Says that a token stands for no session.
fn over() -> Refusal {
    Refusal::sign_in_again("This token stands for no session, or for one that was ended. Sign in.")
}
