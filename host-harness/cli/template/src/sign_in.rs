//! What comes next for a user who passed the first factor.

use alloc::vec::Vec;

use countersign_sdk::not_implemented;
use countersign_sdk::sign_in::{
    Assessment, BeginOutcome, BeginRequest, Guest, Session, TicketView,
};
use countersign_sdk::types::{Failure, Membership, Ticket, User};

use crate::Plugin;

impl Guest for Plugin {
    fn begin(_: User, _: BeginRequest) -> Result<BeginOutcome, Failure> {
        Err(not_implemented())
    }

    fn inspect(_: User, _: Ticket) -> Result<TicketView, Failure> {
        Err(not_implemented())
    }

    fn assess(
        _: User,
        _: Vec<Membership>,
        _: Session,
        _: Option<u32>,
    ) -> Result<Assessment, Failure> {
        Err(not_implemented())
    }
}
