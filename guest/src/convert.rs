//! Between the contract's words and the core's.
//!
//! [`input`] parses: what it returns is within its bounds, or a failure that names the field. [`output`] and [`event`]
//! only rename.

mod event;
mod input;
mod output;
mod policy;

pub(crate) use event::event_to_wit;
pub(crate) use input::{
    actor, begin_request, code_id, company, first_factor, label, memberships, method, phone,
    purpose, revocable, session, ticket, user,
};
pub(crate) use output::{
    assessment_to_wit, begun_to_wit, confirmation_to_wit, failure_to_wit, issued_to_wit,
    presented_to_wit, preview_to_wit, receipt_to_wit, setup_to_wit, status_to_wit, verdict_to_wit,
    view_to_wit,
};
pub(crate) use policy::{policy, policy_to_wit};
