//! Setting up, changing and removing factors.

use alloc::string::String;

use countersign_sdk::enrollment::{ConfirmVerdict, Guest, Label, TotpSetup};
use countersign_sdk::not_implemented;
use countersign_sdk::types::{Failure, Method, Receipt, Ticket, User};

use crate::Plugin;

impl Guest for Plugin {
    fn begin_totp(_: User, _: Ticket, _: Label) -> Result<TotpSetup, Failure> {
        Err(not_implemented())
    }

    fn begin_sms(_: User, _: Ticket, _: String) -> Result<Receipt, Failure> {
        Err(not_implemented())
    }

    fn resend(_: User, _: Ticket) -> Result<Receipt, Failure> {
        Err(not_implemented())
    }

    fn cancel(_: User, _: Ticket, _: Method) -> Result<(), Failure> {
        Err(not_implemented())
    }

    fn confirm(_: User, _: Ticket, _: Method, _: String) -> Result<ConfirmVerdict, Failure> {
        Err(not_implemented())
    }

    fn remove(_: User, _: Ticket, _: Method) -> Result<u64, Failure> {
        Err(not_implemented())
    }

    fn prefer(_: User, _: Ticket, _: Method) -> Result<(), Failure> {
        Err(not_implemented())
    }
}
