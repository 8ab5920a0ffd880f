//! The counters that a message raises.
//!
//! They are kept in fixed windows of UTC, each under a name of its own, so that no call must read one to raise it. A
//! telephone number, a user and a company stand in a name only as what the keyring makes of them.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::Errand;
use crate::account::hex;
use crate::decision::{Add, Limit};
use crate::failure::Dependency;
use crate::names::{Company, User};
use crate::phone::PhoneNumber;
use crate::policy::{Policy, SmsRules};
use crate::time::{Instant, Span};
use crate::vault::Vault;

/// Returns every counter that a message raises by one, each with its ceiling.
///
/// Numbers that nobody has confirmed yet are counted apart: who tries to enroll somebody else's number must not use up
/// the messages that let its owner sign in.
///
/// # Errors
///
/// Returns the import at fault.
pub(super) fn counters(
    user: &User,
    payer: &Company,
    number: &PhoneNumber,
    errand: Errand,
    rules: &SmsRules,
    now: Instant,
    vault: &mut dyn Vault,
) -> Result<Vec<Add>, Dependency> {
    let user = index("user", user.as_str(), vault)?;
    let payer_is_realm = *payer == Company::default_policy();
    let company = index("company", payer.as_str(), vault)?;
    let kind = match errand {
        Errand::Enroll => "new-number",
        Errand::SignIn | Errand::ManageFactors | Errand::StepUp => "number",
    };
    let number = index("number", number.as_str(), vault)?;
    let (hour, day) = (u64::from(rules.per_hour), u64::from(rules.per_day));
    // What the realm pays is no company's to set.
    let budget = u64::from(if payer_is_realm {
        Policy::baseline().sms.daily_budget
    } else {
        rules.daily_budget
    });
    let mut adds = Vec::with_capacity(7);
    let mut add = |what: &str, whose: &str, window: Window, ceiling: u64, limit: Limit| {
        adds.push(window.counter(what, whose, ceiling, limit, now));
    };
    add("user", &user, Window::Hour, hour, Limit::User);
    add("user", &user, Window::Day, day, Limit::User);
    add(kind, &number, Window::Minute, 1, Limit::Number);
    add(kind, &number, Window::Hour, hour, Limit::Number);
    add(kind, &number, Window::Day, day, Limit::Number);
    add("company", &company, Window::Day, budget, Limit::Company);
    if errand == Errand::Enroll {
        let percent = u64::from(rules.enrolling_percent);
        // A budget of a million times a hundred fits.
        let share = budget.saturating_mul(percent) / 100;
        add(
            "company-new",
            &company,
            Window::Day,
            share,
            Limit::CompanyEnrolling,
        );
    }
    Ok(adds)
}

#[derive(Clone, Copy)]
enum Window {
    Minute,
    Hour,
    Day,
}

impl Window {
    fn counter(self, what: &str, whose: &str, ceiling: u64, limit: Limit, now: Instant) -> Add {
        let (name, length) = match self {
            Self::Minute => ("minute", Span::minutes(1)),
            Self::Hour => ("hour", Span::hours(1)),
            Self::Day => ("day", Span::days(1)),
        };
        let number = now.since(Instant::new(0)).full(length);
        Add {
            name: format!("sms/{what}/{whose}/{name}/{number}"),
            ceiling,
            until: Instant::new(0).after(length.times(number.saturating_add(1))),
            limit,
        }
    }
}

/// What stands for a user, a number or a company in the name of a counter.
fn index(kind: &str, name: &str, vault: &mut dyn Vault) -> Result<String, Dependency> {
    // No kind has a colon in it, so that no two of them give the same bytes.
    let bytes = vault.index(format!("{kind}:{name}").as_bytes())?;
    Ok(hex(&bytes))
}
