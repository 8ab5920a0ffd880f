//! Showing a factor.

use axum::http::StatusCode;
use countersign_host::contract::sign_in::TicketView;
use countersign_host::contract::verification::{Verified, VerifyVerdict};
use countersign_host::contract::{Method, Receipt, RejectReason, Rejection};

use super::visit::{Entrance, Step, Visit};
use crate::gateway::Gateway;
use crate::metrics::SignInOutcome;
use crate::refusal::Refusal;
use crate::session::{Aim, Held};

impl Gateway {
    /// Shows where the ticket of a session has got to, for a page.
    pub(crate) async fn view(&self, visit: &Visit) -> Result<TicketView, Refusal> {
        let mfa = visit.mfa(self);
        Ok(mfa
            .sign_in()
            .inspect(&visit.user.id, visit.ticket()?)
            .await?)
    }

    /// Sends a code to the user's phone, or sends it again.
    pub(crate) async fn send_code(&self, visit: &Visit) -> Result<Receipt, Refusal> {
        let mfa = visit.mfa(self);
        let ticket = visit.ticket()?;
        Ok(mfa.verification().send_code(&visit.user.id, ticket).await?)
    }

    /// Takes a code. Where it was right, the session gets a new token, and is where the plugin says.
    pub(crate) async fn verify(
        &self,
        mut visit: Visit,
        method: Method,
        code: &str,
        remember: bool,
    ) -> Result<Entrance, Refusal> {
        let mfa = visit.mfa(self);
        let verdict = mfa
            .verification()
            .verify(&visit.user.id, visit.ticket()?, method, code, remember)
            .await?;
        if visit.aim()? == &Aim::SignIn {
            self.metrics.sign_in(match &verdict {
                VerifyVerdict::Accepted(Verified::Done(_)) => SignInOutcome::Verified,
                VerifyVerdict::Accepted(Verified::Enroll(_)) => SignInOutcome::ToEnroll,
                VerifyVerdict::Rejected(_) => SignInOutcome::Rejected,
            });
        }
        match verdict {
            VerifyVerdict::Accepted(Verified::Done(assertion)) => {
                visit.believe(&assertion)?;
                let mut entrance = self.rotate(&mut visit).await?;
                entrance.device_token = assertion.device_token;
                Ok(entrance)
            }
            VerifyVerdict::Accepted(Verified::Enroll(offer)) => {
                let aim = visit.aim()?.clone();
                visit.session.held = Some(Held {
                    ticket: offer.ticket,
                    aim,
                });
                let mut entrance = self.rotate(&mut visit).await?;
                entrance.step = Step::Enroll;
                Ok(entrance)
            }
            VerifyVerdict::Rejected(rejection) => Err(rejected(&rejection)),
        }
    }
}

/// Says that a code was not right.
pub(super) fn rejected(rejection: &Rejection) -> Refusal {
    let left = rejection.attempts_left;
    if left == 0 {
        return Refusal::sign_in_again("That was one wrong code too many. Please sign in again.");
    }
    let tries = match left {
        1 => "1 more try".to_owned(),
        n => format!("{n} more tries"),
    };
    let message = match rejection.reason {
        RejectReason::CodeExpired => {
            "This code is too old. Have a new one sent, and type that.".to_owned()
        }
        RejectReason::Wrong => format!(
            "This code is not right, or was used before. Wait for the next one. You have {tries}."
        ),
    };
    let mut refusal = Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "wrong-code", message);
    if matches!(rejection.reason, RejectReason::CodeExpired) {
        refusal.code = "code-expired";
    }
    refusal.retry_at = rejection.retry_at;
    refusal.about("code")
}
