//! The exports: where a script comes in. No function of the contract is without one, since what a call may reach
//! depends on its function.

use alloc::string::String;
use alloc::vec::Vec;

use countersign_sdk::types::{
    Actor, Company, Failure, FirstFactor, FirstFactorKind, Membership, Method, Purpose, Receipt,
    RecoveryCode, Ticket, User,
};
use countersign_sdk::{administration, enrollment, policy, recovery, sign_in, verification};

use crate::{Probe, carry_out};

impl sign_in::Guest for Probe {
    fn begin(_: User, request: sign_in::BeginRequest) -> Result<sign_in::BeginOutcome, Failure> {
        Err(carry_out(provider(&request.first_factor)))
    }

    fn inspect(_: User, ticket: Ticket) -> Result<sign_in::TicketView, Failure> {
        Err(carry_out(&ticket))
    }

    fn assess(
        _: User,
        _: Vec<Membership>,
        session: sign_in::Session,
        _: Option<u32>,
    ) -> Result<sign_in::Assessment, Failure> {
        Err(carry_out(provider(&session.first_factor)))
    }
}

impl enrollment::Guest for Probe {
    fn begin_totp(
        _: User,
        ticket: Ticket,
        _: enrollment::Label,
    ) -> Result<enrollment::TotpSetup, Failure> {
        Err(carry_out(&ticket))
    }

    fn begin_sms(_: User, ticket: Ticket, _: String) -> Result<Receipt, Failure> {
        Err(carry_out(&ticket))
    }

    fn resend(_: User, ticket: Ticket) -> Result<Receipt, Failure> {
        Err(carry_out(&ticket))
    }

    fn cancel(_: User, ticket: Ticket, _: Method) -> Result<(), Failure> {
        Err(carry_out(&ticket))
    }

    fn confirm(
        _: User,
        ticket: Ticket,
        _: Method,
        _: String,
    ) -> Result<enrollment::ConfirmVerdict, Failure> {
        Err(carry_out(&ticket))
    }

    fn remove(_: User, ticket: Ticket, _: Method) -> Result<u64, Failure> {
        Err(carry_out(&ticket))
    }

    fn prefer(_: User, ticket: Ticket, _: Method) -> Result<(), Failure> {
        Err(carry_out(&ticket))
    }
}

impl verification::Guest for Probe {
    fn send_code(_: User, ticket: Ticket) -> Result<Receipt, Failure> {
        Err(carry_out(&ticket))
    }

    fn verify(
        _: User,
        ticket: Ticket,
        _: Method,
        _: String,
        _: bool,
    ) -> Result<verification::VerifyVerdict, Failure> {
        Err(carry_out(&ticket))
    }
}

impl recovery::Guest for Probe {
    fn present(_: User, ticket: Ticket, _: String) -> Result<recovery::PresentVerdict, Failure> {
        Err(carry_out(&ticket))
    }

    fn issue(_: User, ticket: Ticket) -> Result<RecoveryCode, Failure> {
        Err(carry_out(&ticket))
    }

    fn acknowledge(_: User, code_id: String) -> Result<(), Failure> {
        Err(carry_out(&code_id))
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
    fn status(user: User) -> Result<administration::UserStatus, Failure> {
        Err(carry_out(&user))
    }

    fn preview(
        _: User,
        _: Vec<Membership>,
        first_factor: FirstFactor,
        _: Purpose,
        _: Option<administration::Hypothetical>,
        _: u64,
    ) -> Result<administration::PreviewReport, Failure> {
        Err(carry_out(provider(&first_factor)))
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

    fn unlock(_: User, _: Method, actor: Actor) -> Result<(), Failure> {
        Err(carry_out(named(&actor)))
    }

    fn add_totp(_: User, uri: String, _: Option<u64>, _: Actor) -> Result<u64, Failure> {
        Err(carry_out(&uri))
    }

    fn revoke(_: User, actor: Actor, _: administration::Revocable) -> Result<(), Failure> {
        Err(carry_out(named(&actor)))
    }

    fn first_factor_changed(user: User) -> Result<(), Failure> {
        Err(carry_out(&user))
    }

    fn erase(_: User, actor: Actor) -> Result<(), Failure> {
        Err(carry_out(named(&actor)))
    }
}

fn provider(first_factor: &FirstFactor) -> &str {
    match &first_factor.kind {
        FirstFactorKind::Federated(provider) => provider,
        _ => "",
    }
}

fn named(actor: &Actor) -> &str {
    match actor {
        Actor::User(id) | Actor::Operator(id) => id,
    }
}
