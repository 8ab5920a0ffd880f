//! Reminds people by mail of a deadline that comes nearer.
//!
//! A company's policy names days before its deadline, such as 30, 14, 7 and 1. On each of them every active member without
//! a factor gets one mail. Days left are periods of 24 hours, begun ones counted: the last day is 1.
//!
//! What is due is the nearest of these days that is not behind: with 10 days left, that of 14. Whoever has had it gets
//! nothing until there are 7. So a gateway that was away on the day reminds when it is back, once, and skips what was due
//! before. The mail that tells of a new deadline stands for the reminder that is due just then. A deadline that is moved
//! begins anew.
//!
//! It is remembered in the directory who had which, so that gateways and restarts do not repeat it.
//!
//! Who signs in by a provider that all companies trust needs no factor; this gateway has passwords only, so that nobody
//! does.

use std::time::Duration;

use countersign_host::Error;
use countersign_host::contract::Deadline;
use countersign_host::contract::policy::{Mode, Policy};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::directory::{Company, Counted, DirectoryError, User};
use crate::gateway::Gateway;
use crate::governing::Governing;
use crate::mail::MailId;
use crate::notifier::Letter;
use crate::notifier::post::{self, Posted};
use crate::seconds::{DAY, HOUR};

/// Reminds people once an hour, for as long as it is kept.
#[derive(Debug)]
pub struct Reminders(JoinHandle<()>);

/// What a round of reminders did.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Round {
    /// Mails that went out.
    pub sent: u64,
    /// Mails that were not taken; the next round tries those again that were not refused for good.
    pub failed: u64,
}

impl Reminders {
    /// Starts it, on the tokio runtime that this is called on, with a round at once.
    #[must_use]
    pub fn start(gateway: &Gateway) -> Self {
        let gateway = gateway.clone();
        Self(tokio::spawn(async move {
            loop {
                let pause = match gateway.clock.now() {
                    Ok(now) => match run_once(&gateway, now).await {
                        Ok(Round { sent, failed: 0 }) => {
                            tracing::debug!(sent, "reminders went out");
                            Duration::from_secs(HOUR)
                        }
                        Ok(Round { sent, failed }) => {
                            tracing::warn!(sent, failed, "some reminders were not taken");
                            SOON
                        }
                        Err(error) => {
                            tracing::warn!(%error, "reminders wait");
                            SOON
                        }
                    },
                    Err(error) => {
                        tracing::warn!(%error, "reminders wait");
                        SOON
                    }
                };
                sleep(pause).await;
            }
        }))
    }
}

impl Drop for Reminders {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Sends what is due at a time.
///
/// It stops when the mail server takes no mail at all. Repeating it repeats no mail.
///
/// # Errors
///
/// [`RollError`] if the directory or the plugin does not answer; some mails may have gone out.
pub async fn run_once(gateway: &Gateway, now: u64) -> Result<Round, RollError> {
    let mut round = Round::default();
    for company in gateway.directory.companies().await? {
        let Some(Governing { policy, .. }) = Governing::of(&gateway.mfa, &company.id).await? else {
            continue;
        };
        let Mode::EnforcedFrom(deadline) = &policy.mode else {
            continue;
        };
        let Some(day) = due(deadline.at, &policy.reminder_days, now) else {
            continue;
        };
        let mut roll = Roll::of(gateway, &company.id);
        while let Some(user) = roll.next().await? {
            let posted = remind(gateway, &company, deadline, day, user, now).await?;
            match posted {
                None | Some(Posted::Before) => {}
                Some(Posted::Sent) => round.sent = round.sent.saturating_add(1),
                Some(Posted::Refused(error) | Posted::Deferred(error)) => {
                    tracing::warn!(%error, "one member is not reminded");
                    round.failed = round.failed.saturating_add(1);
                }
                Some(Posted::Unavailable(error)) => {
                    tracing::warn!(%error, "nobody is reminded for now");
                    round.failed = round.failed.saturating_add(1);
                    return Ok(round);
                }
            }
        }
    }
    Ok(round)
}

async fn remind(
    gateway: &Gateway,
    company: &Company,
    deadline: &Deadline,
    day: u32,
    user: User,
    now: u64,
) -> Result<Option<Posted>, RollError> {
    let Some(email) = user.email.clone() else {
        return Ok(None);
    };
    let letter = Letter::of(&gateway.config, &user.name);
    let days = days_left(deadline.at, now);
    let mail = letter
        .reminder(deadline, &company.name, days, email)
        .map_err(|_| RollError::Letter)?;
    let id = reminder_id(company, deadline, day, &user.id);
    let posted = post::once(gateway, &id, &mail, now, remembered(deadline)).await?;
    Ok(Some(posted))
}

/// Counts the reminder that is due at a time as sent, as something else told the person of the deadline.
pub(crate) async fn count(
    gateway: &Gateway,
    company: &Company,
    deadline: &Deadline,
    policy: &Policy,
    user: &str,
    now: u64,
) -> Result<(), RollError> {
    if let Some(day) = due(deadline.at, &policy.reminder_days, now) {
        let id = reminder_id(company, deadline, day, user);
        let ends_at = remembered(deadline);
        let _: Counted = gateway.directory.count(&id.0, now, ends_at, 1).await?;
    }
    Ok(())
}

/// The active members of a company who have no factor, one after another.
pub(crate) struct Roll<'a> {
    gateway: &'a Gateway,
    company: &'a str,
    /// The rest of a page, the last one first.
    page: Vec<User>,
    after: Option<String>,
    is_last: bool,
}

impl<'a> Roll<'a> {
    pub(crate) fn of(gateway: &'a Gateway, company: &'a str) -> Self {
        Self {
            gateway,
            company,
            page: Vec::new(),
            after: None,
            is_last: false,
        }
    }

    pub(crate) async fn next(&mut self) -> Result<Option<User>, RollError> {
        loop {
            let Some(user) = self.page.pop() else {
                if self.is_last {
                    return Ok(None);
                }
                self.turn().await?;
                continue;
            };
            let is_member =
                |it: &crate::directory::Member| it.company == self.company && it.is_active;
            if !user.is_active || !user.memberships.iter().any(is_member) {
                continue;
            }
            let status = self.gateway.mfa.administration().status(&user.id).await?;
            if status.factors.is_empty() && !status.erased {
                return Ok(Some(user));
            }
        }
    }

    async fn turn(&mut self) -> Result<(), RollError> {
        let directory = &self.gateway.directory;
        let after = self.after.as_deref();
        let mut page = directory.users(Some(self.company), after, PAGE).await?;
        self.is_last = page.len() < PAGE;
        if let Some(last) = page.last() {
            self.after = Some(last.id.clone());
        }
        page.reverse();
        self.page = page;
        Ok(())
    }
}

/// Why those who have to do something could not be found, or told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RollError {
    /// The directory did not answer.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The plugin did not say who has a factor, or what is asked of whom.
    #[error(transparent)]
    Plugin(#[from] Error),
    /// The time is not known.
    #[error("the time is not known")]
    Time,
    /// A mail could not be written.
    #[error("a mail could not be written")]
    Letter,
    /// The gateway stops.
    #[error("the gateway stops")]
    Stopped,
}

/// Returns the reminder that is due: the least of the days that is not behind.
fn due(deadline: u64, days: &[u32], now: u64) -> Option<u32> {
    let left = days_left(deadline, now);
    let ahead = days.iter().copied().filter(|it| u64::from(*it) >= left);
    ahead.min().filter(|_| left > 0)
}

/// Returns the days until a deadline, begun ones counted.
fn days_left(deadline: u64, now: u64) -> u64 {
    deadline.saturating_sub(now).div_ceil(DAY)
}

fn reminder_id(company: &Company, deadline: &Deadline, day: u32, user: &str) -> MailId {
    let (at, day) = (deadline.at.to_string(), day.to_string());
    post::id(&["reminder", &company.id, &at, &day, user])
}

/// After a deadline nobody is reminded of it.
fn remembered(deadline: &Deadline) -> u64 {
    deadline.at.saturating_add(DAY)
}

const PAGE: usize = 100;
/// After a round in which not everybody could be told.
const SOON: Duration = Duration::from_secs(5 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    const DAYS: [u32; 4] = [30, 14, 7, 1];
    const DEADLINE: u64 = 100 * DAY;

    #[test]
    fn the_nearest_day_that_is_not_behind_is_due() {
        for (seconds_left, day) in [
            (31 * DAY, None),
            (30 * DAY + 1, None),
            (30 * DAY, Some(30)),
            (14 * DAY + 1, Some(30)),
            (14 * DAY, Some(14)),
            (10 * DAY, Some(14)),
            (7 * DAY, Some(7)),
            (DAY + 1, Some(7)),
            (DAY, Some(1)),
            (1, Some(1)),
            (0, None),
        ] {
            assert_eq!(
                due(DEADLINE, &DAYS, DEADLINE - seconds_left),
                day,
                "{seconds_left}"
            );
        }
        assert_eq!(due(DEADLINE, &DAYS, DEADLINE + DAY), None);
        assert_eq!(due(DEADLINE, &[], DEADLINE - DAY), None);
    }

    #[test]
    fn a_reminder_is_another_for_another_company_deadline_day_or_person() {
        let company = |id: &str| Company {
            id: id.to_owned(),
            name: String::new(),
        };
        let deadline = |at| Deadline {
            at,
            zone: "UTC".to_owned(),
        };
        let all = [
            reminder_id(&company("a"), &deadline(1), 7, "ana"),
            reminder_id(&company("b"), &deadline(1), 7, "ana"),
            reminder_id(&company("a"), &deadline(2), 7, "ana"),
            reminder_id(&company("a"), &deadline(1), 1, "ana"),
            reminder_id(&company("a"), &deadline(1), 7, "eva"),
        ];
        let different: std::collections::HashSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }
}
