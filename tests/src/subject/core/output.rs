//! From the core to JSON, in the contract's words.

use countersign_core::administration::{FactorStatus, Preview, UserStatus};
use countersign_core::assertion::{Assertion, Proof, RecoveryState};
use countersign_core::attempts::Readiness;
use countersign_core::company::Affiliation;
use countersign_core::enrollment::{Confirmation, IssuedRecovery, TotpSetup};
use countersign_core::failure::{Dependency, Failure, NotPermitted, TicketFault};
use countersign_core::method::Method;
use countersign_core::outlook::{Allowed, Denial, Offered, OfferedState, Outlook};
use countersign_core::record;
use countersign_core::recovery::Presented;
use countersign_core::secret::Text;
use countersign_core::sign_in::{
    Allowance, Assessment, Begun, Challenge, EnrollOffer, SentView, TicketView,
};
use countersign_core::text_message::{Outcome, Receipt};
use countersign_core::ticket::{Purpose, Stage};
use countersign_core::time::Instant;
use countersign_core::verification::{Reason, Rejection, Verdict};
use serde_json::{Value, json};

/// The answer of `meta.describe`.
pub(super) fn description() -> Value {
    json!({
        "name": concat!("countersign ", env!("CARGO_PKG_VERSION")),
        "contract": "0.1.0",
        "levels": ["core", "extended"],
        "formats": {
            "oldest-read": record::OLDEST_READ,
            "newest-read": record::NEWEST_READ,
            "written": record::WRITTEN,
        },
    })
}

pub(super) fn failure(failure: Failure) -> Value {
    match failure {
        Failure::Invalid { field, expected } => {
            json!({ "invalid-input": { "field": field, "expected": expected } })
        }
        Failure::Ticket(fault) => json!({ "ticket": match fault {
            TicketFault::Unknown => "unknown",
            TicketFault::Expired => "expired",
            TicketFault::Spent => "spent",
            TicketFault::WrongStage => "wrong-stage",
        } }),
        Failure::Locked(until) => json!({ "locked": until.as_seconds() }),
        Failure::NotPermitted(reason) => json!({ "not-permitted": not_permitted(reason) }),
        Failure::RevisionConflict => json!("revision-conflict"),
        Failure::Busy => json!("busy"),
        Failure::Unavailable(source) => json!({ "unavailable": match source {
            Dependency::Store => "store",
            Dependency::Keyring => "keyring",
            Dependency::Sms => "sms",
            Dependency::Clock => "clock",
            Dependency::Random => "random",
        } }),
    }
}

pub(super) fn begun(begun: &Begun) -> Value {
    match begun {
        Begun::Allow(it) => json!({ "allow": allowance(it) }),
        Begun::Challenge(it) => json!({ "challenge": challenge(it) }),
        Begun::Enroll(it) => json!({ "enroll": offer(it) }),
        Begun::Deny(reason) => json!({ "deny": denial(*reason) }),
    }
}

pub(super) fn view(view: &TicketView) -> Value {
    let pending = view.pending.iter().map(|it| {
        json!({
            "method": method(it.method),
            "hint": it.hint,
            "attempts-left": it.attempts_left,
            "sent": it.sent.as_ref().map(sent),
        })
    });
    json!({
        "stage": match view.stage {
            Stage::Challenged => "challenged",
            Stage::Verified { .. } => "verified",
            Stage::Enrolling { .. } => "enrolling",
            Stage::Recovering { .. } => "recovering",
        },
        "purpose": purpose(&view.purpose),
        "expires-at": view.expires_at.as_seconds(),
        "start-until": maybe(view.start_until),
        "methods": offered(&view.methods),
        "may-enroll": methods(&view.may_enroll),
        "pending": pending.collect::<Value>(),
        "attempts-left": view.attempts_left,
        "recovery-available": view.recovery_available,
        "sent": view.sent.as_ref().map(sent),
        "required": view.required,
        "deadline": maybe(view.deadline),
    })
}

pub(super) fn assessment(assessment: Assessment) -> Value {
    match assessment {
        Assessment::Continue(until) => json!({ "continue": until.as_seconds() }),
        Assessment::Challenge => json!("challenge"),
        Assessment::Enroll => json!("enroll"),
        Assessment::End => json!("end"),
    }
}

pub(super) fn setup(setup: &TotpSetup) -> Value {
    json!({
        "secret": setup.secret.expose(),
        "grouped-key": setup.grouped_key.expose(),
        "uri": setup.uri.expose(),
        "expires-at": setup.expires_at.as_seconds(),
        "attempts-left": setup.attempts_left,
    })
}

pub(super) fn confirmation(confirmation: &Confirmation) -> Value {
    match confirmation {
        Confirmation::Accepted(it, recovery) => json!({ "accepted": {
            "assertion": assertion(it),
            "recovery-code": recovery.as_ref().map(issued),
        } }),
        Confirmation::Rejected(it) => json!({ "rejected": rejection(it) }),
    }
}

pub(super) fn verdict(verdict: &Verdict) -> Value {
    match verdict {
        Verdict::Done(it) => json!({ "accepted": { "done": assertion(it) } }),
        Verdict::Enroll(it) => json!({ "accepted": { "enroll": offer(it) } }),
        Verdict::Rejected(it) => json!({ "rejected": rejection(it) }),
    }
}

pub(super) fn presented(presented: &Presented) -> Value {
    match presented {
        Presented::Accepted(it) => json!({ "accepted": offer(it) }),
        Presented::Rejected(it) => json!({ "rejected": rejection(it) }),
    }
}

pub(super) fn receipt(receipt: &Receipt, outcome: &Outcome) -> Value {
    json!({
        "masked": receipt.masked,
        "expires-at": receipt.good_until.as_seconds(),
        "resend-at": receipt.resend_at.as_seconds(),
        "sends-left": receipt.sends_left,
        "state": match outcome {
            Outcome::Sent => "sent",
            Outcome::AlreadySent => "already-sent",
            Outcome::Failed(_) => "failed",
            Outcome::Unknown => "unknown",
        },
    })
}

fn sent(sent: &SentView) -> Value {
    json!({
        "expires-at": sent.good_until.as_seconds(),
        "resend-at": sent.resend_at.as_seconds(),
        "sends-left": sent.sends_left,
    })
}

pub(super) fn issued(issued: &IssuedRecovery) -> Value {
    json!({ "id": issued.id, "code": issued.code.grouped().expose() })
}

pub(super) fn status(status: &UserStatus) -> Value {
    json!({
        "known": status.known,
        "erased": status.erased,
        "epoch": status.epoch,
        "ever-enrolled": status.ever_enrolled,
        "factors": status.factors.iter().map(factor_status).collect::<Value>(),
        "recovery": status.recovery.as_ref().map(|code| json!({
            "id": code.id,
            "issued-at": code.issued_at.as_seconds(),
            "acknowledged": code.acknowledged,
        })),
        "devices": status.devices.iter().map(|device| json!({
            "id": device.id,
            "trusted-at": device.trusted_at.as_seconds(),
            "expires-at": device.expires_at.as_seconds(),
        })).collect::<Value>(),
        "tickets": status.tickets,
        "change-first-factor": status.change_first_factor,
    })
}

pub(super) fn preview(preview: &Preview, affiliations: &[Affiliation]) -> Value {
    let companies = affiliations.iter().map(|it| {
        json!({
            "company": it.company.as_str(),
            "policy-of": it.policy_of.as_str(),
            "counts": it.counts(),
            "deadline": maybe(it.policy.deadline().map(|deadline| deadline.at)),
        })
    });
    json!({
        "outlook": match preview.outlook {
            Outlook::Allow(reason) => json!({ "allow": allowed(reason) }),
            Outlook::Challenge => json!("challenge"),
            Outlook::Enroll { required } => json!({ "enroll": required }),
            Outlook::Deny(reason) => json!({ "deny": denial(reason) }),
        },
        "deadline": maybe(preview.deadline),
        "methods": methods(&preview.methods),
        "companies": companies.collect::<Value>(),
    })
}

pub(super) fn methods(list: &[Method]) -> Value {
    list.iter().map(|it| method(*it)).collect()
}

fn method(method: Method) -> &'static str {
    match method {
        Method::Totp => "totp",
        Method::Sms => "sms",
    }
}

fn factor_status(factor: &FactorStatus) -> Value {
    json!({
        "method": method(factor.method),
        "factor-id": factor.id,
        "hint": factor.hint,
        "confirmed-at": factor.confirmed_at.as_seconds(),
        "used-at": maybe(factor.used_at),
        "state": match factor.readiness {
            Readiness::Usable => json!("usable"),
            Readiness::Resting(until) => json!({ "wait-until": until.as_seconds() }),
            Readiness::Disabled => json!("disabled"),
        },
        "preferred": factor.preferred,
        "streak": factor.streak,
        "unredeemed": factor.unredeemed,
    })
}

fn assertion(assertion: &Assertion) -> Value {
    json!({
        "user": assertion.user.as_str(),
        "purpose": purpose(&assertion.purpose),
        "method": method(assertion.method),
        "proof": match assertion.proof {
            Proof::Factor => "factor",
            Proof::Enrollment => "enrollment",
            Proof::Recovery => "recovery",
        },
        "amr": assertion.amr(),
        "factor-at": assertion.factor_at.as_seconds(),
        "epoch": assertion.epoch,
        "valid-until": assertion.valid_until.as_seconds(),
        "recovery": match assertion.recovery {
            RecoveryState::None => "none",
            RecoveryState::Unacknowledged => "unacknowledged",
            RecoveryState::Acknowledged => "acknowledged",
        },
        "device-token": assertion.device_token.as_ref().map(Text::expose),
        "fresh-binding": maybe(assertion.fresh_binding),
        "next-ticket": assertion.next.as_ref().map(|next| json!({
            "ticket": next.ticket.expose(),
            "start-until": next.start_until.as_seconds(),
            "expires-at": next.expires_at.as_seconds(),
        })),
    })
}

fn allowance(allowance: &Allowance) -> Value {
    json!({
        "reason": allowed(allowance.reason),
        "notice": allowance.notice.as_ref().map(|notice| json!({
            "deadline": notice.deadline.as_seconds(),
            "zone": notice.zone,
            "days-left": notice.days_left,
        })),
        "epoch": allowance.epoch,
        "valid-until": allowance.valid_until.as_seconds(),
        "device-token": allowance.device_token.as_ref().map(Text::expose),
    })
}

fn challenge(challenge: &Challenge) -> Value {
    json!({
        "ticket": challenge.ticket.expose(),
        "expires-at": challenge.expires_at.as_seconds(),
        "methods": offered(&challenge.methods),
        "recovery-available": challenge.recovery_available,
    })
}

fn offer(offer: &EnrollOffer) -> Value {
    json!({
        "ticket": offer.ticket.expose(),
        "expires-at": offer.expires_at.as_seconds(),
        "methods": methods(&offer.methods),
        "required": offer.required,
        "deadline": maybe(offer.deadline),
    })
}

fn offered(offers: &[Offered]) -> Value {
    let each = offers.iter().map(|offer| {
        json!({
            "method": method(offer.method),
            "hint": offer.hint,
            "preferred": offer.preferred,
            "state": match offer.state {
                OfferedState::Usable => json!("usable"),
                OfferedState::WaitUntil(until) => json!({ "wait-until": until.as_seconds() }),
                OfferedState::Disabled => json!("disabled"),
                OfferedState::NotOffered => json!("not-offered"),
            },
        })
    });
    each.collect()
}

fn rejection(rejection: &Rejection) -> Value {
    json!({
        "reason": match rejection.reason {
            Reason::Wrong => "wrong",
            Reason::CodeExpired => "code-expired",
        },
        "attempts-left": rejection.attempts_left,
        "retry-at": maybe(rejection.retry_at),
    })
}

fn purpose(purpose: &Purpose) -> Value {
    match purpose {
        Purpose::SignIn => json!("sign-in"),
        Purpose::ManageFactors => json!("manage-factors"),
        Purpose::StepUp(binding) => json!({ "step-up": binding }),
    }
}

fn allowed(reason: Allowed) -> &'static str {
    match reason {
        Allowed::ModeOff => "mode-off",
        Allowed::NotEnrolled => "not-enrolled",
        Allowed::Exempt => "exempt",
        Allowed::TrustedDevice => "trusted-device",
    }
}

fn denial(reason: Denial) -> &'static str {
    match reason {
        Denial::ContactAdmin => "contact-admin",
        Denial::ModeOff => "mode-off",
        Denial::FirstFactorTooOld => "first-factor-too-old",
        Denial::BindingNotAttested => "binding-not-attested",
        Denial::SameChannel => "same-channel",
        Denial::ChangeFirstFactor => "change-first-factor",
        Denial::Erased => "erased",
    }
}

fn not_permitted(reason: NotPermitted) -> Value {
    let case = match reason {
        NotPermitted::FactorDisabled => "factor-disabled",
        NotPermitted::NoSuchFactor => "no-such-factor",
        NotPermitted::MethodNotAllowed => "method-not-allowed",
        NotPermitted::NotPending => "not-pending",
        NotPermitted::LastFactor => "last-factor",
        NotPermitted::StartTooLate => "start-too-late",
        NotPermitted::NoRecoveryCode => "no-recovery-code",
        NotPermitted::Oneself => "oneself",
        NotPermitted::OtherCompany => "other-company",
        NotPermitted::FirstFactorTooOld => "first-factor-too-old",
        NotPermitted::NotVerified => "not-verified",
        NotPermitted::OperatorOnly => "operator-only",
        NotPermitted::AlreadyEnrolled => "already-enrolled",
        NotPermitted::Erased => "erased",
        NotPermitted::DeadlineNotInFuture => "deadline-not-in-future",
        NotPermitted::NumberRefused => return json!({ "other": "number-refused" }),
        NotPermitted::CountryNotAllowed => return json!({ "other": "country-not-allowed" }),
        NotPermitted::NoCodeSent => "no-code-sent",
        NotPermitted::SendLimit(until) => return json!({ "send-limit": until.as_seconds() }),
    };
    json!(case)
}

fn maybe(at: Option<Instant>) -> Option<u64> {
    at.map(Instant::as_seconds)
}
