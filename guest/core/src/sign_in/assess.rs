//! What becomes of an open session.

use alloc::vec::Vec;

use crate::company::Affiliation;
use crate::decision::Person;
use crate::device::Device;
use crate::method::Method;
use crate::outlook::{self, Circumstances, Denial, FirstFactor, Outlook};
use crate::policy::Effective;
use crate::ticket::Purpose;
use crate::time::{Instant, Span};

/// A session, as the gateway keeps it.
#[derive(Debug)]
pub struct Session {
    /// How it was opened.
    pub first_factor: FirstFactor,
    /// When a factor was shown in it.
    pub factor_at: Option<Instant>,
    /// When a trusted device let it in.
    pub device_at: Option<Instant>,
    /// The epoch it was opened in.
    pub epoch: u64,
    /// The greatest age that a factor may have, where the gateway asks for more than the policy does.
    pub max_age: Option<Span>,
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Assessment {
    /// It goes on until this time.
    Continue(Instant),
    /// A code must be asked for.
    Challenge,
    /// A factor must be enrolled.
    Enroll,
    /// It is over.
    End,
}

/// Says what becomes of a session under the policies and factors of now. A pure read.
///
/// A session in which a factor was shown recently enough goes on even while that factor rests or is disabled: otherwise
/// a thief who guesses could end the owner's sessions.
#[must_use]
pub fn assess(
    person: &Person,
    affiliations: &[Affiliation],
    session: &Session,
    now: Instant,
) -> Assessment {
    let account = person.account.as_ref();
    if account.map_or(0, |it| it.epoch) != session.epoch || account.is_some_and(|it| it.erased) {
        return Assessment::End;
    }
    let policy = Effective::of(affiliations);
    let step_up = Purpose::StepUp("max-age".into());
    let circumstances = Circumstances {
        policy: &policy,
        trusted: outlook::is_trusted(affiliations, &session.first_factor.kind),
        first_factor: &session.first_factor,
        // Whether enrolling is possible is for `begin` to say, when the user gets there.
        attested: true,
        purpose: if session.max_age.is_some() {
            &step_up
        } else {
            &Purpose::SignIn
        },
    };
    let next_look = now.after(MOST_AHEAD);
    match circumstances.outlook(account, now) {
        Outlook::Allow(_) => Assessment::Continue(
            policy
                .deadline_ahead(now)
                .map_or(next_look, |it| next_look.min(it.at)),
        ),
        outlook => {
            let methods = account.map_or_else(Vec::new, |it| it.methods());
            let devices = account.map_or(&[][..], |it| it.devices.as_slice());
            let allowed = methods
                .iter()
                .any(|method: &Method| policy.methods.has(*method));
            match session
                .shown_until(&policy, devices, now)
                .filter(|_| allowed)
            {
                Some(until) => Assessment::Continue(next_look.min(until)),
                None => match outlook {
                    Outlook::Challenge => Assessment::Challenge,
                    Outlook::Enroll { .. } => Assessment::Enroll,
                    // The first factor of a session grows old; `begin` asks for it again.
                    Outlook::Deny(Denial::FirstFactorTooOld) if methods.is_empty() => {
                        Assessment::Enroll
                    }
                    Outlook::Deny(Denial::FirstFactorTooOld) => Assessment::Challenge,
                    Outlook::Deny(_) | Outlook::Allow(_) => Assessment::End,
                },
            }
        }
    }
}

impl Session {
    /// Until when the factor that was shown in it is good, if it is good at `now`.
    fn shown_until(&self, policy: &Effective, devices: &[Device], now: Instant) -> Option<Instant> {
        // A time ahead of the clock is no proof of anything, but two gateways' clocks may differ a little.
        let past = |at: &Instant| *at <= now.after(MOST_AHEAD);
        // A device stands for the factor only where no more is asked for, and while one is trusted. A session does not say
        // which it was; revoking ends the trust in all.
        let device_at = self.device_at.filter(|_| {
            let still_trusted = |it: &Device| it.is_trusted(policy.device_days, now);
            self.max_age.is_none() && devices.iter().any(still_trusted)
        });
        let factor_at = self.factor_at.filter(past).max(device_at.filter(past))?;
        let until = match self.max_age {
            // The factor may be exactly that old; an age of 0 asks for a new code whatever the clock says.
            Some(age) if age > Span::ZERO => {
                let oldest = factor_at.after(age).after(Span::seconds(1));
                oldest.min(policy.valid_until(factor_at, now))
            }
            Some(_) => return None,
            None => policy.valid_until(factor_at, now),
        };
        (now < until).then_some(until)
    }
}

/// How far ahead a session may go on without being looked at.
const MOST_AHEAD: Span = Span::seconds(60);
