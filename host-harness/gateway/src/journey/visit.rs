//! A session as one request finds it.

use countersign_host::Countersign;
use countersign_host::contract::sign_in::{Assessment, BeginOutcome, BeginRequest, DenyReason};
use countersign_host::contract::{Assertion, Membership};

pub(crate) use crate::client::Client;
use crate::directory::User;
use crate::gateway::Gateway;
use crate::pages::PREFIX;
use crate::refusal::Refusal;
use crate::session::{Aim, Held, Kept, Session, Standing, Token};

/// A session as one request finds it.
pub(crate) struct Visit {
    pub(crate) token: Token,
    pub(crate) user: User,
    pub(crate) session: Session,
    pub(crate) client: Client,
    /// The time of the request, by which all of it is judged.
    pub(crate) now: u64,
    /// The session as it was read, by which it is told what this request changed.
    pub(super) read: Session,
    pub(super) version: u64,
}

/// A session that was opened, or that changed its level: its token replaces the one before.
pub(crate) struct Entrance {
    pub(crate) token: Token,
    pub(crate) standing: Standing,
    pub(crate) step: Step,
    /// A token for this device, to be kept for longer than the session.
    pub(crate) device_token: Option<String>,
    /// Where they wanted to get, if this is where the way ends: said once.
    pub(crate) return_to: Option<String>,
}

/// What a session is at. Whatever else is asked for, this comes first, except where `Inside`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Step {
    /// The policy wants a second channel to vouch before anything is set up.
    Vouch,
    /// A code is awaited.
    Verify,
    /// A factor is to be set up.
    Enroll,
    /// A recovery code was given, and is not yet said to be saved.
    SaveCode,
    /// The nudge to enroll early.
    Nudge,
    /// Nothing: they are in.
    Inside,
}

/// Whether a session may go on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Admission {
    /// It may, until this time at the latest.
    Until(u64),
    /// A factor is to be shown, or set up, first.
    Resume,
    /// It is over.
    Over,
}

impl Visit {
    /// Makes the one of somebody who has no session yet.
    pub(crate) fn new(
        token: Token,
        user: User,
        session: Session,
        client: Client,
        now: u64,
    ) -> Self {
        Self {
            token,
            user,
            read: session.clone(),
            session,
            client,
            now,
            version: 0,
        }
    }

    /// Returns the plugin, told who calls.
    pub(crate) fn mfa(&self, gateway: &Gateway) -> Countersign {
        gateway.mfa.for_client(&self.client.address.to_string())
    }

    pub(crate) fn is_open(&self) -> bool {
        self.session.level == Standing::Open
    }

    /// Returns how many seconds ago the password was typed.
    pub(crate) fn password_age(&self) -> u64 {
        self.now.saturating_sub(self.session.password_at)
    }

    /// Returns the companies as the plugin is told of them.
    pub(crate) fn memberships(&self) -> Vec<Membership> {
        memberships(&self.user)
    }

    /// Returns the ticket of what is under way.
    pub(crate) fn ticket(&self) -> Result<&str, Refusal> {
        let held = self.session.held.as_ref();
        held.map(|it| it.ticket.as_str())
            .ok_or_else(|| Refusal::sign_in_again("This step is over. Please sign in again."))
    }

    /// Returns what is under way.
    pub(crate) fn aim(&self) -> Result<&Aim, Refusal> {
        let held = self.session.held.as_ref();
        held.map(|it| &it.aim)
            .ok_or_else(|| Refusal::sign_in_again("This step is over. Please sign in again."))
    }

    /// Says whether the user administers a company at present.
    pub(crate) fn is_admin_of(&self, company: &str) -> bool {
        let mut memberships = self.user.memberships.iter();
        self.user.is_operator
            || memberships.any(|it| it.company == company && it.is_admin && it.is_active)
    }

    /// Takes the plugin's word that a factor was shown: only for this user, and for what was begun.
    pub(crate) fn believe(&mut self, assertion: &Assertion) -> Result<(), Refusal> {
        let aim = self.aim()?.clone();
        if !assertion.is_for(&self.user.id, &aim.purpose()) {
            tracing::error!("an assertion was for another user or purpose than the session's");
            return Err(Refusal::unavailable());
        }
        self.session.let_in(assertion);
        self.session.held = match (&assertion.next_ticket, aim) {
            (Some(next), aim) => Some(Held {
                ticket: next.ticket.clone(),
                aim,
            }),
            // The ticket of a change stays good for the next one.
            (None, Aim::ManageFactors) => self.session.held.take(),
            (None, _) => None,
        };
        Ok(())
    }

    /// Returns where somebody wanted to get, if this step is the end of the way. It is said once; whoever came from their
    /// profile to change something gets back there.
    pub(crate) fn arrive(&mut self, step: Step) -> Option<String> {
        match step {
            Step::Inside if self.session.wish.is_some() => {
                Some(format!("{PREFIX}/profile/security"))
            }
            Step::Inside => self.session.return_to.take(),
            _ => None,
        }
    }

    pub(crate) fn keep_code(&mut self, id: String, code: String) {
        self.session.recovery = Some(Kept {
            id,
            code,
            at: self.now,
        });
    }
}

impl Gateway {
    /// Says what a session is at.
    pub(crate) async fn step(&self, visit: &Visit) -> Result<Step, Refusal> {
        use countersign_host::contract::sign_in::Stage;
        let session = &visit.session;
        if session.level == Standing::Open {
            return Ok(match (&session.recovery, &session.nudge) {
                (Some(_), _) => Step::SaveCode,
                (None, Some(_)) => Step::Nudge,
                (None, None) => Step::Inside,
            });
        }
        let Some(held) = &session.held else {
            return Ok(Step::Vouch);
        };
        let mfa = visit.mfa(self);
        let view = mfa.sign_in().inspect(&visit.user.id, &held.ticket).await?;
        Ok(match view.stage {
            Stage::Challenged => Step::Verify,
            Stage::Verified | Stage::Enrolling | Stage::Recovering => Step::Enroll,
        })
    }

    /// Asks the plugin whether an open session may go on. It is asked at every request, so that a deadline that passes, a
    /// reset and a policy that changes hold at once.
    pub(crate) async fn admit(
        &self,
        visit: &Visit,
        max_age: Option<u32>,
    ) -> Result<Admission, Refusal> {
        if !visit.is_open() {
            return Ok(Admission::Resume);
        }
        let mfa = visit.mfa(self);
        let assessment = mfa
            .sign_in()
            .assess(
                &visit.user.id,
                &visit.memberships(),
                &visit.session.assessed(visit.now),
                max_age,
            )
            .await?;
        Ok(match assessment {
            Assessment::Continue(until) => Admission::Until(until),
            Assessment::Challenge | Assessment::Enroll => Admission::Resume,
            Assessment::End => Admission::Over,
        })
    }

    /// Begins what comes next for a session, on the password that was typed in it: its level becomes what the plugin says.
    pub(crate) async fn begin(
        &self,
        visit: &mut Visit,
        aim: Aim,
        device_token: Option<String>,
        attested: bool,
    ) -> Result<(), Refusal> {
        let request = BeginRequest {
            memberships: visit.memberships(),
            first_factor: visit.session.first_factor(visit.now),
            purpose: aim.purpose(),
            device_token,
            binding_attested: attested,
            known_enrolled: visit.user.was_enrolled,
        };
        let mfa = visit.mfa(self);
        let outcome = mfa.sign_in().begin(&visit.user.id, &request).await?;
        let session = &mut visit.session;
        match outcome {
            BeginOutcome::Allow(allowance) => {
                use countersign_host::contract::sign_in::AllowReason;
                session.level = Standing::Open;
                session.held = None;
                session.epoch = allowance.epoch;
                session.nudge = allowance.notice.map(Into::into);
                if matches!(allowance.reason, AllowReason::TrustedDevice) {
                    session.device_at = Some(visit.now);
                }
            }
            BeginOutcome::Challenge(challenge) => {
                session.held = Some(Held {
                    ticket: challenge.ticket,
                    aim,
                });
            }
            BeginOutcome::Enroll(offer) => {
                session.held = Some(Held {
                    ticket: offer.ticket,
                    aim,
                });
            }
            BeginOutcome::Deny(reason) => return Err(denied(&reason)),
        }
        Ok(())
    }

    /// Leads an open session back to where a factor is shown or set up, since the plugin says that it may not go on as it is.
    pub(crate) async fn resume(&self, mut visit: Visit) -> Result<Entrance, Refusal> {
        visit.session.level = Standing::Pending;
        self.begin(&mut visit, Aim::SignIn, None, false).await?;
        self.rotate(&mut visit).await
    }
}

/// Returns a user's companies as the plugin is told of them.
pub(crate) fn memberships(user: &User) -> Vec<Membership> {
    if user.memberships.is_empty() {
        return vec![Membership {
            company: OF_NO_COMPANY.to_owned(),
            roles: Vec::new(),
            active: true,
        }];
    }
    let each = user.memberships.iter();
    each.map(|it| Membership {
        company: it.company.clone(),
        roles: it.roles.clone(),
        active: it.is_active,
    })
    .collect()
}

/// Says why nobody is let in.
pub(crate) fn denied(reason: &DenyReason) -> Refusal {
    use axum::http::StatusCode;
    let (code, message) = match reason {
        DenyReason::ContactAdmin => (
            "contact-admin",
            "None of your methods can be used any more, and there is no recovery code. Ask your company's admin to reset \
             your two-factor authentication.",
        ),
        DenyReason::ModeOff => (
            "mode-off",
            "Your company has not turned two-factor authentication on, so that there is nothing to set up.",
        ),
        DenyReason::FirstFactorTooOld => (
            "first-factor-too-old",
            "You typed your password too long ago for this. Please type it again.",
        ),
        DenyReason::BindingNotAttested => (
            "binding-not-attested",
            "Before you set up two-factor authentication, somebody has to vouch for you.",
        ),
        DenyReason::SameChannel => (
            "same-channel",
            "You signed in by the phone that would be your second factor. Sign in another way.",
        ),
        DenyReason::ChangeFirstFactor => (
            "change-first-factor",
            "Somebody who knows your password has been guessing at your codes. Nobody is let in until your password has \
             been changed. Ask whoever runs this service for a new one.",
        ),
        DenyReason::Erased => ("erased", "This user was erased."),
        DenyReason::Other(_) => ("denied", "You cannot sign in at present."),
    };
    Refusal::new(StatusCode::FORBIDDEN, code, message)
}

/// What stands for the company of somebody who has none: it falls to the default policy.
const OF_NO_COMPANY: &str = "*none*";
