//! The exports: where a script comes in, and what the probe does not have.

use alloc::string::String;
use alloc::vec::Vec;

use countersign_sdk::types::{
    Actor, Company, Failure, FirstFactor, Membership, Method, Purpose, Receipt, RecoveryCode,
    Ticket, User,
};
use countersign_sdk::{
    administration, enrollment, not_implemented, policy, recovery, sign_in, verification,
};

use crate::{Probe, carry_out};

impl sign_in::Guest for Probe {
    fn begin(_: User, _: sign_in::BeginRequest) -> Result<sign_in::BeginOutcome, Failure> {
        Err(not_implemented())
    }

    fn inspect(_: User, _: Ticket) -> Result<sign_in::TicketView, Failure> {
        Err(not_implemented())
    }

    fn assess(
        _: User,
        _: Vec<Membership>,
        _: sign_in::Session,
        _: Option<u32>,
    ) -> Result<sign_in::Assessment, Failure> {
        Err(not_implemented())
    }
}

impl enrollment::Guest for Probe {
    fn begin_totp(
        _: User,
        _: Ticket,
        _: enrollment::Label,
    ) -> Result<enrollment::TotpSetup, Failure> {
        Err(not_implemented())
    }

    fn begin_sms(_: User, ticket: Ticket, _: String) -> Result<Receipt, Failure> {
        Err(carry_out(&ticket))
    }

    fn resend(_: User, _: Ticket) -> Result<Receipt, Failure> {
        Err(not_implemented())
    }

    fn cancel(_: User, _: Ticket, _: Method) -> Result<(), Failure> {
        Err(not_implemented())
    }

    fn confirm(
        _: User,
        _: Ticket,
        _: Method,
        _: String,
    ) -> Result<enrollment::ConfirmVerdict, Failure> {
        Err(not_implemented())
    }

    fn remove(_: User, _: Ticket, _: Method) -> Result<u64, Failure> {
        Err(not_implemented())
    }

    fn prefer(_: User, _: Ticket, _: Method) -> Result<(), Failure> {
        Err(not_implemented())
    }
}

impl verification::Guest for Probe {
    fn send_code(_: User, _: Ticket) -> Result<Receipt, Failure> {
        Err(not_implemented())
    }

    fn verify(
        _: User,
        _: Ticket,
        _: Method,
        _: String,
        _: bool,
    ) -> Result<verification::VerifyVerdict, Failure> {
        Err(not_implemented())
    }
}

impl recovery::Guest for Probe {
    fn present(_: User, _: Ticket, _: String) -> Result<recovery::PresentVerdict, Failure> {
        Err(not_implemented())
    }

    fn issue(_: User, _: Ticket) -> Result<RecoveryCode, Failure> {
        Err(not_implemented())
    }

    fn acknowledge(_: User, _: String) -> Result<(), Failure> {
        Err(not_implemented())
    }
}

impl policy::Guest for Probe {
    fn get(company: Company) -> Result<Option<policy::StoredPolicy>, Failure> {
        Err(carry_out(&company))
    }

    fn put(
        _: Company,
        policy: policy::Policy,
        _: Option<u64>,
        _: Actor,
        _: bool,
    ) -> Result<u64, Failure> {
        Err(carry_out(
            policy.trusted_providers.first().map_or("", String::as_str),
        ))
    }
}

impl administration::Guest for Probe {
    fn status(_: User) -> Result<administration::UserStatus, Failure> {
        Err(not_implemented())
    }

    fn preview(
        _: User,
        _: Vec<Membership>,
        _: FirstFactor,
        _: Purpose,
        _: Option<administration::Hypothetical>,
        _: u64,
    ) -> Result<administration::PreviewReport, Failure> {
        Err(not_implemented())
    }

    fn reset(
        _: User,
        _: Vec<Membership>,
        _: Option<Company>,
        _: Actor,
        _: bool,
        reason: String,
    ) -> Result<u64, Failure> {
        Err(carry_out(&reason))
    }

    fn unlock(_: User, _: Method, _: Actor) -> Result<(), Failure> {
        Err(not_implemented())
    }

    fn add_totp(_: User, _: String, _: Option<u64>, _: Actor) -> Result<u64, Failure> {
        Err(not_implemented())
    }

    fn revoke(_: User, _: Actor, _: administration::Revocable) -> Result<(), Failure> {
        Err(not_implemented())
    }

    fn first_factor_changed(_: User) -> Result<(), Failure> {
        Err(not_implemented())
    }

    fn erase(_: User, _: Actor) -> Result<(), Failure> {
        Err(not_implemented())
    }
}
