//! The reference gateway: pages, an API and forward-auth in front of the plugin.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod api;
pub mod config;
pub mod demo;
pub mod directory;
mod forward_auth;
mod gateway;
mod journey;
pub mod mail;
mod metrics;
pub mod notifier;
mod pages;
mod password;
mod refusal;
pub mod reminders;
mod server;
mod session;

pub use crate::gateway::{Gateway, Outboxes, Parts};
pub use crate::metrics::Metrics;
pub use crate::password::Passwords;
pub use crate::refusal::Refusal;
pub use crate::server::app;
