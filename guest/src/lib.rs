//! The Countersign plugin: every function of the contract, as `countersign-sdk` has it.
//!
//! What the plugin can reach is what `wit/world.wit` imports and nothing else; it has no `std`, and keeps nothing between
//! calls.

#![cfg_attr(target_family = "wasm", no_std)]
#![deny(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;

use alloc::string::String;
use alloc::vec::Vec;

use countersign_sdk::types::{
    Actor, Company, Failure, FirstFactor, Membership, Method, Purpose, Receipt, RecoveryCode,
    Ticket, User,
};
use countersign_sdk::{administration, enrollment, meta, policy, recovery, sign_in, verification};

/// The plugin.
#[derive(Debug)]
pub struct Component;

countersign_sdk::export!(Component);

impl meta::Guest for Component {
    fn describe() -> meta::Description {
        meta::describe(
            concat!("countersign ", env!("CARGO_PKG_VERSION")),
            &[meta::Level::Core, meta::Level::Extended],
        )
    }
}

impl sign_in::Guest for Component {
    fn begin(user: User, request: sign_in::BeginRequest) -> Result<sign_in::BeginOutcome, Failure> {
        sign_in::begin(user, request)
    }

    fn inspect(user: User, ticket: Ticket) -> Result<sign_in::TicketView, Failure> {
        sign_in::inspect(user, ticket)
    }

    fn assess(
        user: User,
        memberships: Vec<Membership>,
        session: sign_in::Session,
        max_age: Option<u32>,
    ) -> Result<sign_in::Assessment, Failure> {
        sign_in::assess(user, memberships, session, max_age)
    }
}

impl enrollment::Guest for Component {
    fn begin_totp(
        user: User,
        ticket: Ticket,
        label: enrollment::Label,
    ) -> Result<enrollment::TotpSetup, Failure> {
        enrollment::begin_totp(user, ticket, label)
    }

    fn begin_sms(user: User, ticket: Ticket, phone: String) -> Result<Receipt, Failure> {
        enrollment::begin_sms(user, ticket, phone)
    }

    fn resend(user: User, ticket: Ticket) -> Result<Receipt, Failure> {
        enrollment::resend(user, ticket)
    }

    fn cancel(user: User, ticket: Ticket, method: Method) -> Result<(), Failure> {
        enrollment::cancel(user, ticket, method)
    }

    fn confirm(
        user: User,
        ticket: Ticket,
        method: Method,
        code: String,
    ) -> Result<enrollment::ConfirmVerdict, Failure> {
        enrollment::confirm(user, ticket, method, code)
    }

    fn remove(user: User, ticket: Ticket, method: Method) -> Result<u64, Failure> {
        enrollment::remove(user, ticket, method)
    }

    fn prefer(user: User, ticket: Ticket, method: Method) -> Result<(), Failure> {
        enrollment::prefer(user, ticket, method)
    }
}

impl verification::Guest for Component {
    fn send_code(user: User, ticket: Ticket) -> Result<Receipt, Failure> {
        verification::send_code(user, ticket)
    }

    fn verify(
        user: User,
        ticket: Ticket,
        method: Method,
        code: String,
        remember: bool,
    ) -> Result<verification::VerifyVerdict, Failure> {
        verification::verify(user, ticket, method, code, remember)
    }
}

impl recovery::Guest for Component {
    fn present(
        user: User,
        ticket: Ticket,
        code: String,
    ) -> Result<recovery::PresentVerdict, Failure> {
        recovery::present(user, ticket, code)
    }

    fn issue(user: User, ticket: Ticket) -> Result<RecoveryCode, Failure> {
        recovery::issue(user, ticket)
    }

    fn acknowledge(user: User, code_id: String) -> Result<(), Failure> {
        recovery::acknowledge(user, code_id)
    }
}

impl policy::Guest for Component {
    fn get(company: Company) -> Result<Option<policy::StoredPolicy>, Failure> {
        policy::get(company)
    }

    fn put(
        company: Company,
        policy: policy::Policy,
        expected: Option<u64>,
        actor: Actor,
        enforce_now: bool,
    ) -> Result<u64, Failure> {
        policy::put(company, policy, expected, actor, enforce_now)
    }
}

impl administration::Guest for Component {
    fn status(user: User) -> Result<administration::UserStatus, Failure> {
        administration::status(user)
    }

    fn preview(
        user: User,
        memberships: Vec<Membership>,
        first_factor: FirstFactor,
        purpose: Purpose,
        hypothetical: Option<administration::Hypothetical>,
        at: u64,
    ) -> Result<administration::PreviewReport, Failure> {
        administration::preview(user, memberships, first_factor, purpose, hypothetical, at)
    }

    fn reset(
        user: User,
        memberships: Vec<Membership>,
        company: Option<Company>,
        actor: Actor,
        identity_verified: bool,
        reason: String,
    ) -> Result<u64, Failure> {
        administration::reset(user, memberships, company, actor, identity_verified, reason)
    }

    fn unlock(user: User, method: Method, actor: Actor) -> Result<(), Failure> {
        administration::unlock(user, method, actor)
    }

    fn add_totp(user: User, uri: String, mark: Option<u64>, actor: Actor) -> Result<u64, Failure> {
        administration::add_totp(user, uri, mark, actor)
    }

    fn revoke(user: User, actor: Actor, what: administration::Revocable) -> Result<(), Failure> {
        administration::revoke(user, actor, what)
    }

    fn first_factor_changed(user: User) -> Result<(), Failure> {
        administration::first_factor_changed(user)
    }

    fn erase(user: User, actor: Actor) -> Result<(), Failure> {
        administration::erase(user, actor)
    }
}
