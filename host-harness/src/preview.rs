//! What a policy would mean for a list of people, before anybody meets it.
//!
//! An admin about to turn MFA on, or to move a deadline, asks for everybody at once what `begin` would say on a day:
//! who is let in, who is asked for a code, who must enroll and who cannot get in at all. Nothing is changed.
//!
//! The plugin supposes that a second channel vouches for whoever enrolls a first factor. Where a policy asks for that
//! (`first-binding: attested`, as all profiles but `procore` do), a gateway that never sets `binding_attested` is refused
//! in `begin` for everybody who has no factor; the sentences of these rows say so.

mod because;
mod proviso;
mod subject;

use std::sync::Arc;

use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

use self::proviso::Proviso;
pub use self::subject::Subject;
use crate::contract::administration::{Hypothetical, Outlook, PreviewReport};
use crate::contract::sign_in::{AllowReason, DenyReason};
use crate::contract::{Failure, Purpose};
use crate::countersign::Countersign;
use crate::error::Error;
use crate::fields::name_of;
use crate::policy::METHODS;
use crate::printable::Printable;

/// A question about many people: what would `begin` say, at a time, under one policy that is not stored?
///
/// Start from [`Preview::at`] and change fields.
///
/// # Examples
///
/// ```
/// use countersign_host::Countersign;
/// use countersign_host::contract::administration::Hypothetical;
/// use countersign_host::contract::policy::Policy;
/// use countersign_host::preview::{Preview, Subject};
///
/// /// Says how many of the people given would have to enroll.
/// async fn must_enroll(mfa: &Countersign, policy: Policy, people: &[Subject], at: u64) -> usize {
///     let mut preview = Preview::at(at);
///     preview.hypothetical = Some(Hypothetical { company: "acme".into(), policy });
///     let report = preview.of(mfa, people).await;
///     report.rows.iter().filter(|row| row.outlook() == "enroll(required)").count()
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Preview {
    /// When, in seconds since 1970.
    pub at: u64,
    /// What for; to sign in, unless changed.
    pub purpose: Purpose,
    /// A policy that is supposed in place of a stored one; none unless changed.
    pub hypothetical: Option<Hypothetical>,
    /// How many calls run at once; 16 unless changed, and at least 1. Those of sign-ins need a place too.
    pub concurrent_calls: usize,
}

impl Preview {
    /// Asks about signing in at a time, with the policies as they are.
    #[must_use]
    pub fn at(at: u64) -> Self {
        Self {
            at,
            purpose: Purpose::SignIn,
            hypothetical: None,
            concurrent_calls: 16,
        }
    }

    /// Asks about each of these people, and returns a row for each, in their order.
    ///
    /// A call that fails is a row with its error: the others go on.
    ///
    /// # Panics
    ///
    /// Only where a call of this library does, which is a defect.
    pub async fn of(&self, mfa: &Countersign, subjects: &[Subject]) -> Report {
        let asked = Arc::new(self.clone());
        let mut waiting = subjects.iter().cloned().enumerate();
        let mut running = JoinSet::new();
        let mut rows: Vec<(usize, Row)> = Vec::with_capacity(subjects.len());
        loop {
            while running.len() < self.concurrent_calls.max(1)
                && let Some((place, subject)) = waiting.next()
            {
                let (mfa, asked) = (mfa.clone(), asked.clone());
                running.spawn(async move { (place, Row::ask(&mfa, asked, subject).await) });
            }
            match running.join_next().await {
                Some(Ok(row)) => rows.push(row),
                Some(Err(stopped)) => match stopped.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    // The runtime is ending, and this future with it.
                    Err(_) => continue,
                },
                None => break,
            }
        }
        rows.sort_by_key(|(place, _)| *place);
        Report {
            rows: rows.into_iter().map(|(_, row)| row).collect(),
        }
    }
}

/// What came out, a row for each person.
#[derive(Debug)]
#[non_exhaustive]
pub struct Report {
    /// The rows, in the order of the people asked about.
    pub rows: Vec<Row>,
}

impl Report {
    /// Returns each [outlook](Row::outlook) that occurs with how many rows have it, in the order of their names.
    #[must_use]
    pub fn summary(&self) -> Vec<(&'static str, usize)> {
        let mut names: Vec<&'static str> = self.rows.iter().map(Row::outlook).collect();
        names.sort_unstable();
        let each = names.chunk_by(|a, b| a == b);
        each.filter_map(|group| Some((*group.first()?, group.len())))
            .collect()
    }

    /// Returns the report as JSON, with times in words as `date` has them.
    pub fn to_json(&self, date: impl Fn(u64) -> String) -> Value {
        let count = |(name, count): (&str, usize)| (name.to_owned(), json!(count));
        let summary: Map<String, Value> = self.summary().into_iter().map(count).collect();
        let rows: Vec<Value> = self.rows.iter().map(|row| row.to_json(&date)).collect();
        json!({ "rows": rows, "summary": summary })
    }
}

/// What came out for one person.
#[derive(Debug)]
#[non_exhaustive]
pub struct Row {
    /// The user.
    pub user: String,
    /// What the plugin answered.
    pub answer: Result<PreviewReport, Error>,
    proviso: Option<Proviso>,
    subject: Subject,
    asked: Arc<Preview>,
}

impl Row {
    async fn ask(mfa: &Countersign, asked: Arc<Preview>, subject: Subject) -> Self {
        let (answer, proviso) = match Self::answer(mfa, &asked, &subject).await {
            Ok((report, proviso)) => (Ok(report), proviso),
            Err(error) => (Err(error), None),
        };
        Self {
            user: subject.user.clone(),
            answer,
            proviso,
            subject,
            asked,
        }
    }

    async fn answer(
        mfa: &Countersign,
        asked: &Preview,
        subject: &Subject,
    ) -> Result<(PreviewReport, Option<Proviso>), Error> {
        let administration = mfa.administration();
        let preview = administration.preview(
            &subject.user,
            &subject.memberships,
            &subject.first_factor,
            &asked.purpose,
            asked.hypothetical.as_ref(),
            asked.at,
        );
        let report = preview.await?;
        let proviso = Proviso::of(&report, subject, asked, mfa).await?;
        Ok((report, proviso))
    }

    /// Names the outlook, such as `enroll(required)`; `error` where there is none. On what it depends besides is said
    /// in the [sentence](Self::because).
    #[must_use]
    pub fn outlook(&self) -> &'static str {
        match &self.answer {
            Ok(report) => outlook(&report.outlook),
            Err(_) => "error",
        }
    }

    /// Names the methods that could be enrolled, as the contract does.
    #[must_use]
    pub fn methods(&self) -> Vec<&'static str> {
        let methods = self.answer.iter().flat_map(|report| &report.methods);
        methods.map(|it| name_of(it, &METHODS)).collect()
    }

    /// Says in one sentence why, with times in words as `date` has them.
    ///
    /// It is [printable](crate::printable), whatever names stand in it.
    pub fn because(&self, date: impl Fn(u64) -> String) -> String {
        match &self.answer {
            Ok(report) => {
                because::sentence(report, self.proviso, &self.subject, &self.asked, &date)
            }
            Err(Error::Refused(Failure::InvalidInput(it))) => {
                let (field, expected) = (Printable(&it.field), Printable(&it.expected));
                format!("The plugin refused: {field}: expected {expected}.")
            }
            Err(error) => format!("No answer: {}.", Printable(&error.to_string())),
        }
    }

    fn to_json(&self, date: &impl Fn(u64) -> String) -> Value {
        let deadline = self.answer.as_ref().ok().and_then(|it| it.deadline);
        json!({
            "user": self.user,
            "outlook": self.outlook(),
            "deadline": deadline,
            "methods": self.methods(),
            "because": self.because(date),
        })
    }
}

fn outlook(outlook: &Outlook) -> &'static str {
    match outlook {
        Outlook::Allow(AllowReason::ModeOff) => "allow(mode-off)",
        Outlook::Allow(AllowReason::NotEnrolled) => "allow(not-enrolled)",
        Outlook::Allow(AllowReason::Exempt) => "allow(exempt)",
        Outlook::Allow(AllowReason::TrustedDevice) => "allow(trusted-device)",
        Outlook::Allow(AllowReason::Other(_)) => "allow(other)",
        Outlook::Challenge => "challenge",
        Outlook::Enroll(true) => "enroll(required)",
        Outlook::Enroll(false) => "enroll(optional)",
        Outlook::Deny(DenyReason::ContactAdmin) => "deny(contact-admin)",
        Outlook::Deny(DenyReason::ModeOff) => "deny(mode-off)",
        Outlook::Deny(DenyReason::FirstFactorTooOld) => "deny(first-factor-too-old)",
        Outlook::Deny(DenyReason::BindingNotAttested) => "deny(binding-not-attested)",
        Outlook::Deny(DenyReason::SameChannel) => "deny(same-channel)",
        Outlook::Deny(DenyReason::ChangeFirstFactor) => "deny(change-first-factor)",
        Outlook::Deny(DenyReason::Erased) => "deny(erased)",
        Outlook::Deny(DenyReason::Other(_)) => "deny(other)",
    }
}
