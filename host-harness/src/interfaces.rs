//! The functions of the contract as methods, one type an interface.
//!
//! Each method says what its function does in a word; `wit/` says all of it. Every `Err` is a refusal.

use crate::contract::administration::{Hypothetical, PreviewReport, Revocable, UserStatus};
use crate::contract::enrollment::{ConfirmVerdict, Label, TotpSetup};
use crate::contract::meta::Description;
use crate::contract::policy::{Policy, StoredPolicy};
use crate::contract::recovery::PresentVerdict;
use crate::contract::sign_in::{Assessment, BeginOutcome, BeginRequest, Session, TicketView};
use crate::contract::verification::VerifyVerdict;
use crate::contract::{
    Actor, Failure, FirstFactor, Membership, Method, Purpose, Receipt, RecoveryCode,
};
use crate::countersign::Countersign;
use crate::error::Error;
use crate::exports;
use crate::scope::Scope;

/// The interface `meta`.
#[derive(Clone, Copy, Debug)]
pub struct Meta<'a>(pub(crate) &'a Countersign);

/// The interface `sign-in`.
#[derive(Clone, Copy, Debug)]
pub struct SignIn<'a>(pub(crate) &'a Countersign);

/// The interface `enrollment`.
#[derive(Clone, Copy, Debug)]
pub struct Enrollment<'a>(pub(crate) &'a Countersign);

/// The interface `verification`.
#[derive(Clone, Copy, Debug)]
pub struct Verification<'a>(pub(crate) &'a Countersign);

/// The interface `recovery`.
#[derive(Clone, Copy, Debug)]
pub struct Recovery<'a>(pub(crate) &'a Countersign);

/// The interface `policy`.
#[derive(Clone, Copy, Debug)]
pub struct Policies<'a>(pub(crate) &'a Countersign);

/// The interface `administration`.
#[derive(Clone, Copy, Debug)]
pub struct Administration<'a>(pub(crate) &'a Countersign);

impl Meta<'_> {
    /// Describes the plugin.
    ///
    /// # Errors
    ///
    /// As [`Error`] says; every one is a refusal.
    pub async fn describe(&self) -> Result<Description, Error> {
        let (description,) = self
            .0
            .call::<exports::Describe>(Scope::nobody(), ())
            .await?;
        Ok(description)
    }
}

impl SignIn<'_> {
    /// Decides what comes next, and mints a ticket where something does.
    ///
    /// # Errors
    ///
    /// As [`Error`] says; every one is a refusal.
    ///
    /// # Security
    ///
    /// To be called after a first factor was passed: a ticket is what lets anybody try a code.
    pub async fn begin(&self, user: &str, request: &BeginRequest) -> Result<BeginOutcome, Error> {
        let scope = Scope::of(user).member(&request.memberships);
        answer(self.0.call::<exports::Begin>(scope, (user, request)).await)
    }

    /// Shows where a ticket has got to, and changes nothing.
    ///
    /// # Errors
    ///
    /// As [`Error`] says; every one is a refusal.
    pub async fn inspect(&self, user: &str, ticket: &str) -> Result<TicketView, Error> {
        let scope = Scope::of(user);
        answer(self.0.call::<exports::Inspect>(scope, (user, ticket)).await)
    }

    /// Says what becomes of an open session. A pure read.
    ///
    /// # Errors
    ///
    /// As [`Error`] says; every one is a refusal.
    pub async fn assess(
        &self,
        user: &str,
        memberships: &[Membership],
        session: &Session,
        max_age: Option<u32>,
    ) -> Result<Assessment, Error> {
        let scope = Scope::of(user).member(memberships);
        let params = (user, memberships, session, max_age);
        answer(self.0.call::<exports::Assess>(scope, params).await)
    }
}

impl Enrollment<'_> {
    /// Begins an authenticator app, or shows again what was begun on this ticket.
    ///
    /// # Errors
    ///
    /// As [`Error`] says; every one is a refusal.
    pub async fn begin_totp(
        &self,
        user: &str,
        ticket: &str,
        label: &Label,
    ) -> Result<TotpSetup, Error> {
        let params = (user, ticket, label);
        answer(
            self.0
                .call::<exports::BeginTotp>(Scope::of(user), params)
                .await,
        )
    }

    /// Begins a phone, and sends it a code.
    ///
    /// # Errors
    ///
    /// As [`Error`] says; every one is a refusal.
    pub async fn begin_sms(&self, user: &str, ticket: &str, phone: &str) -> Result<Receipt, Error> {
        let params = (user, ticket, phone);
        answer(
            self.0
                .call::<exports::BeginSms>(Scope::of(user), params)
                .await,
        )
    }

    /// Sends the code of the pending phone again.
    ///
    /// # Errors
    ///
    /// As [`Error`] says; every one is a refusal.
    pub async fn resend(&self, user: &str, ticket: &str) -> Result<Receipt, Error> {
        let scope = Scope::of(user);
        answer(self.0.call::<exports::Resend>(scope, (user, ticket)).await)
    }

    /// Discards what is pending of a method.
    ///
    /// # Errors
    ///
    /// As [`Error`] says; every one is a refusal.
    pub async fn cancel(&self, user: &str, ticket: &str, method: Method) -> Result<(), Error> {
        let params = (user, ticket, method);
        answer(
            self.0
                .call::<exports::Cancel>(Scope::of(user), params)
                .await,
        )
    }

    /// Turns what is pending into a factor, if `code` shows that the user's device has it.
    ///
    /// # Errors
    ///
    /// As [`Error`] says; every one is a refusal.
    ///
    /// # Security
    ///
    /// Only an assertion whose `user` and `purpose` are those of the gateway's own session opens anything.
    pub async fn confirm(
        &self,
        user: &str,
        ticket: &str,
        method: Method,
        code: &str,
    ) -> Result<ConfirmVerdict, Error> {
        let params = (user, ticket, method, code);
        answer(
            self.0
                .call::<exports::Confirm>(Scope::of(user), params)
                .await,
        )
    }

    /// Removes a factor, and with the last one the recovery code. Returns the new epoch.
    ///
    /// # Errors
    ///
    /// As [`Error`] says; every one is a refusal.
    pub async fn remove(&self, user: &str, ticket: &str, method: Method) -> Result<u64, Error> {
        let params = (user, ticket, method);
        answer(
            self.0
                .call::<exports::Remove>(Scope::of(user), params)
                .await,
        )
    }

    /// Makes a confirmed factor the one to show first.
    ///
    /// # Errors
    ///
    /// As [`Error`] says; every one is a refusal.
    pub async fn prefer(&self, user: &str, ticket: &str, method: Method) -> Result<(), Error> {
        let params = (user, ticket, method);
        answer(
            self.0
                .call::<exports::Prefer>(Scope::of(user), params)
                .await,
        )
    }
}

impl Verification<'_> {
    /// Sends a code to the user's phone.
    ///
    /// # Errors
    ///
    /// As [`Error`] says; every one is a refusal.
    pub async fn send_code(&self, user: &str, ticket: &str) -> Result<Receipt, Error> {
        let scope = Scope::of(user);
        answer(
            self.0
                .call::<exports::SendCode>(scope, (user, ticket))
                .await,
        )
    }

    /// Compares a code with a confirmed factor, once.
    ///
    /// # Errors
    ///
    /// As [`Error`] says; every one is a refusal.
    ///
    /// # Security
    ///
    /// Only an assertion whose `user` and `purpose` are those of the gateway's own session opens anything.
    pub async fn verify(
        &self,
        user: &str,
        ticket: &str,
        method: Method,
        code: &str,
        remember: bool,
    ) -> Result<VerifyVerdict, Error> {
        let params = (user, ticket, method, code, remember);
        answer(
            self.0
                .call::<exports::Verify>(Scope::of(user), params)
                .await,
        )
    }
}

impl Recovery<'_> {
    /// Takes a recovery code in place of a lost factor, and opens enrollment for a new one.
    ///
    /// # Errors
    ///
    /// As [`Error`] says; every one is a refusal.
    ///
    /// # Security
    ///
    /// An accepted recovery code opens enrollment, and no session.
    pub async fn present(
        &self,
        user: &str,
        ticket: &str,
        code: &str,
    ) -> Result<PresentVerdict, Error> {
        let params = (user, ticket, code);
        answer(
            self.0
                .call::<exports::Present>(Scope::of(user), params)
                .await,
        )
    }

    /// Issues a new recovery code, which ends the one before at once.
    ///
    /// # Errors
    ///
    /// As [`Error`] says; every one is a refusal.
    pub async fn issue(&self, user: &str, ticket: &str) -> Result<RecoveryCode, Error> {
        let scope = Scope::of(user);
        answer(self.0.call::<exports::Issue>(scope, (user, ticket)).await)
    }

    /// Notes that the user said to have saved the code with this id.
    ///
    /// # Errors
    ///
    /// As [`Error`] says; every one is a refusal.
    pub async fn acknowledge(&self, user: &str, code_id: &str) -> Result<(), Error> {
        let params = (user, code_id);
        answer(
            self.0
                .call::<exports::Acknowledge>(Scope::of(user), params)
                .await,
        )
    }
}

impl Policies<'_> {
    /// Reads a company's own policy; none if it has none and falls to `*`.
    ///
    /// # Errors
    ///
    /// As [`Error`] says; every one is a refusal.
    pub async fn get(&self, company: &str) -> Result<Option<StoredPolicy>, Error> {
        let scope = Scope::nobody().naming(company);
        answer(self.0.call::<exports::PolicyGet>(scope, (company,)).await)
    }

    /// Replaces a company's policy, and returns the new revision.
    ///
    /// # Errors
    ///
    /// As [`Error`] says; every one is a refusal.
    pub async fn put(
        &self,
        company: &str,
        policy: &Policy,
        expected: Option<u64>,
        actor: &Actor,
        enforce_now: bool,
    ) -> Result<u64, Error> {
        let scope = Scope::nobody().writing(company);
        let params = (company, policy, expected, actor, enforce_now);
        answer(self.0.call::<exports::PolicyPut>(scope, params).await)
    }
}

impl Administration<'_> {
    /// Reads a user's status.
    ///
    /// # Errors
    ///
    /// As [`Error`] says; every one is a refusal.
    pub async fn status(&self, user: &str) -> Result<UserStatus, Error> {
        answer(
            self.0
                .call::<exports::Status>(Scope::of(user), (user,))
                .await,
        )
    }

    /// Says what `begin` would answer at a time, with one policy supposed to be another.
    ///
    /// # Errors
    ///
    /// As [`Error`] says; every one is a refusal.
    pub async fn preview(
        &self,
        user: &str,
        memberships: &[Membership],
        first_factor: &FirstFactor,
        purpose: &Purpose,
        hypothetical: Option<&Hypothetical>,
        at: u64,
    ) -> Result<PreviewReport, Error> {
        let mut scope = Scope::of(user).member(memberships);
        if let Some(hypothetical) = hypothetical {
            scope = scope.naming(&hypothetical.company);
        }
        let params = (user, memberships, first_factor, purpose, hypothetical, at);
        answer(self.0.call::<exports::Preview>(scope, params).await)
    }

    /// Removes all factors and the recovery code, and ends tickets, devices and sessions. Returns the new epoch.
    ///
    /// # Errors
    ///
    /// As [`Error`] says; every one is a refusal.
    pub async fn reset(
        &self,
        user: &str,
        memberships: &[Membership],
        company: Option<&str>,
        actor: &Actor,
        identity_verified: bool,
        reason: &str,
    ) -> Result<u64, Error> {
        let mut scope = Scope::of(user).member(memberships);
        if let Some(company) = company {
            scope = scope.naming(company);
        }
        let params = (user, memberships, company, actor, identity_verified, reason);
        answer(self.0.call::<exports::Reset>(scope, params).await)
    }

    /// Ends the wait or lock of a factor.
    ///
    /// # Errors
    ///
    /// As [`Error`] says; every one is a refusal.
    pub async fn unlock(&self, user: &str, method: Method, actor: &Actor) -> Result<(), Error> {
        let params = (user, method, actor);
        answer(
            self.0
                .call::<exports::Unlock>(Scope::of(user), params)
                .await,
        )
    }

    /// Imports a confirmed authenticator app from another system. Returns the new epoch.
    ///
    /// # Errors
    ///
    /// As [`Error`] says; every one is a refusal.
    pub async fn add_totp(
        &self,
        user: &str,
        uri: &str,
        mark: Option<u64>,
        actor: &Actor,
    ) -> Result<u64, Error> {
        let params = (user, uri, mark, actor);
        answer(
            self.0
                .call::<exports::AddTotp>(Scope::of(user), params)
                .await,
        )
    }

    /// Ends what a user holds.
    ///
    /// # Errors
    ///
    /// As [`Error`] says; every one is a refusal.
    pub async fn revoke(&self, user: &str, actor: &Actor, what: Revocable) -> Result<(), Error> {
        let params = (user, actor, what);
        answer(
            self.0
                .call::<exports::Revoke>(Scope::of(user), params)
                .await,
        )
    }

    /// Notes that the user's first factor was changed.
    ///
    /// # Errors
    ///
    /// As [`Error`] says; every one is a refusal.
    pub async fn first_factor_changed(&self, user: &str) -> Result<(), Error> {
        let scope = Scope::of(user);
        answer(
            self.0
                .call::<exports::FirstFactorChanged>(scope, (user,))
                .await,
        )
    }

    /// Deletes everything about a user except that there was one.
    ///
    /// # Errors
    ///
    /// As [`Error`] says; every one is a refusal.
    pub async fn erase(&self, user: &str, actor: &Actor) -> Result<(), Error> {
        let params = (user, actor);
        answer(self.0.call::<exports::Erase>(Scope::of(user), params).await)
    }
}

/// Makes one error of the host's and the plugin's.
fn answer<T>(answer: Result<(Result<T, Failure>,), Error>) -> Result<T, Error> {
    let (answer,) = answer?;
    answer.map_err(Error::Refused)
}
