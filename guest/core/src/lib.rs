//! What the plugin decides, with no way to reach the outside.
//!
//! This crate is `no_std`: it has no clock, no random source, no store and no network to call. The time and the user's
//! records arrive as arguments; what should be stored and noted leaves as a [`decision::Decision`], which does nothing
//! until the caller commits it. Keys and randomness are asked for through a [`vault::Vault`] that the caller hands in. The
//! component in `guest/` does the carrying.
//!
//! Where to start: [`sign_in::begin`] decides what comes next for a user, by [`outlook::Circumstances::outlook`];
//! [`verification::verify`] and [`enrollment::confirm`] take codes, and can accept one only with the proof that
//! [`totp::Key::match_code`] makes.

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;

pub mod account;
pub mod administration;
pub mod assertion;
pub mod attempts;
pub mod code;
pub mod company;
pub mod decision;
pub mod device;
pub mod enrollment;
pub mod event;
pub mod failure;
pub mod method;
pub mod names;
pub mod otpauth;
pub mod outlook;
pub mod phone;
pub mod policy;
pub mod record;
pub mod recovery;
pub mod recovery_code;
pub mod secret;
pub mod sent_code;
pub mod sign_in;
pub mod text_message;
pub mod ticket;
pub mod time;
pub mod totp;
pub mod vault;
pub mod verification;
