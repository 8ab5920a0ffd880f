//! What would become of a company's people on a day.

use countersign_host::Error;
use countersign_host::contract::administration::{Hypothetical, Outlook, PreviewReport};
use countersign_host::contract::policy::Policy;
use countersign_host::contract::{Failure, FirstFactor, Purpose};
use countersign_host::preview::{Preview, Subject};

use super::{MOST_PEOPLE, misfit};
use crate::gateway::Gateway;
use crate::journey::visit::{Visit, memberships};
use crate::refusal::Refusal;

/// What would become of a company's people who sign in with their password at a time.
#[derive(Clone, Debug)]
pub(crate) struct Forecast {
    /// Everybody who may sign in at all.
    pub(crate) people: Vec<Foreseen>,
    /// Whether there are more people than were looked at.
    pub(crate) is_cut: bool,
}

/// What would become of somebody.
#[derive(Clone, Debug)]
pub(crate) struct Foreseen {
    /// What the plugin knows them by.
    pub(crate) id: String,
    /// What they type to sign in.
    pub(crate) name: String,
    pub(crate) lot: Lot,
}

/// What would become of somebody.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Lot {
    /// They would be let in.
    LetIn,
    /// They would be let in, and asked to enroll early.
    Nudged,
    /// They would be asked for a code.
    Challenged,
    /// Enrolling would be all that they can reach.
    MadeToEnroll,
    /// They would not be let in.
    Denied,
    /// The plugin could not say.
    Unknown,
}

impl Gateway {
    /// Says what would become of a company's people at a time, if its policy were another one; changes nothing. At most
    /// [`MOST_PEOPLE`] are looked at.
    ///
    /// It is what would really become of them: where somebody is of another company too, that one's policy counts as it
    /// does at a sign-in. Which company it is that asks for more is not told.
    ///
    /// # Errors
    ///
    /// A policy that is out of bounds is refused at the field that it is typed into, as when it is put.
    pub(crate) async fn company_preview(
        &self,
        visit: &Visit,
        company: &str,
        policy: Option<&Policy>,
        at: u64,
    ) -> Result<Forecast, Refusal> {
        self.administered_company(visit, company).await?;
        if let Some(policy) = policy {
            check(visit, self, company, policy, at).await?;
        }
        let (mut users, is_cut) = self.company_people(company, MOST_PEOPLE).await?;
        users.retain(|it| it.is_active);
        let subjects: Vec<Subject> = users
            .iter()
            .map(|it| Subject {
                user: it.id.clone(),
                memberships: memberships(it),
                first_factor: FirstFactor::password(),
            })
            .collect();
        let mut preview = Preview::at(at);
        preview.concurrent_calls = AT_ONCE;
        preview.hypothetical = policy.map(|it| Hypothetical {
            company: company.to_owned(),
            policy: it.clone(),
        });
        let report = preview.of(&visit.mfa(self), &subjects).await;
        let people = users.into_iter().zip(report.rows);
        Ok(Forecast {
            people: people
                .map(|(user, row)| Foreseen {
                    id: user.id,
                    name: user.name,
                    lot: row
                        .answer
                        .as_ref()
                        .map_or(Lot::Unknown, |it| Lot::of(it, at)),
                })
                .collect(),
            is_cut,
        })
    }
}

/// Has the plugin look at a policy. One that is out of bounds is refused for everybody alike: the visitor is there, also
/// where a company has no people yet.
async fn check(
    visit: &Visit,
    gateway: &Gateway,
    company: &str,
    policy: &Policy,
    at: u64,
) -> Result<(), Refusal> {
    let hypothetical = Hypothetical {
        company: company.to_owned(),
        policy: policy.clone(),
    };
    let mfa = visit.mfa(gateway);
    let looked = mfa
        .administration()
        .preview(
            &visit.user.id,
            &visit.memberships(),
            &FirstFactor::password(),
            &Purpose::SignIn,
            Some(&hypothetical),
            at,
        )
        .await;
    match looked {
        Err(error @ Error::Refused(Failure::InvalidInput(_))) => {
            Err(misfit(&error).unwrap_or_else(|| error.into()))
        }
        // Whatever else there is, the forecast says for each of its people.
        _ => Ok(()),
    }
}

impl Forecast {
    /// Counts those with a lot.
    pub(crate) fn count(&self, lot: Lot) -> usize {
        self.people.iter().filter(|it| it.lot == lot).count()
    }
}

impl Lot {
    /// All of them, from the gravest.
    pub(crate) const ALL: [Self; 6] = [
        Self::Denied,
        Self::MadeToEnroll,
        Self::Unknown,
        Self::Challenged,
        Self::Nudged,
        Self::LetIn,
    ];

    fn of(report: &PreviewReport, at: u64) -> Self {
        match report.outlook {
            Outlook::Allow(_) if report.deadline.is_some_and(|it| it > at) => Self::Nudged,
            Outlook::Allow(_) => Self::LetIn,
            Outlook::Challenge => Self::Challenged,
            Outlook::Enroll(_) => Self::MadeToEnroll,
            Outlook::Deny(_) => Self::Denied,
        }
    }
}

/// Calls that run at once.
const AT_ONCE: usize = 8;
