//! What comes next for a user who passed the first factor: the contract's `sign-in`.

use alloc::vec::Vec;

use countersign_core::company;
use countersign_core::decision::Decision;
use countersign_core::secret::Text;
use countersign_core::sign_in as core;

use crate::types::{Failure, Membership, Ticket, User};
use crate::{answer, convert, transaction};

pub use crate::bindings::exports::countersign::mfa::sign_in::{
    AllowReason, Allowance, Assessment, BeginOutcome, BeginRequest, Challenge, DenyReason, Guest,
    Notice, Pending, SentCode, Session, Stage, TicketView,
};

/// Decides what comes next, and mints a ticket where something does.
///
/// It neither checks a password nor opens a session: the gateway did the one, and does the other by the answer.
///
/// # Errors
///
/// Returns what the contract names for `sign-in.begin`; nobody may be let in for it.
///
/// # Examples
///
/// A plugin that asks for a phone of nobody who signs in by a link in an e-mail:
///
/// ```no_run
/// use countersign_sdk::sign_in::{self, BeginOutcome, BeginRequest, DenyReason};
/// use countersign_sdk::types::{Channel, Failure, User};
///
/// fn begin(user: User, request: BeginRequest) -> Result<BeginOutcome, Failure> {
///     if matches!(request.first_factor.channel, Channel::Email) {
///         return Ok(BeginOutcome::Deny(DenyReason::Other("no-links".into())));
///     }
///     sign_in::begin(user, request)
/// }
/// # let _ = begin;
/// ```
pub fn begin(user: User, request: BeginRequest) -> Result<BeginOutcome, Failure> {
    answer(|| {
        let user = convert::user(&user)?;
        let request = convert::begin_request(request)?;
        let owners = company::owners(&request.memberships, "request.memberships")?;
        transaction::run(&user, &owners, |person, policies, now, keys| {
            let begin = core::Begin {
                affiliations: policies
                    .affiliate(request.memberships.clone(), "request.memberships")?,
                first_factor: request.first_factor.clone(),
                purpose: request.purpose.clone(),
                device_token: request.device_token.as_ref().map(Text::duplicate),
                attested: request.attested,
                known_enrolled: request.known_enrolled,
            };
            core::begin(person, begin, now, keys)
        })
        .map(convert::begun_to_wit)
    })
}

/// Shows where a ticket has got to, and changes nothing.
///
/// # Errors
///
/// Returns what the contract names for `sign-in.inspect`, such as a ticket that is over.
pub fn inspect(user: User, ticket: Ticket) -> Result<TicketView, Failure> {
    answer(|| {
        let (user, ticket) = (convert::user(&user)?, convert::ticket(ticket));
        transaction::run(&user, &[], |person, _, now, keys| {
            core::inspect(person, &ticket, now, keys).map(Decision::tell)
        })
        .map(convert::view_to_wit)
    })
}

/// Says what becomes of an open session under the policies and factors of now. Reads, and writes nothing.
///
/// # Errors
///
/// Returns what the contract names for `sign-in.assess`.
pub fn assess(
    user: User,
    memberships: Vec<Membership>,
    session: Session,
    max_age: Option<u32>,
) -> Result<Assessment, Failure> {
    answer(|| {
        let user = convert::user(&user)?;
        let memberships = convert::memberships(memberships, "memberships")?;
        let session = convert::session(session, max_age)?;
        let owners = company::owners(&memberships, "memberships")?;
        let now = transaction::now()?;
        let reading = transaction::read(&user, &owners)?;
        let affiliations = reading.policies.affiliate(memberships, "memberships")?;
        let assessment = core::assess(&reading.person, &affiliations, &session, now);
        Ok(convert::assessment_to_wit(assessment))
    })
}
