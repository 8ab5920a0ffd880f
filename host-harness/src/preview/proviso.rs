//! On what an outlook depends besides, which the plugin's report does not say.

use super::{Preview, Subject};
use crate::contract::Purpose;
use crate::contract::administration::{Outlook, PreviewReport};
use crate::contract::policy::FirstBinding;
use crate::countersign::Countersign;
use crate::error::Error;

/// What must be added to an outlook, or it promises too much.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Proviso {
    /// Enrolling is refused unless the gateway says that a second channel vouches; the plugin supposes that it does.
    Vouched,
    /// No factor of the user is allowed any more: once it is shown, an allowed one must be enrolled.
    ThenEnroll,
}

impl Proviso {
    /// Reads what it takes to know; nothing is changed.
    pub(super) async fn of(
        report: &PreviewReport,
        subject: &Subject,
        asked: &Preview,
        mfa: &Countersign,
    ) -> Result<Option<Self>, Error> {
        Ok(match report.outlook {
            Outlook::Enroll(_) => wants_attestation(report, asked, mfa)
                .await?
                .then_some(Self::Vouched),
            // Who manages factors is left to choose.
            Outlook::Challenge if !matches!(asked.purpose, Purpose::ManageFactors) => {
                leads_to_enrolling(report, subject, mfa)
                    .await?
                    .then_some(Self::ThenEnroll)
            }
            _ => None,
        })
    }
}

/// Says whether a company that counts wants a first binding attested, by the policy supposed or the one it has.
async fn wants_attestation(
    report: &PreviewReport,
    asked: &Preview,
    mfa: &Countersign,
) -> Result<bool, Error> {
    for part in report.companies.iter().filter(|it| it.counts) {
        let supposed = asked.hypothetical.as_ref();
        let first_binding = match supposed.filter(|it| it.company == part.policy_of) {
            Some(supposed) => Some(supposed.policy.first_binding),
            None => {
                let stored = mfa.policy().get(&part.policy_of).await?;
                stored.map(|it| it.policy.first_binding)
            }
        };
        if first_binding == Some(FirstBinding::Attested) {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn leads_to_enrolling(
    report: &PreviewReport,
    subject: &Subject,
    mfa: &Countersign,
) -> Result<bool, Error> {
    let factors = mfa.administration().status(&subject.user).await?.factors;
    let mut allowed = factors
        .iter()
        .filter(|it| report.methods.contains(&it.method));
    // No methods: MFA is off, and whatever there is will do.
    Ok(!report.methods.is_empty() && !factors.is_empty() && allowed.next().is_none())
}
