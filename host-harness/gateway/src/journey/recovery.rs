//! The recovery code: presented in place of a lost device, and given for the next time.

use axum::http::StatusCode;
use countersign_host::contract::recovery::PresentVerdict;

use super::keeping::MOST_TRIES;
use super::visit::{Entrance, Step, Visit};
use crate::gateway::Gateway;
use crate::refusal::Refusal;
use crate::session::Held;

impl Gateway {
    /// Takes a recovery code. Where it was right, a new device is to be set up; nobody is let in.
    pub(crate) async fn present(&self, mut visit: Visit, code: &str) -> Result<Entrance, Refusal> {
        let mfa = visit.mfa(self);
        let verdict = mfa
            .recovery()
            .present(&visit.user.id, visit.ticket()?, code)
            .await
            .map_err(not_a_code)?;
        match verdict {
            PresentVerdict::Accepted(offer) => {
                let aim = visit.aim()?.clone();
                visit.session.held = Some(Held {
                    ticket: offer.ticket,
                    aim,
                });
                self.rotate(&mut visit).await
            }
            PresentVerdict::Rejected(rejection) if rejection.attempts_left == 0 => {
                Err(Refusal::sign_in_again(
                    "That was one wrong recovery code too many. Please sign in again.",
                ))
            }
            PresentVerdict::Rejected(rejection) => Err(Refusal::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "wrong-code",
                format!(
                    "This is not your recovery code. Each code works once; look for the newest. Tries left: {}.",
                    rejection.attempts_left
                ),
            )
            .about("code")),
        }
    }

    /// Makes a new recovery code, which ends the one before, and keeps it in the session to be shown. One that is still to
    /// be saved is shown again instead.
    ///
    /// Of two requests at once each may make a code at the plugin, and only the last one made is good. So whoever finds
    /// that another wrote the session meanwhile makes one anew: what the session shows in the end is what was made last.
    pub(crate) async fn issue_code(&self, visit: &mut Visit) -> Result<(), Refusal> {
        let mut has_made = false;
        for _ in 0..MOST_TRIES {
            if visit.session.recovery.is_some() && !has_made {
                return Ok(());
            }
            // Written first: whoever came between has a version that is not the session's any more.
            if !self.save_first(visit).await? {
                continue;
            }
            if !has_made {
                self.count_code(&visit.user.id, visit.now).await?;
            }
            let mfa = visit.mfa(self);
            let issued = mfa.recovery().issue(&visit.user.id, visit.ticket()?).await;
            let code = self.or_by_app(visit, issued).await?;
            has_made = true;
            visit.keep_code(code.id, code.code);
            if self.save_first(visit).await? {
                return Ok(());
            }
        }
        Err(Refusal::busy())
    }

    /// Notes that the user said to have saved the code that the session shows, and shows it no more. Returns where they
    /// wanted to get.
    pub(crate) async fn acknowledge(&self, visit: &mut Visit) -> Result<Option<String>, Refusal> {
        let Some(kept) = visit.session.recovery.take() else {
            return Ok(None);
        };
        let mfa = visit.mfa(self);
        let noted = mfa.recovery().acknowledge(&visit.user.id, &kept.id).await;
        let is_over = match noted.map_err(Refusal::from) {
            Err(refusal) if refusal.code == "no-recovery-code" => true,
            noted => {
                noted?;
                false
            }
        };
        let return_to = visit.arrive(Step::Inside);
        self.save(visit).await?;
        match is_over {
            // Another one was made, in another tab or by whoever else is in: what they saved is good for nothing.
            true => Err(Refusal::new(
                StatusCode::CONFLICT,
                "code-over",
                "A newer recovery code was made meanwhile, so the one you saved no longer works. Please get a new one.",
            )),
            false => Ok(return_to),
        }
    }
}

/// Says what a recovery code looks like.
fn not_a_code(error: countersign_host::Error) -> Refusal {
    let refusal = Refusal::from(error);
    match refusal.field {
        Some("code") if refusal.code == "invalid-input" => Refusal::field(
            "code",
            "A recovery code has 26 letters and digits. Type all of them; hyphens and spaces do not matter.",
        ),
        _ => refusal,
    }
}
