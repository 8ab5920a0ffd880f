//! Changing one's own factors, and one's password.

use axum::http::StatusCode;
use countersign_host::contract::administration::{PreviewReport, Revocable, UserStatus};
use countersign_host::contract::policy::Mode;
use countersign_host::contract::sign_in::Stage;
use countersign_host::contract::{Actor, Deadline, FirstFactor, Method, Purpose};

use super::visit::{Entrance, Visit};
use crate::gateway::Gateway;
use crate::password::Passwords;
use crate::refusal::Refusal;
use crate::session::{Aim, Wish};

/// Whether somebody may change their factors now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Changing {
    /// Not before the password was typed.
    No,
    /// A factor is to be shown.
    Asked,
    /// A change may be begun, until this time.
    Until(u64),
}

impl Gateway {
    /// Reads a user's own status, for the profile.
    pub(crate) async fn own_status(&self, visit: &Visit) -> Result<UserStatus, Refusal> {
        let mfa = visit.mfa(self);
        Ok(mfa.administration().status(&visit.user.id).await?)
    }

    /// Says what setting up a factor would meet with, and from when on the user's companies require it. Changes nothing.
    pub(crate) async fn outlook(
        &self,
        visit: &Visit,
    ) -> Result<(PreviewReport, Option<Deadline>), Refusal> {
        let mfa = visit.mfa(self);
        let report = mfa
            .administration()
            .preview(
                &visit.user.id,
                &visit.memberships(),
                &FirstFactor::password(),
                &Purpose::ManageFactors,
                None,
                visit.now,
            )
            .await?;
        // The report has the second. The day that it stands for is that of the zone which it was chosen in.
        let mut parts = report.companies.iter();
        let decisive = parts.find(|it| it.counts && it.deadline == report.deadline);
        let deadline = match (report.deadline, decisive) {
            (Some(at), Some(part)) => {
                let stored = mfa.policy().get(&part.policy_of).await?;
                let zone = stored.and_then(|it| match it.policy.mode {
                    Mode::EnforcedFrom(deadline) if deadline.at == at => Some(deadline.zone),
                    _ => None,
                });
                Some(Deadline {
                    at,
                    zone: zone.unwrap_or_else(|| "UTC".to_owned()),
                })
            }
            _ => None,
        };
        Ok((report, deadline))
    }

    /// Says whether a session may change its user's factors now. A ticket that is over is none.
    pub(crate) async fn changing(&self, visit: &Visit) -> Result<Changing, Refusal> {
        let held = visit.session.held.as_ref();
        if held.is_none_or(|it| it.aim != Aim::ManageFactors) {
            return Ok(Changing::No);
        }
        let view = match self.view(visit).await {
            Err(refusal) if refusal.is_over() => return Ok(Changing::No),
            view => view?,
        };
        Ok(match (view.stage, view.start_until) {
            (Stage::Challenged, _) => Changing::Asked,
            (Stage::Verified, Some(at)) if at > visit.now => Changing::Until(at),
            (Stage::Verified, _) => Changing::No,
            (Stage::Enrolling | Stage::Recovering, _) => Changing::Until(view.expires_at),
        })
    }

    /// Tells somebody who showed only their phone that a change takes their app, where that is why it was refused.
    pub(super) async fn or_by_app<T>(
        &self,
        visit: &Visit,
        answer: Result<T, countersign_host::Error>,
    ) -> Result<T, Refusal> {
        let refusal = match answer {
            Ok(it) => return Ok(it),
            Err(error) => Refusal::from(error),
        };
        if refusal.code != "method-not-allowed" || !visit.session.amr.iter().any(|it| it == "sms") {
            return Err(refusal);
        }
        let status = self.own_status(visit).await?;
        let mut factors = status.factors.iter();
        Err(match factors.any(|it| it.method == Method::Totp) {
            true => Refusal::new(
                StatusCode::FORBIDDEN,
                "app-required",
                "A text message is not enough for this. Verify with your authenticator app to do this.",
            ),
            false => refusal,
        })
    }

    /// Keeps what somebody wants to change, or forgets it.
    pub(crate) async fn wish(&self, visit: &mut Visit, wish: Option<Wish>) -> Result<(), Refusal> {
        if visit.session.wish == wish {
            return Ok(());
        }
        visit.session.wish = wish;
        self.save(visit).await
    }

    /// Begins a change of factors on the password, typed now: a factor is to be shown first, where there is one.
    pub(crate) async fn begin_managing(
        &self,
        visit: &mut Visit,
        password: &str,
    ) -> Result<(), Refusal> {
        self.retype(visit, password).await?;
        let begun = self.begin_change(visit).await;
        if begun.is_err() {
            // What has to come first, such as somebody's word for them, need not ask for the password again.
            self.save(visit).await?;
        }
        begun
    }

    /// Begins a change of factors on the password that was typed in this session, if that was just now.
    pub(crate) async fn begin_change(&self, visit: &mut Visit) -> Result<(), Refusal> {
        self.begin(visit, Aim::ManageFactors, None, false).await?;
        self.save(visit).await
    }

    /// Returns the names of the companies that a user belongs to.
    pub(crate) async fn company_names(&self, visit: &Visit) -> Result<Vec<String>, Refusal> {
        let companies = self.directory.companies().await?;
        let of = |id: &str| {
            let known = companies.iter().find(|it| it.id == id);
            known.map_or_else(|| id.to_owned(), |it| it.name.clone())
        };
        let active = visit.user.memberships.iter().filter(|it| it.is_active);
        Ok(active.map(|it| of(&it.company)).collect())
    }

    /// Leaves a change: what was begun and not confirmed ends with its ticket.
    pub(crate) async fn leave_managing(&self, visit: &mut Visit) -> Result<(), Refusal> {
        visit.session.held = None;
        self.save(visit).await
    }

    /// Removes a factor. The user's other sessions end.
    pub(crate) async fn remove(
        &self,
        mut visit: Visit,
        method: Method,
    ) -> Result<Entrance, Refusal> {
        let mfa = visit.mfa(self);
        let ticket = visit.ticket()?;
        let removed = mfa
            .enrollment()
            .remove(&visit.user.id, ticket, method)
            .await;
        let epoch = self.or_by_app(&visit, removed).await?;
        visit.session.epoch = epoch;
        let entrance = self.rotate(&mut visit).await?;
        self.directory
            .end_sessions(&visit.user.id, Some(&entrance.token.id()))
            .await?;
        Ok(entrance)
    }

    /// Makes a factor the one to be asked for first.
    pub(crate) async fn prefer(&self, visit: &Visit, method: Method) -> Result<(), Refusal> {
        let mfa = visit.mfa(self);
        let ticket = visit.ticket()?;
        Ok(mfa
            .enrollment()
            .prefer(&visit.user.id, ticket, method)
            .await?)
    }

    /// Forgets the devices that the user chose to trust: on each of them a factor is asked for again.
    pub(crate) async fn forget_devices(&self, visit: &Visit) -> Result<(), Refusal> {
        let user = &visit.user.id;
        let mfa = visit.mfa(self);
        Ok(mfa
            .administration()
            .revoke(user, &Actor::User(user.clone()), Revocable::Devices)
            .await?)
    }

    /// Ends all sessions of the user, this one too, and forgets their trusted devices.
    pub(crate) async fn sign_out_everywhere(&self, visit: &Visit) -> Result<(), Refusal> {
        // First what would let somebody in again without a factor.
        self.forget_devices(visit).await?;
        Ok(self.directory.end_sessions(&visit.user.id, None).await?)
    }

    /// Replaces the user's password; all other sessions end, and the plugin is told.
    pub(crate) async fn change_password(
        &self,
        mut visit: Visit,
        old: &str,
        new: &str,
    ) -> Result<Entrance, Refusal> {
        // Whoever has a factor shows it: a session that was found open, and a password that was looked over, are not the owner.
        // Except where the plugin lets nobody show one until the password is changed.
        let status = self.own_status(&visit).await?;
        if !status.factors.is_empty() && !status.change_first_factor {
            self.fresh_factor(&visit).await?;
        }
        self.retype(&mut visit, old).await?;
        Passwords::fit_for_use(&visit.user.name, new)?;
        self.count_password_change(&visit.user.id, visit.now)
            .await?;
        let hash = self.passwords.hash(new, &*self.random).await?;
        // Told first: should the second fail, tickets and devices ended for nothing, and the old password still holds.
        let mfa = visit.mfa(self);
        mfa.administration()
            .first_factor_changed(&visit.user.id)
            .await?;
        let entrance = self.rotate(&mut visit).await?;
        self.directory
            .set_password(&visit.user.id, hash, Some(&entrance.token.id()))
            .await?;
        Ok(entrance)
    }
}
