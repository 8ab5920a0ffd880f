//! The Countersign plugin: a thin component around `countersign-core`.
//!
//! One function for each export: parse what came in, let the core decide inside a transaction, rename what goes out. What
//! the plugin can reach is what `wit/world.wit` imports and nothing else; it has no `std`, and keeps nothing between calls.

#![cfg_attr(target_family = "wasm", no_std)]
#![deny(unsafe_code)]
#![warn(missing_docs)]
// A native build exists for the linters and editors only: it has no exports, so nothing is used.
#![cfg_attr(
    not(target_family = "wasm"),
    allow(dead_code, reason = "only a component exports")
)]

extern crate alloc;

#[cfg(target_family = "wasm")]
#[expect(unsafe_code, reason = "memory and panics of a component without std")]
mod abi;
mod administration;
mod bindings;
mod convert;
mod keys;
mod outbox;
mod transaction;

use alloc::string::String;
use alloc::vec::Vec;

use countersign_core::decision::Decision;
use countersign_core::failure::Failure as CoreFailure;
use countersign_core::secret::Text;
use countersign_core::{company, enrollment, record, recovery, sign_in, verification};

use bindings::countersign::mfa::types::{
    Actor, Company, Failure, Membership, Method, Receipt, RecoveryCode, Ticket, User,
};
use bindings::exports::countersign::mfa as exports;

/// The plugin.
#[derive(Debug)]
pub struct Component;

impl exports::meta::Guest for Component {
    fn describe() -> exports::meta::Description {
        exports::meta::Description {
            name: concat!("countersign ", env!("CARGO_PKG_VERSION")).into(),
            contract: CONTRACT.into(),
            levels: [exports::meta::Level::Core, exports::meta::Level::Extended].into(),
            formats: exports::meta::RecordFormats {
                oldest_read: record::OLDEST_READ,
                newest_read: record::NEWEST_READ,
                written: record::WRITTEN,
            },
        }
    }
}

impl exports::sign_in::Guest for Component {
    fn begin(
        user: User,
        request: exports::sign_in::BeginRequest,
    ) -> Result<exports::sign_in::BeginOutcome, Failure> {
        answer(|| {
            let user = convert::user(&user)?;
            let request = convert::begin_request(request)?;
            let owners = company::owners(&request.memberships, "request.memberships")?;
            transaction::run(&user, &owners, |person, policies, now, keys| {
                let begin = sign_in::Begin {
                    affiliations: policies
                        .affiliate(request.memberships.clone(), "request.memberships")?,
                    first_factor: request.first_factor.clone(),
                    purpose: request.purpose.clone(),
                    device_token: request.device_token.as_ref().map(Text::duplicate),
                    attested: request.attested,
                    known_enrolled: request.known_enrolled,
                };
                sign_in::begin(person, begin, now, keys)
            })
            .map(convert::begun_to_wit)
        })
    }

    fn inspect(user: User, ticket: Ticket) -> Result<exports::sign_in::TicketView, Failure> {
        answer(|| {
            let (user, ticket) = (convert::user(&user)?, convert::ticket(ticket));
            transaction::run(&user, &[], |person, _, now, keys| {
                sign_in::inspect(person, &ticket, now, keys).map(Decision::tell)
            })
            .map(convert::view_to_wit)
        })
    }

    fn assess(
        user: User,
        memberships: Vec<Membership>,
        session: exports::sign_in::Session,
        max_age: Option<u32>,
    ) -> Result<exports::sign_in::Assessment, Failure> {
        answer(|| {
            let user = convert::user(&user)?;
            let memberships = convert::memberships(memberships, "memberships")?;
            let session = convert::session(session, max_age)?;
            let owners = company::owners(&memberships, "memberships")?;
            let now = transaction::now()?;
            let reading = transaction::read(&user, &owners)?;
            let affiliations = reading.policies.affiliate(memberships, "memberships")?;
            let assessment = sign_in::assess(&reading.person, &affiliations, &session, now);
            Ok(convert::assessment_to_wit(assessment))
        })
    }
}

impl exports::enrollment::Guest for Component {
    fn begin_totp(
        user: User,
        ticket: Ticket,
        label: exports::enrollment::Label,
    ) -> Result<exports::enrollment::TotpSetup, Failure> {
        answer(|| {
            let (user, ticket) = (convert::user(&user)?, convert::ticket(ticket));
            let label = convert::label(&label)?;
            transaction::run(&user, &[], |person, _, now, keys| {
                enrollment::begin_totp(person, &ticket, &label, now, keys)
            })
            .map(|setup| convert::setup_to_wit(&setup))
        })
    }

    fn begin_sms(user: User, ticket: Ticket, phone: String) -> Result<Receipt, Failure> {
        answer(|| {
            let (user, ticket) = (convert::user(&user)?, convert::ticket(ticket));
            let number = convert::phone(&phone)?;
            let line = outbox::Line::default();
            let sending = transaction::run(&user, &[], |person, _, now, keys| {
                enrollment::begin_sms(person, &ticket, &number, now, keys, &mut &line)
            })?;
            outbox::send(&user, sending).map(convert::receipt_to_wit)
        })
    }

    fn resend(user: User, ticket: Ticket) -> Result<Receipt, Failure> {
        answer(|| {
            let (user, ticket) = (convert::user(&user)?, convert::ticket(ticket));
            let line = outbox::Line::default();
            let sending = transaction::run(&user, &[], |person, _, now, keys| {
                enrollment::resend(person, &ticket, now, keys, &mut &line)
            })?;
            outbox::send(&user, sending).map(convert::receipt_to_wit)
        })
    }

    fn cancel(user: User, ticket: Ticket, method: Method) -> Result<(), Failure> {
        answer(|| {
            let (user, ticket) = (convert::user(&user)?, convert::ticket(ticket));
            transaction::run(&user, &[], |person, _, now, keys| {
                enrollment::cancel(person, &ticket, convert::method(method), now, keys)
            })
        })
    }

    fn confirm(
        user: User,
        ticket: Ticket,
        method: Method,
        code: String,
    ) -> Result<exports::enrollment::ConfirmVerdict, Failure> {
        answer(|| {
            let (user, ticket) = (convert::user(&user)?, convert::ticket(ticket));
            transaction::run(&user, &[], |person, _, now, keys| {
                enrollment::confirm(person, &ticket, convert::method(method), &code, now, keys)
            })
            .map(convert::confirmation_to_wit)
        })
    }

    fn remove(user: User, ticket: Ticket, method: Method) -> Result<u64, Failure> {
        answer(|| {
            let (user, ticket) = (convert::user(&user)?, convert::ticket(ticket));
            transaction::run(&user, &[], |person, _, now, keys| {
                enrollment::remove(person, &ticket, convert::method(method), now, keys)
            })
        })
    }

    fn prefer(user: User, ticket: Ticket, method: Method) -> Result<(), Failure> {
        answer(|| {
            let (user, ticket) = (convert::user(&user)?, convert::ticket(ticket));
            transaction::run(&user, &[], |person, _, now, keys| {
                enrollment::prefer(person, &ticket, convert::method(method), now, keys)
            })
        })
    }
}

impl exports::verification::Guest for Component {
    fn send_code(user: User, ticket: Ticket) -> Result<Receipt, Failure> {
        answer(|| {
            let (user, ticket) = (convert::user(&user)?, convert::ticket(ticket));
            let line = outbox::Line::default();
            let sending = transaction::run(&user, &[], |person, _, now, keys| {
                verification::send_code(person, &ticket, now, keys, &mut &line)
            })?;
            outbox::send(&user, sending).map(convert::receipt_to_wit)
        })
    }

    fn verify(
        user: User,
        ticket: Ticket,
        method: Method,
        code: String,
        remember: bool,
    ) -> Result<exports::verification::VerifyVerdict, Failure> {
        answer(|| {
            let (user, ticket) = (convert::user(&user)?, convert::ticket(ticket));
            let attempt = verification::Attempt {
                method: convert::method(method),
                typed: &code,
                remember,
            };
            transaction::run(&user, &[], |person, _, now, keys| {
                verification::verify(person, &ticket, &attempt, now, keys)
            })
            .map(convert::verdict_to_wit)
        })
    }
}

impl exports::recovery::Guest for Component {
    fn present(
        user: User,
        ticket: Ticket,
        code: String,
    ) -> Result<exports::recovery::PresentVerdict, Failure> {
        answer(|| {
            let (user, ticket) = (convert::user(&user)?, convert::ticket(ticket));
            transaction::run(&user, &[], |person, _, now, keys| {
                recovery::present(person, &ticket, &code, now, keys)
            })
            .map(convert::presented_to_wit)
        })
    }

    fn issue(user: User, ticket: Ticket) -> Result<RecoveryCode, Failure> {
        answer(|| {
            let (user, ticket) = (convert::user(&user)?, convert::ticket(ticket));
            transaction::run(&user, &[], |person, _, now, keys| {
                recovery::issue(person, &ticket, now, keys)
            })
            .map(|issued| convert::issued_to_wit(&issued))
        })
    }

    fn acknowledge(user: User, code_id: String) -> Result<(), Failure> {
        answer(|| {
            let (user, code_id) = (convert::user(&user)?, convert::code_id(&code_id)?);
            transaction::run(&user, &[], |person, _, _, _| {
                recovery::acknowledge(person, &code_id)
            })
        })
    }
}

impl exports::policy::Guest for Component {
    fn get(company: Company) -> Result<Option<exports::policy::StoredPolicy>, Failure> {
        answer(|| {
            let company = convert::company(&company, "company")?;
            Ok(transaction::read_policy(&company)?.map(convert::policy_to_wit))
        })
    }

    fn put(
        company: Company,
        policy: exports::policy::Policy,
        expected: Option<u64>,
        actor: Actor,
        enforce_now: bool,
    ) -> Result<u64, Failure> {
        answer(|| {
            let company = convert::company(&company, "company")?;
            let policy = convert::policy(policy)?;
            let actor = convert::actor(actor)?;
            let put = |stored, now| {
                let ask = countersign_core::policy::Put {
                    policy: policy.clone(),
                    expected,
                    actor: actor.clone(),
                    enforce_now,
                };
                countersign_core::policy::put(&company, stored, ask, now)
            };
            Ok(transaction::replace_policy(&company, put)?.revision)
        })
    }
}

/// Carries out a call, and renames its failure.
fn answer<R>(call: impl FnOnce() -> Result<R, CoreFailure>) -> Result<R, Failure> {
    call().map_err(convert::failure_to_wit)
}

/// The version of the contract that this plugin is built for.
const CONTRACT: &str = "0.1.0";
