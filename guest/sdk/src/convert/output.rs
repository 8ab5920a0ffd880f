//! From the core to the contract.

use alloc::string::ToString;
use alloc::vec::Vec;

use countersign_core::administration::{Preview, UserStatus};
use countersign_core::assertion::{Assertion, NextTicket, Proof, RecoveryState};
use countersign_core::attempts::Readiness;
use countersign_core::company::Affiliation;
use countersign_core::enrollment::{Confirmation, IssuedRecovery, TotpSetup};
use countersign_core::failure::{Dependency, Failure, NotPermitted, TicketFault};
use countersign_core::method::Method;
use countersign_core::outlook::{Allowed, Denial, Offered, OfferedState, Outlook};
use countersign_core::recovery::Presented;
use countersign_core::sign_in::{
    Allowance, Assessment, Begun, Challenge, EnrollOffer, SentView, TicketView,
};
use countersign_core::text_message::{Outcome, Receipt};
use countersign_core::ticket::{Purpose, Stage};
use countersign_core::time::Instant;
use countersign_core::verification::{Reason, Rejection, Verdict};

use crate::bindings::countersign::mfa::types as wit;
use crate::bindings::exports::countersign::mfa::{
    administration, enrollment, recovery, sign_in, verification,
};

/// Renames a failure.
#[inline(never)]
pub fn failure_to_wit(failure: Failure) -> wit::Failure {
    match failure {
        Failure::Invalid { field, expected } => wit::Failure::InvalidInput(wit::InvalidInput {
            field,
            expected: expected.into(),
        }),
        Failure::Ticket(fault) => wit::Failure::Ticket(match fault {
            TicketFault::Unknown => wit::TicketFault::Unknown,
            TicketFault::Expired => wit::TicketFault::Expired,
            TicketFault::Spent => wit::TicketFault::Spent,
            TicketFault::WrongStage => wit::TicketFault::WrongStage,
        }),
        Failure::Locked(until) => wit::Failure::Locked(until.as_seconds()),
        Failure::NotPermitted(reason) => wit::Failure::NotPermitted(not_permitted(reason)),
        Failure::RevisionConflict => wit::Failure::RevisionConflict,
        Failure::Busy => wit::Failure::Busy,
        Failure::Unavailable(source) => wit::Failure::Unavailable(match source {
            Dependency::Store => wit::Dependency::Store,
            Dependency::Keyring => wit::Dependency::Keyring,
            Dependency::Sms => wit::Dependency::Sms,
            Dependency::Clock => wit::Dependency::Clock,
            Dependency::Random => wit::Dependency::Random,
        }),
    }
}

/// Renames what `sign-in.begin` decided.
pub fn begun_to_wit(begun: Begun) -> sign_in::BeginOutcome {
    match begun {
        Begun::Allow(allowance) => sign_in::BeginOutcome::Allow(allowance_to_wit(allowance)),
        Begun::Challenge(challenge) => {
            sign_in::BeginOutcome::Challenge(challenge_to_wit(&challenge))
        }
        Begun::Enroll(offer) => sign_in::BeginOutcome::Enroll(offer_to_wit(&offer)),
        Begun::Deny(reason) => sign_in::BeginOutcome::Deny(denial(reason)),
    }
}

/// Renames a view of a ticket.
pub fn view_to_wit(view: TicketView) -> sign_in::TicketView {
    sign_in::TicketView {
        stage: match view.stage {
            Stage::Challenged => sign_in::Stage::Challenged,
            Stage::Verified { .. } => sign_in::Stage::Verified,
            Stage::Enrolling { .. } => sign_in::Stage::Enrolling,
            Stage::Recovering { .. } => sign_in::Stage::Recovering,
        },
        purpose: purpose(view.purpose),
        expires_at: view.expires_at.as_seconds(),
        start_until: view.start_until.map(Instant::as_seconds),
        methods: offered_list(view.methods),
        may_enroll: methods(view.may_enroll),
        pending: view
            .pending
            .into_iter()
            .map(|it| sign_in::Pending {
                method: method(it.method),
                hint: it.hint,
                attempts_left: it.attempts_left,
                sent: it.sent.map(|sent| sent_to_wit(&sent)),
            })
            .collect(),
        attempts_left: view.attempts_left,
        recovery_available: view.recovery_available,
        sent: view.sent.map(|sent| sent_to_wit(&sent)),
        required: view.required,
        deadline: view.deadline.map(Instant::as_seconds),
    }
}

/// Renames what becomes of a session.
pub fn assessment_to_wit(assessment: Assessment) -> sign_in::Assessment {
    match assessment {
        Assessment::Continue(until) => sign_in::Assessment::Continue(until.as_seconds()),
        Assessment::Challenge => sign_in::Assessment::Challenge,
        Assessment::Enroll => sign_in::Assessment::Enroll,
        Assessment::End => sign_in::Assessment::End,
    }
}

/// Renames what the user takes to an app. The copy is as secret as what it was made of.
pub fn setup_to_wit(setup: &TotpSetup) -> enrollment::TotpSetup {
    enrollment::TotpSetup {
        secret: setup.secret.expose().into(),
        grouped_key: setup.grouped_key.expose().into(),
        uri: setup.uri.expose().into(),
        expires_at: setup.expires_at.as_seconds(),
        attempts_left: setup.attempts_left,
    }
}

/// Renames what became of a confirming code.
pub fn confirmation_to_wit(confirmation: Confirmation) -> enrollment::ConfirmVerdict {
    match confirmation {
        Confirmation::Accepted(assertion, issued) => {
            enrollment::ConfirmVerdict::Accepted(enrollment::Confirmation {
                assertion: assertion_to_wit(assertion),
                recovery_code: issued.map(|it| issued_to_wit(&it)),
            })
        }
        Confirmation::Rejected(it) => enrollment::ConfirmVerdict::Rejected(rejection(it)),
    }
}

/// Renames what became of a code.
pub fn verdict_to_wit(verdict: Verdict) -> verification::VerifyVerdict {
    match verdict {
        Verdict::Done(assertion) => verification::VerifyVerdict::Accepted(
            verification::Verified::Done(assertion_to_wit(assertion)),
        ),
        Verdict::Enroll(offer) => verification::VerifyVerdict::Accepted(
            verification::Verified::Enroll(offer_to_wit(&offer)),
        ),
        Verdict::Rejected(it) => verification::VerifyVerdict::Rejected(rejection(it)),
    }
}

/// Renames what became of a recovery code.
pub fn presented_to_wit(presented: Presented) -> recovery::PresentVerdict {
    match presented {
        Presented::Accepted(offer) => recovery::PresentVerdict::Accepted(offer_to_wit(&offer)),
        Presented::Rejected(it) => recovery::PresentVerdict::Rejected(rejection(it)),
    }
}

/// Renames what is known of a message.
pub fn receipt_to_wit((receipt, outcome): (Receipt, Outcome)) -> wit::Receipt {
    wit::Receipt {
        masked: receipt.masked,
        expires_at: receipt.good_until.as_seconds(),
        resend_at: receipt.resend_at.as_seconds(),
        sends_left: receipt.sends_left,
        state: match outcome {
            Outcome::Sent => wit::SendState::Sent,
            Outcome::AlreadySent => wit::SendState::AlreadySent,
            Outcome::Failed(_) => wit::SendState::Failed,
            Outcome::Unknown => wit::SendState::Unknown,
        },
    }
}

/// Renames a recovery code. The copy is as secret as what it was made of.
pub fn issued_to_wit(issued: &IssuedRecovery) -> wit::RecoveryCode {
    wit::RecoveryCode {
        id: issued.id.clone(),
        code: issued.code.grouped().expose().into(),
    }
}

/// Renames what is known of a user.
pub fn status_to_wit(status: UserStatus) -> administration::UserStatus {
    administration::UserStatus {
        known: status.known,
        erased: status.erased,
        epoch: status.epoch,
        ever_enrolled: status.ever_enrolled,
        factors: status
            .factors
            .into_iter()
            .map(|factor| administration::FactorStatus {
                method: method(factor.method),
                factor_id: factor.id,
                hint: factor.hint,
                confirmed_at: factor.confirmed_at.as_seconds(),
                used_at: factor.used_at.map(Instant::as_seconds),
                state: match factor.readiness {
                    Readiness::Usable => wit::MethodState::Usable,
                    Readiness::Resting(until) => wit::MethodState::WaitUntil(until.as_seconds()),
                    Readiness::Disabled => wit::MethodState::Disabled,
                },
                preferred: factor.preferred,
                streak: factor.streak,
                unredeemed: factor.unredeemed,
            })
            .collect(),
        recovery: status.recovery.map(|code| administration::RecoveryStatus {
            id: code.id,
            issued_at: code.issued_at.as_seconds(),
            acknowledged: code.acknowledged,
        }),
        devices: status
            .devices
            .into_iter()
            .map(|device| administration::DeviceStatus {
                id: device.id,
                trusted_at: device.trusted_at.as_seconds(),
                expires_at: device.expires_at.as_seconds(),
            })
            .collect(),
        tickets: u32::try_from(status.tickets).unwrap_or(u32::MAX),
        change_first_factor: status.change_first_factor,
    }
}

/// Renames what a sign-in would come to, with the part that each company has in it.
pub fn preview_to_wit(
    preview: Preview,
    affiliations: Vec<Affiliation>,
) -> administration::PreviewReport {
    administration::PreviewReport {
        outlook: match preview.outlook {
            Outlook::Allow(reason) => administration::Outlook::Allow(allowed(reason)),
            Outlook::Challenge => administration::Outlook::Challenge,
            Outlook::Enroll { required } => administration::Outlook::Enroll(required),
            Outlook::Deny(reason) => administration::Outlook::Deny(denial(reason)),
        },
        deadline: preview.deadline.map(Instant::as_seconds),
        methods: methods(preview.methods),
        companies: affiliations
            .into_iter()
            .map(|it| administration::CompanyPart {
                counts: it.counts(),
                deadline: it
                    .policy
                    .deadline()
                    .map(|deadline| deadline.at.as_seconds()),
                company: it.company.to_string(),
                policy_of: it.policy_of.to_string(),
            })
            .collect(),
    }
}

fn assertion_to_wit(assertion: Assertion) -> wit::Assertion {
    wit::Assertion {
        amr: assertion.amr().into_iter().map(Into::into).collect(),
        user: assertion.user.as_str().into(),
        purpose: purpose(assertion.purpose),
        method: method(assertion.method),
        proof: match assertion.proof {
            Proof::Factor => wit::Proof::Factor,
            Proof::Enrollment => wit::Proof::Enrollment,
            Proof::Recovery => wit::Proof::Recovery,
        },
        factor_at: assertion.factor_at.as_seconds(),
        epoch: assertion.epoch,
        valid_until: assertion.valid_until.as_seconds(),
        recovery: match assertion.recovery {
            RecoveryState::None => wit::RecoveryState::None,
            RecoveryState::Unacknowledged => wit::RecoveryState::Unacknowledged,
            RecoveryState::Acknowledged => wit::RecoveryState::Acknowledged,
        },
        device_token: assertion.device_token.map(|it| it.expose().into()),
        fresh_binding: assertion.fresh_binding.map(Instant::as_seconds),
        next_ticket: assertion.next.map(|next| next_ticket(&next)),
    }
}

fn next_ticket(next: &NextTicket) -> wit::NextTicket {
    wit::NextTicket {
        ticket: next.ticket.expose().into(),
        start_until: next.start_until.as_seconds(),
        expires_at: next.expires_at.as_seconds(),
    }
}

fn sent_to_wit(sent: &SentView) -> sign_in::SentCode {
    sign_in::SentCode {
        expires_at: sent.good_until.as_seconds(),
        resend_at: sent.resend_at.as_seconds(),
        sends_left: sent.sends_left,
    }
}

fn allowance_to_wit(allowance: Allowance) -> sign_in::Allowance {
    sign_in::Allowance {
        reason: allowed(allowance.reason),
        notice: allowance.notice.map(|notice| sign_in::Notice {
            deadline: notice.deadline.as_seconds(),
            zone: notice.zone,
            days_left: notice.days_left,
        }),
        epoch: allowance.epoch,
        valid_until: allowance.valid_until.as_seconds(),
        device_token: allowance.device_token.map(|it| it.expose().into()),
    }
}

fn challenge_to_wit(challenge: &Challenge) -> sign_in::Challenge {
    sign_in::Challenge {
        ticket: challenge.ticket.expose().into(),
        expires_at: challenge.expires_at.as_seconds(),
        methods: offered_list(challenge.methods.clone()),
        recovery_available: challenge.recovery_available,
    }
}

fn offer_to_wit(offer: &EnrollOffer) -> wit::EnrollOffer {
    wit::EnrollOffer {
        ticket: offer.ticket.expose().into(),
        expires_at: offer.expires_at.as_seconds(),
        methods: methods(offer.methods.clone()),
        required: offer.required,
        deadline: offer.deadline.map(Instant::as_seconds),
    }
}

fn offered_list(offers: Vec<Offered>) -> Vec<wit::OfferedMethod> {
    offers
        .into_iter()
        .map(|offer| wit::OfferedMethod {
            method: method(offer.method),
            hint: offer.hint,
            preferred: offer.preferred,
            state: match offer.state {
                OfferedState::Usable => wit::MethodState::Usable,
                OfferedState::WaitUntil(until) => wit::MethodState::WaitUntil(until.as_seconds()),
                OfferedState::Disabled => wit::MethodState::Disabled,
                OfferedState::NotOffered => wit::MethodState::NotOffered,
            },
        })
        .collect()
}

fn rejection(rejection: Rejection) -> wit::Rejection {
    wit::Rejection {
        reason: match rejection.reason {
            Reason::Wrong => wit::RejectReason::Wrong,
            Reason::CodeExpired => wit::RejectReason::CodeExpired,
        },
        attempts_left: rejection.attempts_left,
        retry_at: rejection.retry_at.map(Instant::as_seconds),
    }
}

fn purpose(purpose: Purpose) -> wit::Purpose {
    match purpose {
        Purpose::SignIn => wit::Purpose::SignIn,
        Purpose::ManageFactors => wit::Purpose::ManageFactors,
        Purpose::StepUp(binding) => wit::Purpose::StepUp(binding),
    }
}

pub(super) fn methods(list: Vec<Method>) -> Vec<wit::Method> {
    list.into_iter().map(method).collect()
}

pub(super) fn method(method: Method) -> wit::Method {
    match method {
        Method::Totp => wit::Method::Totp,
        Method::Sms => wit::Method::Sms,
    }
}

fn allowed(reason: Allowed) -> sign_in::AllowReason {
    match reason {
        Allowed::ModeOff => sign_in::AllowReason::ModeOff,
        Allowed::NotEnrolled => sign_in::AllowReason::NotEnrolled,
        Allowed::Exempt => sign_in::AllowReason::Exempt,
        Allowed::TrustedDevice => sign_in::AllowReason::TrustedDevice,
    }
}

fn denial(reason: Denial) -> sign_in::DenyReason {
    match reason {
        Denial::ContactAdmin => sign_in::DenyReason::ContactAdmin,
        Denial::ModeOff => sign_in::DenyReason::ModeOff,
        Denial::FirstFactorTooOld => sign_in::DenyReason::FirstFactorTooOld,
        Denial::BindingNotAttested => sign_in::DenyReason::BindingNotAttested,
        Denial::SameChannel => sign_in::DenyReason::SameChannel,
        Denial::ChangeFirstFactor => sign_in::DenyReason::ChangeFirstFactor,
        Denial::Erased => sign_in::DenyReason::Erased,
    }
}

fn not_permitted(reason: NotPermitted) -> wit::NotPermitted {
    match reason {
        NotPermitted::FactorDisabled => wit::NotPermitted::FactorDisabled,
        NotPermitted::NoSuchFactor => wit::NotPermitted::NoSuchFactor,
        NotPermitted::MethodNotAllowed => wit::NotPermitted::MethodNotAllowed,
        NotPermitted::NotPending => wit::NotPermitted::NotPending,
        NotPermitted::LastFactor => wit::NotPermitted::LastFactor,
        NotPermitted::StartTooLate => wit::NotPermitted::StartTooLate,
        NotPermitted::NoRecoveryCode => wit::NotPermitted::NoRecoveryCode,
        NotPermitted::Oneself => wit::NotPermitted::Oneself,
        NotPermitted::OtherCompany => wit::NotPermitted::OtherCompany,
        NotPermitted::FirstFactorTooOld => wit::NotPermitted::FirstFactorTooOld,
        NotPermitted::NotVerified => wit::NotPermitted::NotVerified,
        NotPermitted::OperatorOnly => wit::NotPermitted::OperatorOnly,
        NotPermitted::AlreadyEnrolled => wit::NotPermitted::AlreadyEnrolled,
        NotPermitted::Erased => wit::NotPermitted::Erased,
        NotPermitted::DeadlineNotInFuture => wit::NotPermitted::DeadlineNotInFuture,
        NotPermitted::NumberRefused => wit::NotPermitted::Other("number-refused".into()),
        NotPermitted::CountryNotAllowed => wit::NotPermitted::Other("country-not-allowed".into()),
        NotPermitted::NoCodeSent => wit::NotPermitted::NoCodeSent,
        NotPermitted::SendLimit(until) => wit::NotPermitted::SendLimit(until.as_seconds()),
    }
}
