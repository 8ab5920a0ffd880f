//! Helping somebody who is stuck: a reset, the end of a wait, a set-up code.

use axum::http::StatusCode;
use countersign_host::contract::event::{Event, EventKind};
use countersign_host::contract::policy::{Mode, ResetAuthority};
use countersign_host::contract::{Method, NotPermitted};
use countersign_host::event::{EventId, StampedEvent};
use countersign_host::store::{CommitError, Store};
use zeroize::Zeroizing;

use super::actor;
use crate::directory::User;
use crate::gateway::Gateway;
use crate::governing::Governing;
use crate::journey::visit::{Visit, memberships};
use crate::refusal::Refusal;

/// What an admin states to have somebody reset.
#[derive(Clone, Debug)]
pub(crate) struct ResetRequest {
    /// The sign-in name of whom they mean, exactly as it is written.
    pub(crate) name: String,
    /// Whether they verified that the user asked for it.
    pub(crate) is_verified: bool,
    /// Why: 1 to 200 bytes, for the audit trail.
    pub(crate) reason: String,
}

impl Gateway {
    /// Removes all factors and the recovery code of one of a company's people, and ends their sessions.
    ///
    /// # Errors
    ///
    /// Nobody resets themselves. The sign-in name is to be typed exactly, and the request to be verified. Where another
    /// company that requires MFA has the user too, the plugin leaves it to an operator, unless all of them agreed.
    pub(crate) async fn reset(
        &self,
        visit: &Visit,
        company: &str,
        user: &str,
        request: &ResetRequest,
    ) -> Result<(), Refusal> {
        let user = self.helped(visit, company, user).await?;
        if request.name != user.name {
            return Err(Refusal::field(
                "name",
                "This is not the sign-in name of this person. Type it exactly as it is written above.",
            ));
        }
        if !request.is_verified {
            return Err(Refusal::from(NotPermitted::NotVerified).about("verified"));
        }
        let mfa = visit.mfa(self);
        let administration = mfa.administration();
        administration
            .reset(
                &user.id,
                &memberships(&user),
                on_behalf_of(company, &user),
                &actor(visit),
                request.is_verified,
                &request.reason,
            )
            .await?;
        // Their sessions are of an older epoch now, and would end at their next request anyway.
        self.directory.end_sessions(&user.id, None).await?;
        Ok(())
    }

    /// Ends the wait of a factor of one of a company's people. No count of wrong codes changes, and what was switched off
    /// stays off.
    pub(crate) async fn unlock(
        &self,
        visit: &Visit,
        company: &str,
        user: &str,
        method: Method,
    ) -> Result<(), Refusal> {
        let user = self.helped(visit, company, user).await?;
        let mfa = visit.mfa(self);
        let administration = mfa.administration();
        let unlocked = administration.unlock(&user.id, method, &actor(visit)).await;
        unlocked.map_err(|error| {
            let mut refusal = Refusal::from(error);
            if refusal.code == "no-such-factor" {
                refusal.message = "This person has not set up this method.".to_owned();
            }
            refusal
        })
    }

    /// Makes a set-up code for one of a company's people: the admin's word that it is them who set up a first factor, where
    /// a policy asks for that. It is returned here and nowhere else.
    ///
    /// # Security
    ///
    /// It may open the way to a first factor in all of the user's companies, so that the rule of resets holds: where
    /// another company that requires MFA has the user too, only an operator makes one, unless all of them agreed. That
    /// it was made is noted in the audit trail before it is handed out.
    pub(crate) async fn set_up_code(
        &self,
        visit: &Visit,
        company: &str,
        user: &str,
        is_verified: bool,
    ) -> Result<Zeroizing<String>, Refusal> {
        let user = self.helped(visit, company, user).await?;
        if !is_verified {
            return Err(Refusal::from(NotPermitted::NotVerified).about("verified"));
        }
        if !visit.user.is_operator {
            self.alone_decides(visit, company, &user).await?;
        }
        self.note_set_up_code(visit, company, &user).await?;
        self.issue_voucher(&user, visit.now).await
    }

    /// Finds somebody that a visitor may help at all: one of a company's people, and not the visitor.
    async fn helped(&self, visit: &Visit, company: &str, user: &str) -> Result<User, Refusal> {
        let user = self.member(visit, company, user).await?;
        if user.id == visit.user.id {
            return Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "oneself",
                "You cannot do this for yourself. Ask another admin or an operator.",
            ));
        }
        let mut memberships = user.memberships.iter();
        let is_above = user.is_operator
            || memberships.any(|it| it.company != company && it.is_admin && it.is_active);
        // Whoever can take their factor away can become them, and so whatever they are elsewhere.
        if is_above && !visit.user.is_operator {
            return Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "operator-only",
                "This person is an operator, or administers another company. Ask an operator.",
            ));
        }
        self.fresh_factor(visit).await?;
        Ok(user)
    }

    /// Requires that a company may decide about somebody alone, as ADMIN-4 has it for resets.
    async fn alone_decides(
        &self,
        visit: &Visit,
        company: &str,
        user: &User,
    ) -> Result<(), Refusal> {
        let mfa = visit.mfa(self);
        let (mut others_enforce, mut all_agree) = (false, true);
        for member in user.memberships.iter().filter(|it| it.is_active) {
            let governing = Governing::of(&mfa, &member.company).await?;
            let policy = governing.map(|it| it.policy);
            let enforces = |mode: &Mode| matches!(mode, Mode::EnforcedFrom(_));
            others_enforce |=
                member.company != company && policy.as_ref().is_some_and(|it| enforces(&it.mode));
            all_agree &= policy.is_some_and(|it| it.reset_authority == ResetAuthority::AnyCompany);
        }
        match others_enforce && !all_agree {
            true => Err(NotPermitted::OtherCompany.into()),
            false => Ok(()),
        }
    }

    /// Notes in the audit trail that a set-up code is made. The plugin knows nothing of these codes.
    async fn note_set_up_code(
        &self,
        visit: &Visit,
        company: &str,
        user: &User,
    ) -> Result<(), Refusal> {
        let id = EventId::draw(&*self.random).map_err(|_| Refusal::unavailable())?;
        let event = Event {
            kind: EventKind::Other(SET_UP_CODE_MADE.to_owned()),
            companies: on_behalf_of(company, user)
                .map(str::to_owned)
                .into_iter()
                .collect(),
            actor: Some(actor(visit)),
            notify: true,
        };
        let event = StampedEvent::new(
            id,
            visit.now,
            &self.config.realm,
            Some(&user.id),
            Some(&visit.client.address.to_string()),
            event,
        );
        let mut commit = countersign_host::store::Commit::new(visit.now, Vec::new());
        commit.events.push(event);
        let noted: Result<(), CommitError> = self.store.commit(commit).await;
        noted.map_err(|_| Refusal::unavailable())
    }
}

/// Returns the company that an act is told to the plugin as being for: none for what an operator does for the realm.
fn on_behalf_of<'a>(company: &'a str, user: &User) -> Option<&'a str> {
    let mut memberships = user.memberships.iter();
    memberships
        .any(|it| it.company == company && it.is_active)
        .then_some(company)
}

/// The event of a set-up code.
pub(crate) const SET_UP_CODE_MADE: &str = "set-up-code-made";
