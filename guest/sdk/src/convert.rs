//! Between the contract's words and the core's.
//!
//! What takes a word of the contract parses: what it returns is within its bounds, or a failure that names the field.
//! What ends in `_to_wit` only renames.

mod event;
mod input;
mod output;
mod policy;

pub(crate) use event::event_to_wit;
pub use input::{
    BeginRequest, actor, begin_request, code_id, company, first_factor, label, memberships, method,
    phone, purpose, revocable, session, ticket, user,
};
pub use output::{
    assessment_to_wit, begun_to_wit, confirmation_to_wit, failure_to_wit, issued_to_wit,
    presented_to_wit, preview_to_wit, receipt_to_wit, setup_to_wit, status_to_wit, verdict_to_wit,
    view_to_wit,
};
pub use policy::{policy, policy_to_wit};
