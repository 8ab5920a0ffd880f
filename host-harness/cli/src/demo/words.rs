//! Answers of the contract in a line.

use countersign_host::contract::administration::UserStatus;
use countersign_host::contract::enrollment::{ConfirmVerdict, TotpSetup};
use countersign_host::contract::policy::{Mode, Policy};
use countersign_host::contract::recovery::PresentVerdict;
use countersign_host::contract::sign_in::{
    AllowReason, Assessment, BeginOutcome, DenyReason, Stage, TicketView,
};
use countersign_host::contract::verification::{Verified, VerifyVerdict};
use countersign_host::contract::{
    Assertion, EnrollOffer, Failure, Method, MethodState, NotPermitted, Proof, Purpose, Receipt,
    RecoveryState, RejectReason, Rejection, SendState, TicketFault,
};
use countersign_host::event::StampedEvent;
use serde_json::Value;

use super::calendar;

/// Puts answers into words, with times of one zone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words {
    pub(super) zone: &'static str,
}

impl Words {
    pub(super) fn begin(self, outcome: &BeginOutcome) -> String {
        match outcome {
            BeginOutcome::Allow(allowance) => {
                let notice = allowance.notice.as_ref().map(|notice| {
                    let day = calendar::day(notice.deadline, &notice.zone);
                    let zone = &notice.zone;
                    let days = count(u64::from(notice.days_left), "day");
                    format!("; notice: MFA must be used from {day} ({zone}), {days} left")
                });
                let reason = allow_reason(&allowance.reason);
                format!("allow: {reason}{}", notice.unwrap_or_default())
            }
            BeginOutcome::Challenge(challenge) => {
                let methods: Vec<String> = challenge
                    .methods
                    .iter()
                    .map(|it| {
                        let (which, state) = (which(it.method, it.hint.as_deref()), &it.state);
                        format!("{which}{}", self.state(state))
                    })
                    .collect();
                let or = match challenge.recovery_available {
                    true => ", or the recovery code",
                    false => "",
                };
                format!("challenge: a code of the {}{or}", methods.join(" or "))
            }
            BeginOutcome::Enroll(offer) => self.offer(offer),
            BeginOutcome::Deny(reason) => format!("deny: {}", deny_reason(reason)),
        }
    }

    pub(super) fn offer(self, offer: &EnrollOffer) -> String {
        let methods: Vec<&str> = offer.methods.iter().map(|it| method(*it)).collect();
        let required = match offer.required {
            true => "required, with no way round it",
            false => "offered, not required",
        };
        let until = calendar::time(offer.expires_at, self.zone);
        let methods = methods.join(" or ");
        format!("enroll: {required}; {methods}; the ticket ends at {until}")
    }

    pub(super) fn setup(self, setup: &TotpSetup) -> String {
        let until = calendar::time(setup.expires_at, self.zone);
        let tries = count(u64::from(setup.attempts_left), "try");
        format!("a key for the app, pending until {until}, {tries} to confirm it")
    }

    pub(super) fn receipt(self, receipt: &Receipt) -> String {
        let to = &receipt.masked;
        let state = match receipt.state {
            SendState::Sent => format!("sent to {to}"),
            SendState::AlreadySent => format!("sent to {to} before"),
            SendState::Failed => return format!("not sent to {to}"),
            SendState::Unknown => format!("perhaps sent to {to}"),
        };
        let until = calendar::time(receipt.expires_at, self.zone);
        let left = receipt.sends_left;
        format!("{state} and good until {until}; {left} more can be sent")
    }

    pub(super) fn confirm(self, verdict: &ConfirmVerdict) -> String {
        match verdict {
            ConfirmVerdict::Accepted(it) => {
                let code = it.recovery_code.as_ref().map(|_| ", with a recovery code");
                format!(
                    "accepted{}: {}",
                    code.unwrap_or_default(),
                    self.assertion(&it.assertion)
                )
            }
            ConfirmVerdict::Rejected(rejection) => self.rejection(rejection),
        }
    }

    pub(super) fn verify(self, verdict: &VerifyVerdict) -> String {
        match verdict {
            VerifyVerdict::Accepted(Verified::Done(it)) => {
                format!("accepted: {}", self.assertion(it))
            }
            VerifyVerdict::Accepted(Verified::Enroll(offer)) => {
                format!("accepted, then {}", self.offer(offer))
            }
            VerifyVerdict::Rejected(rejection) => self.rejection(rejection),
        }
    }

    pub(super) fn present(self, verdict: &PresentVerdict) -> String {
        match verdict {
            PresentVerdict::Accepted(offer) => format!("accepted, then {}", self.offer(offer)),
            PresentVerdict::Rejected(rejection) => self.rejection(rejection),
        }
    }

    pub(super) fn assess(self, assessment: &Assessment) -> String {
        match assessment {
            Assessment::Continue(until) => {
                let until = calendar::moment(*until, self.zone);
                format!("continue; ask again at {until}")
            }
            Assessment::Challenge => "challenge: the session must show a code".to_owned(),
            Assessment::Enroll => "enroll: the session must enroll before it goes on".to_owned(),
            Assessment::End => "end: sign in again".to_owned(),
        }
    }

    pub(super) fn view(self, view: &TicketView) -> String {
        let stage = match view.stage {
            Stage::Challenged => "a code is awaited",
            Stage::Verified => "a factor was shown",
            Stage::Enrolling => "a factor is to be enrolled",
            Stage::Recovering => "a factor is to be enrolled in place of the lost one",
        };
        let until = calendar::time(view.expires_at, self.zone);
        format!("the ticket is good until {until}: {stage}")
    }

    pub(super) fn status(self, status: &UserStatus) -> String {
        let factors: Vec<String> = status
            .factors
            .iter()
            .map(|it| {
                let since = calendar::moment(it.confirmed_at, self.zone);
                let state = self.state(&it.state);
                let which = which(it.method, it.hint.as_deref());
                format!("{which}{state} since {since}")
            })
            .collect();
        let factors = match factors.as_slice() {
            [] => "no factor".to_owned(),
            factors => factors.join(", "),
        };
        let recovery = match &status.recovery {
            Some(it) if it.acknowledged => "recovery code, acknowledged",
            Some(_) => "recovery code, not acknowledged",
            None => "no recovery code",
        };
        format!("{factors}; {recovery}; epoch {}", status.epoch)
    }

    pub(super) fn failure(self, failure: &Failure) -> String {
        match failure {
            Failure::InvalidInput(it) => {
                format!("err: invalid-input: {}: expected {}", it.field, it.expected)
            }
            Failure::Ticket(fault) => format!(
                "err: ticket({})",
                match fault {
                    TicketFault::Unknown => "unknown",
                    TicketFault::Expired => "expired",
                    TicketFault::Spent => "spent",
                    TicketFault::WrongStage => "wrong-stage",
                }
            ),
            Failure::Locked(until) => {
                let until = calendar::time(*until, self.zone);
                format!("err: locked: nothing is compared before {until}")
            }
            Failure::NotPermitted(reason) => match not_permitted(reason) {
                Some(reason) => format!("err: not-permitted({reason})"),
                None => "err: not-permitted".to_owned(),
            },
            Failure::RevisionConflict => "err: revision-conflict".to_owned(),
            Failure::Busy => "err: busy".to_owned(),
            Failure::Unavailable(_) => "err: unavailable".to_owned(),
            Failure::Other(_) => "err: other".to_owned(),
        }
    }

    fn rejection(self, rejection: &Rejection) -> String {
        let reason = match rejection.reason {
            RejectReason::Wrong => "wrong",
            RejectReason::CodeExpired => "too old",
        };
        let left = match rejection.attempts_left {
            0 => "that was the last try".to_owned(),
            left => format!("{} left", count(u64::from(left), "try")),
        };
        let rest = rejection.retry_at.map(|at| {
            let at = calendar::time(at, self.zone);
            format!("; the factor rests until {at}")
        });
        format!("rejected: {reason}; {left}{}", rest.unwrap_or_default())
    }

    fn assertion(self, it: &Assertion) -> String {
        let proof = match it.proof {
            Proof::Factor => "factor",
            Proof::Enrollment => "enrollment",
            Proof::Recovery => "recovery",
        };
        let purpose = match &it.purpose {
            Purpose::SignIn => "sign-in",
            Purpose::ManageFactors => "manage-factors",
            Purpose::StepUp(_) => "step-up",
        };
        let recovery = match it.recovery {
            RecoveryState::None => "; no recovery code",
            RecoveryState::Unacknowledged => "; recovery code not acknowledged",
            RecoveryState::Acknowledged => "",
        };
        let amr = it.amr.join(" ");
        let epoch = it.epoch;
        let device = it.device_token.as_ref().map_or("", |_| "; a device token");
        format!("proof {proof}, purpose {purpose}, amr [{amr}], epoch {epoch}{recovery}{device}")
    }

    fn state(self, state: &MethodState) -> String {
        match state {
            MethodState::Usable => String::new(),
            MethodState::WaitUntil(at) => {
                format!(" (rests until {})", calendar::time(*at, self.zone))
            }
            MethodState::Disabled => " (disabled)".to_owned(),
            MethodState::NotOffered => " (not offered)".to_owned(),
        }
    }
}

/// Writes an event: its name, what of its details is a word, and whether the user is told of it.
pub(super) fn event(event: &StampedEvent) -> String {
    let json = event.to_json();
    let detail = |name: &str| {
        json.pointer(&format!("/detail/{name}"))
            .and_then(Value::as_str)
    };
    let details: Vec<&str> = ["method", "binding", "removal", "reason"]
        .iter()
        .filter_map(|name| detail(name))
        .collect();
    let details = match details.as_slice() {
        [] => String::new(),
        details => format!(" ({})", details.join(", ")),
    };
    let notify = match (event.event.notify, &event.user) {
        (false, _) => "",
        (true, Some(_)) => ", tell the user",
        (true, None) => ", tell every user",
    };
    format!("{}{details}{notify}", event.name())
}

/// Writes what a policy says that is not the usual.
pub(super) fn policy(policy: &Policy) -> String {
    let mode = match &policy.mode {
        Mode::Off => "off".to_owned(),
        Mode::Voluntary => "voluntary".to_owned(),
        Mode::EnforcedFrom(it) => {
            let day = calendar::date(it.at, &it.zone);
            format!("enforced from {day} {}", it.zone)
        }
    };
    let phones = match policy.methods.contains(&Method::Sms) {
        true => ", app or text message",
        false => "",
    };
    let devices = match policy.device_days {
        0 => String::new(),
        days => format!(", devices trusted for {days} days"),
    };
    let providers = match policy.trusted_providers.as_slice() {
        [] => String::new(),
        providers => format!(", single sign-on {} trusted", providers.join(" and ")),
    };
    format!("{mode}{phones}{devices}{providers}")
}

/// Names a method as the contract does.
pub(super) fn name(method: Method) -> &'static str {
    match method {
        Method::Totp => "totp",
        Method::Sms => "sms",
    }
}

/// Names a factor, with what may be shown of its number.
fn which(it: Method, hint: Option<&str>) -> String {
    let hint = hint.map(|hint| format!(" to {hint}"));
    format!("{}{}", method(it), hint.unwrap_or_default())
}

/// Names a method as people call it.
pub(super) fn method(method: Method) -> &'static str {
    match method {
        Method::Totp => "authenticator app",
        Method::Sms => "text message",
    }
}

/// Writes a number with its noun.
pub(super) fn count(number: u64, noun: &str) -> String {
    match (number, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) if !noun.ends_with("day") => format!("{number} {stem}ies"),
        _ => format!("{number} {noun}s"),
    }
}

/// Names the reasons that the demo can meet.
fn not_permitted(reason: &NotPermitted) -> Option<&'static str> {
    match reason {
        NotPermitted::DeadlineNotInFuture => Some("deadline-not-in-future"),
        NotPermitted::FactorDisabled => Some("factor-disabled"),
        NotPermitted::NoRecoveryCode => Some("no-recovery-code"),
        NotPermitted::NotPending => Some("not-pending"),
        NotPermitted::MethodNotAllowed => Some("method-not-allowed"),
        NotPermitted::SendLimit(_) => Some("send-limit"),
        NotPermitted::Oneself => Some("oneself"),
        NotPermitted::NotVerified => Some("not-verified"),
        NotPermitted::OtherCompany => Some("other-company"),
        _ => None,
    }
}

fn allow_reason(reason: &AllowReason) -> &str {
    match reason {
        AllowReason::ModeOff => "MFA is off",
        AllowReason::NotEnrolled => "not enrolled, and need not be yet",
        AllowReason::Exempt => "trusted single sign-on",
        AllowReason::TrustedDevice => "a trusted device",
        AllowReason::Other(_) => "another reason",
    }
}

fn deny_reason(reason: &DenyReason) -> &str {
    match reason {
        DenyReason::ContactAdmin => "no factor and no recovery code is left; an admin can reset",
        DenyReason::ModeOff => "MFA is off",
        DenyReason::FirstFactorTooOld => "the password must be typed again",
        DenyReason::BindingNotAttested => "a second channel must vouch for the person",
        DenyReason::SameChannel => "the first factor came by the same phone",
        DenyReason::ChangeFirstFactor => "the password must be changed first",
        DenyReason::Erased => "the user was erased",
        DenyReason::Other(_) => "another reason",
    }
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn numbers_agree_with_their_nouns() {
        assert_eq!(count(1, "try"), "1 try");
        assert_eq!(count(4, "try"), "4 tries");
        assert_eq!(count(2, "day"), "2 days");
    }
}
