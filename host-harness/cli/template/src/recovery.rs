//! The way back for who lost every factor.

use alloc::string::String;

use countersign_sdk::not_implemented;
use countersign_sdk::recovery::{Guest, PresentVerdict};
use countersign_sdk::types::{Failure, RecoveryCode, Ticket, User};

use crate::Plugin;

impl Guest for Plugin {
    fn present(_: User, _: Ticket, _: String) -> Result<PresentVerdict, Failure> {
        Err(not_implemented())
    }

    fn issue(_: User, _: Ticket) -> Result<RecoveryCode, Failure> {
        Err(not_implemented())
    }

    fn acknowledge(_: User, _: String) -> Result<(), Failure> {
        Err(not_implemented())
    }
}
