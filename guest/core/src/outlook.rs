//! What comes next for a user, as a pure function of account, policy and circumstances.
//!
//! `begin`, `assess` and `preview` all go by this one, so that they cannot disagree.

use alloc::string::String;
use alloc::vec::Vec;

use crate::account::Account;
use crate::attempts::Readiness;
use crate::company::Affiliation;
use crate::method::Method;
use crate::phone::PhoneNumber;
use crate::policy::{Effective, EffectiveMode, FirstBinding};
use crate::sign_in::may_recover;
use crate::ticket::Purpose;
use crate::time::{Instant, Span};

/// The gateway's word that the first factor was passed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FirstFactor {
    /// How.
    pub kind: FirstFactorKind,
    /// How long ago.
    pub age: Span,
    /// The phone that carried it, if one did.
    pub phone: Option<PhoneNumber>,
}

impl FirstFactor {
    /// Says whether it is fresh enough to bind a factor on the strength of it.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.age <= FRESH
    }
}

/// How the first factor was passed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum FirstFactorKind {
    /// A password, or anything else that is no single sign-on.
    Password,
    /// Single sign-on; the provider.
    Federated(String),
}

/// What comes next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outlook {
    /// Let in.
    Allow(Allowed),
    /// Ask for a code.
    Challenge,
    /// Offer enrollment.
    Enroll {
        /// Whether there is no way round it.
        required: bool,
    },
    /// Let nobody in.
    Deny(Denial),
}

/// Why a user is let in without a factor.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Allowed {
    /// No company that counts.
    ModeOff,
    /// Never enrolled, and need not yet.
    NotEnrolled,
    /// A provider that every company that counts trusts.
    Exempt,
    /// A device that the user chose to trust after showing a factor.
    TrustedDevice,
}

/// Why nobody is let in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Denial {
    /// No usable factor and no recovery code.
    ContactAdmin,
    /// There is nothing to manage.
    ModeOff,
    /// Enrolling needs a fresh first factor.
    FirstFactorTooOld,
    /// Nobody vouched for a first binding.
    BindingNotAttested,
    /// The first factor came by the only phone.
    SameChannel,
    /// The first factor must be changed first.
    ChangeFirstFactor,
    /// The user was erased.
    Erased,
}

/// A factor, as a challenge shows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Offered {
    /// The method.
    pub method: Method,
    /// Which phone.
    pub hint: Option<String>,
    /// Whether it is shown first.
    pub preferred: bool,
    /// Whether it can be used now.
    pub state: OfferedState,
}

/// Whether a factor can be used now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OfferedState {
    /// It can.
    Usable,
    /// From this time on.
    WaitUntil(Instant),
    /// Never again.
    Disabled,
    /// Not here.
    NotOffered,
}

/// All that `begin` goes by, besides the account.
#[derive(Debug)]
pub struct Circumstances<'a> {
    /// The companies' policies, merged.
    pub policy: &'a Effective,
    /// Whether the first factor came from a provider that all of them trust.
    pub trusted: bool,
    /// The first factor.
    pub first_factor: &'a FirstFactor,
    /// Whether a second channel vouched for the person.
    pub attested: bool,
    /// What for.
    pub purpose: &'a Purpose,
}

/// Says whether every company that counts trusts the provider of the first factor, and at least one counts.
#[must_use]
pub fn is_trusted(affiliations: &[Affiliation], kind: &FirstFactorKind) -> bool {
    let FirstFactorKind::Federated(provider) = kind else {
        return false;
    };
    let mut counting = affiliations.iter().filter(|it| it.counts()).peekable();
    counting.peek().is_some() && counting.all(|it| it.policy.trusted_providers.contains(provider))
}

impl Circumstances<'_> {
    /// Says what comes next at `now`.
    #[must_use]
    pub fn outlook(&self, account: Option<&Account>, now: Instant) -> Outlook {
        if account.is_some_and(|it| it.erased) {
            return Outlook::Deny(Denial::Erased);
        }
        let enrolled = account.filter(|it| it.is_enrolled());
        let off = self.policy.mode == EffectiveMode::Off;
        match self.purpose {
            Purpose::SignIn | Purpose::StepUp(_) if off => {
                return Outlook::Allow(Allowed::ModeOff);
            }
            Purpose::SignIn if self.trusted => return Outlook::Allow(Allowed::Exempt),
            _ => {}
        }
        if let Some(account) = enrolled {
            return self.challenge(account, now);
        }
        let ever_enrolled = account.is_some_and(|it| it.ever_enrolled);
        let suspect = account.is_some_and(|it| it.first_factor_suspect);
        match self.purpose {
            Purpose::ManageFactors if off => Outlook::Deny(Denial::ModeOff),
            Purpose::SignIn if !ever_enrolled && !self.policy.is_enforced(now) => {
                Outlook::Allow(Allowed::NotEnrolled)
            }
            Purpose::ManageFactors => {
                self.enroll(ever_enrolled || self.policy.is_enforced(now), suspect)
            }
            Purpose::SignIn | Purpose::StepUp(_) => self.enroll(true, suspect),
        }
    }

    /// The challenge of an enrolled user, who gets nothing less for want of a usable factor.
    fn challenge(&self, account: &Account, now: Instant) -> Outlook {
        if account.first_factor_suspect {
            return Outlook::Deny(Denial::ChangeFirstFactor);
        }
        let phone = self.first_factor.phone.as_ref();
        let states: Vec<OfferedState> = offers(account, phone, self.policy, now)
            .into_iter()
            .map(|it| it.state)
            .collect();
        let may_work =
            |it: &OfferedState| matches!(it, OfferedState::Usable | OfferedState::WaitUntil(_));
        let may_recover = may_recover(Some(account), self.purpose, self.policy);
        let is_fresh = self.first_factor.is_fresh();
        if states.iter().any(may_work) || (may_recover && is_fresh) {
            Outlook::Challenge
        } else if may_recover {
            Outlook::Deny(Denial::FirstFactorTooOld)
        } else if is_same_channel(account, phone) {
            Outlook::Deny(Denial::SameChannel)
        } else {
            Outlook::Deny(Denial::ContactAdmin)
        }
    }

    /// Says whether what was shown by a factor once may stand for it now: it is allowed, and neither disabled nor the
    /// carrier of the first factor. That it waits does not matter: a thief who guesses must not keep its owner out.
    #[must_use]
    pub fn takes(&self, account: &Account, method: Method, now: Instant) -> bool {
        let phone = self.first_factor.phone.as_ref();
        let state = state(account, method, phone, self.policy, now);
        let may_work = matches!(
            state,
            Some(OfferedState::Usable | OfferedState::WaitUntil(_))
        );
        may_work && self.policy.methods.has(method) && may_stand(account, method, self.policy)
    }

    /// The first binding, which a stranger with a stolen session must not come by.
    fn enroll(&self, required: bool, suspect: bool) -> Outlook {
        if suspect {
            Outlook::Deny(Denial::ChangeFirstFactor)
        } else if !self.first_factor.is_fresh() {
            Outlook::Deny(Denial::FirstFactorTooOld)
        } else if self.policy.first_binding == FirstBinding::Attested && !self.attested {
            Outlook::Deny(Denial::BindingNotAttested)
        } else {
            Outlook::Enroll { required }
        }
    }
}

/// The factors of a user, the one to show first in front.
#[must_use]
pub fn offers(
    account: &Account,
    first_factor_phone: Option<&PhoneNumber>,
    policy: &Effective,
    now: Instant,
) -> Vec<Offered> {
    let shown_first = account.shown_first();
    let mut offers: Vec<Offered> = account
        .methods()
        .into_iter()
        .filter_map(|method| {
            let number = account.phone.as_ref().filter(|_| method == Method::Sms);
            Some(Offered {
                method,
                hint: number.map(|it| it.number.masked(PhoneNumber::SHOWN_BEFORE_THE_FACTOR)),
                preferred: shown_first == Some(method),
                state: state(account, method, first_factor_phone, policy, now)?,
            })
        })
        .collect();
    // There are at most two.
    if offers.last().is_some_and(|offer| offer.preferred) {
        offers.reverse();
    }
    offers
}

/// Whether a factor can be used now, if the user has one of this method. What a page offers and what a code is compared
/// with both go by it.
///
/// A factor that is not allowed any more is not offered beside one that is: it would only lead to enrolling what is there
/// already.
#[must_use]
pub fn state(
    account: &Account,
    method: Method,
    first_factor_phone: Option<&PhoneNumber>,
    policy: &Effective,
    now: Instant,
) -> Option<OfferedState> {
    let attempts = account.attempts(method)?;
    let user_wide = account.resting_user_wide(policy.guessing, now);
    let superseded = policy.mode != EffectiveMode::Off
        && !policy.methods.has(method)
        && account
            .methods()
            .into_iter()
            .any(|it| policy.methods.has(it));
    let same_channel = method == Method::Sms && is_same_channel(account, first_factor_phone);
    Some(match attempts.readiness(now) {
        Readiness::Disabled => OfferedState::Disabled,
        _ if same_channel || superseded => OfferedState::NotOffered,
        Readiness::Resting(until) => {
            OfferedState::WaitUntil(user_wide.map_or(until, |it| it.max(until)))
        }
        Readiness::Usable => user_wide.map_or(OfferedState::Usable, OfferedState::WaitUntil),
    })
}

/// Says whether what a factor shows may last beyond the moment. A text message beside an app may not, unless the policy
/// lets it manage the app: whoever has the owner's number for an hour must not be let in for a month.
#[must_use]
pub fn may_stand(account: &Account, method: Method, policy: &Effective) -> bool {
    method == Method::Totp || account.app.is_none() || policy.sms.may_manage_app
}

/// Says whether the first factor came by the user's phone, which then cannot be the second as well.
fn is_same_channel(account: &Account, first_factor_phone: Option<&PhoneNumber>) -> bool {
    let number = account.phone.as_ref().map(|it| &it.number);
    number.is_some() && number == first_factor_phone
}

/// What binds a factor needs a first factor at most this old.
const FRESH: Span = Span::seconds(300);
