//! Changing one's own factors, and one's password.

use countersign_host::contract::Method;
use countersign_host::contract::administration::UserStatus;

use super::visit::{Entrance, Visit};
use crate::gateway::Gateway;
use crate::refusal::Refusal;
use crate::session::Aim;

impl Gateway {
    /// Reads a user's own status, for the profile.
    pub(crate) async fn own_status(&self, visit: &Visit) -> Result<UserStatus, Refusal> {
        let mfa = visit.mfa(self);
        Ok(mfa.administration().status(&visit.user.id).await?)
    }

    /// Begins a change of factors on the password, typed now: a factor is to be shown first, where there is one.
    pub(crate) async fn begin_managing(
        &self,
        visit: &mut Visit,
        password: &str,
    ) -> Result<(), Refusal> {
        self.retype(visit, password).await?;
        self.begin_change(visit).await
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
        let epoch = mfa
            .enrollment()
            .remove(&visit.user.id, ticket, method)
            .await?;
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

    /// Replaces the user's password; all other sessions end, and the plugin is told.
    pub(crate) async fn change_password(
        &self,
        mut visit: Visit,
        old: &str,
        new: &str,
    ) -> Result<Entrance, Refusal> {
        self.retype(&mut visit, old).await?;
        let hash = self
            .passwords
            .hash_new(new, &visit.user.name, &*self.random)
            .await?;
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
