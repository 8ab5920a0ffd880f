//! What a company's admins do, and operators for all companies: the policy, the people, the audit trail.
//!
//! # Security
//!
//! Each function here looks for itself whether the visitor administers the company. One that they do not administer is
//! answered exactly as one that does not exist, so that nobody learns which companies there are.

mod care;
mod forecast;
mod people;
mod trail;

use axum::http::StatusCode;
use countersign_host::Error;
use countersign_host::contract::policy::{Mode, Policy};
use countersign_host::contract::{Actor, Failure};

pub(crate) use self::care::{ResetRequest, SET_UP_CODE_MADE};
pub(crate) use self::forecast::{Forecast, Lot};
pub(crate) use self::people::{Listed, MOST_PEOPLE, Someone, Totals};
pub(crate) use self::trail::AuditQuery;
use super::visit::{Admission, Visit};
use crate::directory::Company;
use crate::gateway::Gateway;
use crate::governing::{DEFAULT, Governing};
use crate::refusal::Refusal;

impl Gateway {
    /// Lists the companies that a visitor administers, by name: for an operator all of them, and the default first.
    pub(crate) async fn administered(&self, visit: &Visit) -> Result<Vec<Company>, Refusal> {
        let mut companies = self.directory.companies().await?;
        companies.retain(|it| visit.is_admin_of(&it.id));
        companies.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
        if visit.user.is_operator {
            companies.insert(0, default_company());
        }
        Ok(companies)
    }

    /// Finds a company that a visitor administers.
    ///
    /// # Errors
    ///
    /// The refusal of a company that does not exist, also for one that the visitor does not administer.
    pub(crate) async fn administered_company(
        &self,
        visit: &Visit,
        company: &str,
    ) -> Result<Company, Refusal> {
        let mut companies = self.administered(visit).await?.into_iter();
        companies.find(|it| it.id == company).ok_or_else(no_company)
    }

    /// Reads the policy that holds for a company: its own, or the default one.
    pub(crate) async fn policy(&self, visit: &Visit, company: &str) -> Result<Governing, Refusal> {
        self.administered_company(visit, company).await?;
        let governing = Governing::of(&visit.mfa(self), company).await?;
        // Without any policy the plugin has MFA off.
        Ok(governing.unwrap_or_else(|| Governing {
            policy: Policy::app_only(Mode::Off),
            revision: None,
        }))
    }

    /// Replaces a company's policy, and returns its new revision. `expected` is the revision that was shown.
    ///
    /// # Errors
    ///
    /// [`fresh_factor`](Self::fresh_factor) of the visitor is asked for. A revision that is not the stored one, a value out
    /// of bounds, and a deadline that is not in the future without `enforce_now` are refused by the plugin.
    pub(crate) async fn put_policy(
        &self,
        visit: &Visit,
        company: &str,
        policy: &Policy,
        expected: Option<u64>,
        enforce_now: bool,
    ) -> Result<u64, Refusal> {
        self.administered_company(visit, company).await?;
        self.may_change(visit, company).await?;
        let mfa = visit.mfa(self);
        let policies = mfa.policy();
        policies
            .put(company, policy, expected, &actor(visit), enforce_now)
            .await
            .map_err(|error| misfit(&error).unwrap_or_else(|| error.into()))
    }

    /// Requires that the visitor showed a factor within the last quarter of an hour: whoever decides about the second factor
    /// of others has one.
    ///
    /// # Errors
    ///
    /// A refusal with the code [`FRESH_FACTOR`]: a step-up for [`ADMINISTRATION`] is what helps. Whoever has no factor yet is
    /// led from there to set one up.
    pub(crate) async fn fresh_factor(&self, visit: &Visit) -> Result<(), Refusal> {
        if self.admit(visit, None).await? == Admission::Over {
            return Err(Refusal::sign_in_again(
                "This session is over. Please sign in again.",
            ));
        }
        // Looked at here too, since the plugin asks for no factor where MFA is off for the visitor, whatever it is for those
        // that they decide about.
        let shown_at = visit.session.factor_at.unwrap_or(0);
        let is_fresh = visit.now.saturating_sub(shown_at) <= u64::from(FRESH_SECONDS);
        if is_fresh && self.has_factor(visit).await? {
            return Ok(());
        }
        Err(Refusal::new(
            StatusCode::UNAUTHORIZED,
            FRESH_FACTOR,
            "This asks for a code of your own second factor, typed within the last 15 minutes. Nothing was changed.",
        ))
    }

    /// Requires what [`fresh_factor`](Self::fresh_factor) does, except where MFA is off for the visitor and this company is
    /// one that it is off by: there no factor is to be had, and nobody could turn it on.
    pub(crate) async fn may_change(&self, visit: &Visit, company: &str) -> Result<(), Refusal> {
        let mfa = visit.mfa(self);
        let memberships = visit.user.memberships.iter().filter(|it| it.is_active);
        let mut own: Vec<&str> = memberships.map(|it| it.company.as_str()).collect();
        if own.is_empty() {
            own.push(DEFAULT);
        }
        let mut is_off = own.contains(&company);
        for it in own {
            let governing = Governing::of(&mfa, it).await?;
            is_off &= governing.is_none_or(|it| it.policy.mode == Mode::Off);
        }
        match is_off {
            true => Ok(()),
            false => self.fresh_factor(visit).await,
        }
    }

    /// Says whether a visitor has a second factor.
    pub(crate) async fn has_factor(&self, visit: &Visit) -> Result<bool, Refusal> {
        Ok(!self.own_status(visit).await?.factors.is_empty())
    }
}

/// Returns whoever acts, as events name them.
fn actor(visit: &Visit) -> Actor {
    match visit.user.is_operator {
        true => Actor::Operator(visit.user.id.clone()),
        false => Actor::User(visit.user.id.clone()),
    }
}

/// Returns what stands for all companies without a policy of their own.
fn default_company() -> Company {
    Company {
        id: DEFAULT.to_owned(),
        name: "Everybody without settings of their own company".to_owned(),
    }
}

/// Says that there is no such company, or that the visitor does not administer it: in the same words.
fn no_company() -> Refusal {
    Refusal::new(
        StatusCode::NOT_FOUND,
        "unknown",
        "There is no such company.",
    )
}

/// Says what is wrong with a policy that is out of bounds, at the field that it is typed into.
fn misfit(error: &Error) -> Option<Refusal> {
    let Error::Refused(Failure::InvalidInput(input)) = error else {
        return None;
    };
    let mut fields = FIELDS.iter();
    let (_, field) = fields.find(|(of, _)| input.field.contains(of))?;
    Some(Refusal::field(
        field,
        format!("Expected {}.", input.expected),
    ))
}

/// Returns where in a policy a field of its form belongs.
pub(crate) fn policy_field(typed: &str) -> Option<&'static str> {
    let mut fields = FIELDS.iter();
    fields.find(|(_, field)| *field == typed).map(|(of, _)| *of)
}

/// Fields of a policy, and those of forms and of the API that they are typed into.
const FIELDS: &[(&str, &str)] = &[
    ("policy.mode.enforced-from.zone", "zone"),
    ("policy.mode", "date"),
    ("policy.methods", "methods"),
    ("policy.role-methods", "role-methods"),
    ("policy.trusted-providers", "trusted-providers"),
    ("policy.sms.countries", "countries"),
    ("policy.sms.per-hour", "per-hour"),
    ("policy.sms.per-day", "per-day"),
    ("policy.sms.daily-budget", "daily-budget"),
    ("policy.sms.enrolling-percent", "enrolling-percent"),
    ("policy.sms.lifetime-minutes", "lifetime-minutes"),
    ("policy.reauth-interval", "reauth"),
    ("policy.device-days", "devices"),
    ("policy.reminder-days", "reminders"),
];

/// What a step-up of an admin is for.
pub(crate) const ADMINISTRATION: &str = "administration";

/// The code of the refusal that a step-up helps against.
pub(crate) const FRESH_FACTOR: &str = "fresh-factor";

/// Seconds for which a factor that was shown is enough to change something.
pub(crate) const FRESH_SECONDS: u32 = 900;
