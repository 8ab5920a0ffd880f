//! What operators and admins see and do.

use alloc::string::String;
use alloc::vec::Vec;

use countersign_sdk::administration::{
    Guest, Hypothetical, PreviewReport, Revocable, UserStatus,
};
use countersign_sdk::not_implemented;
use countersign_sdk::types::{
    Actor, Company, Failure, FirstFactor, Membership, Method, Purpose, User,
};

use crate::Plugin;

impl Guest for Plugin {
    fn status(_: User) -> Result<UserStatus, Failure> {
        Err(not_implemented())
    }

    fn preview(
        _: User,
        _: Vec<Membership>,
        _: FirstFactor,
        _: Purpose,
        _: Option<Hypothetical>,
        _: u64,
    ) -> Result<PreviewReport, Failure> {
        Err(not_implemented())
    }

    fn reset(
        _: User,
        _: Vec<Membership>,
        _: Option<Company>,
        _: Actor,
        _: bool,
        _: String,
    ) -> Result<u64, Failure> {
        Err(not_implemented())
    }

    fn unlock(_: User, _: Method, _: Actor) -> Result<(), Failure> {
        Err(not_implemented())
    }

    fn add_totp(_: User, _: String, _: Option<u64>, _: Actor) -> Result<u64, Failure> {
        Err(not_implemented())
    }

    fn revoke(_: User, _: Actor, _: Revocable) -> Result<(), Failure> {
        Err(not_implemented())
    }

    fn first_factor_changed(_: User) -> Result<(), Failure> {
        Err(not_implemented())
    }

    fn erase(_: User, _: Actor) -> Result<(), Failure> {
        Err(not_implemented())
    }
}
