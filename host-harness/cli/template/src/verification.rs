//! Showing a factor.

use alloc::string::String;

use countersign_sdk::not_implemented;
use countersign_sdk::types::{Failure, Method, Receipt, Ticket, User};
use countersign_sdk::verification::{Guest, VerifyVerdict};

use crate::Plugin;

impl Guest for Plugin {
    fn send_code(_: User, _: Ticket) -> Result<Receipt, Failure> {
        Err(not_implemented())
    }

    fn verify(_: User, _: Ticket, _: Method, _: String, _: bool) -> Result<VerifyVerdict, Failure> {
        Err(not_implemented())
    }
}
