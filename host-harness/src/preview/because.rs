//! Why a person would be let in, asked, made to enroll or refused, in a sentence.

use super::proviso::Proviso;
use super::{Preview, Subject};
use crate::contract::administration::{CompanyPart, Outlook, PreviewReport};
use crate::contract::sign_in::{AllowReason, DenyReason};
use crate::contract::{FirstFactorKind, Purpose};
use crate::fields::name_of;
use crate::policy::METHODS;
use crate::printable::Printable;

/// Says what comes out, and then what each company has to do with it.
pub(super) fn sentence(
    report: &PreviewReport,
    proviso: Option<Proviso>,
    subject: &Subject,
    asked: &Preview,
    date: &impl Fn(u64) -> String,
) -> String {
    let companies: Vec<String> = report
        .companies
        .iter()
        .map(|it| company(it, subject, asked, date))
        .collect();
    let outcome = outcome(report, subject, asked);
    let provider = distrusted(report, subject, asked).unwrap_or_default();
    let proviso = proviso.map(|it| it.words(report)).unwrap_or_default();
    format!("{outcome}{proviso}{provider}: {}.", companies.join("; "))
}

impl Proviso {
    fn words(self, report: &PreviewReport) -> String {
        match self {
            Self::Vouched => {
                ", if a second channel vouches for the person, else refused".to_owned()
            }
            Self::ThenEnroll => {
                let methods = report.methods.iter().map(|it| name_of(it, &METHODS));
                let methods: Vec<&str> = methods.collect();
                format!(", and must then enroll {}", methods.join(" or "))
            }
        }
    }
}

fn outcome(report: &PreviewReport, subject: &Subject, asked: &Preview) -> String {
    let is_enforced = report.deadline.is_some_and(|it| it <= asked.at);
    let words = match &report.outlook {
        Outlook::Allow(AllowReason::ModeOff) => "Let in, since no company asks for MFA",
        Outlook::Allow(AllowReason::NotEnrolled) => {
            "Let in without a factor, never enrolled and not required to yet"
        }
        Outlook::Allow(AllowReason::Exempt) => {
            return format!(
                "Let in without a factor, signed in through {}, which every company that counts trusts",
                provider(subject)
            );
        }
        Outlook::Allow(AllowReason::TrustedDevice) => {
            "Let in without a factor, on a trusted device"
        }
        Outlook::Allow(AllowReason::Other(_)) => "Let in, for a reason that is not known here",
        Outlook::Challenge => "Asked for a code, since a factor is enrolled",
        Outlook::Enroll(true) if is_enforced => {
            "Must enroll, having no factor while MFA is enforced"
        }
        Outlook::Enroll(true) if matches!(asked.purpose, Purpose::StepUp(_)) => {
            "Must enroll, having no factor to show"
        }
        Outlook::Enroll(true) => {
            "Must enroll again, since there was a factor once and its loss opens no new grace"
        }
        Outlook::Enroll(false) => "May enroll, and need not yet",
        Outlook::Deny(DenyReason::ContactAdmin) => {
            "Refused until an admin resets, as no factor is usable and no recovery code is left"
        }
        Outlook::Deny(DenyReason::ModeOff) => {
            "Refused, since MFA is off and there is nothing to manage"
        }
        Outlook::Deny(DenyReason::FirstFactorTooOld) => {
            return format!(
                "Refused until the first factor is passed again, which was {} seconds ago",
                subject.first_factor.age
            );
        }
        Outlook::Deny(DenyReason::BindingNotAttested) => {
            "Refused until a second channel vouches for the person"
        }
        Outlook::Deny(DenyReason::SameChannel) => {
            "Refused, as the first factor came by the only phone that could be the second"
        }
        Outlook::Deny(DenyReason::ChangeFirstFactor) => {
            "Refused until the password is changed, as somebody who has it guessed at the factor"
        }
        Outlook::Deny(DenyReason::Erased) => "Refused, since the user was erased",
        Outlook::Deny(DenyReason::Other(_)) => "Refused, for a reason that is not known here",
    };
    words.to_owned()
}

/// Says that single sign-on did not help, where it could have.
fn distrusted(report: &PreviewReport, subject: &Subject, asked: &Preview) -> Option<String> {
    let could_help = matches!(asked.purpose, Purpose::SignIn)
        && matches!(subject.first_factor.kind, FirstFactorKind::Federated(_))
        && matches!(report.outlook, Outlook::Challenge | Outlook::Enroll(_));
    could_help.then(|| {
        let provider = provider(subject);
        format!(", and {provider} is not trusted by every company that counts")
    })
}

/// Says what a company has to do with it.
fn company(
    part: &CompanyPart,
    subject: &Subject,
    asked: &Preview,
    date: &impl Fn(u64) -> String,
) -> String {
    let name = Printable(&part.company);
    let rests = |it: &&crate::contract::Membership| it.company == part.company && !it.active;
    if subject.memberships.iter().find(rests).is_some() {
        return format!("the membership in {name} rests");
    }
    let policy = policy(part, asked);
    match part.deadline {
        _ if !part.counts => format!("{name} has MFA off{policy}"),
        Some(at) if at <= asked.at => format!("{name} enforces MFA since {}{policy}", date(at)),
        Some(at) => format!("{name} enforces MFA only from {} on{policy}", date(at)),
        None => format!("{name} leaves MFA to its users{policy}"),
    }
}

/// Says whose policy a company has, where that is not its own stored one.
fn policy(part: &CompanyPart, asked: &Preview) -> &'static str {
    let supposed = asked.hypothetical.as_ref().map(|it| &it.company);
    match (
        part.policy_of == part.company,
        supposed == Some(&part.policy_of),
    ) {
        (true, false) => "",
        (true, true) => " under the policy supposed",
        (false, false) => " under the default policy",
        (false, true) => " under the default policy supposed",
    }
}

fn provider(subject: &Subject) -> String {
    match &subject.first_factor.kind {
        FirstFactorKind::Federated(provider) => Printable(provider).to_string(),
        FirstFactorKind::Password | FirstFactorKind::Other => "a provider".to_owned(),
    }
}
