//! The reference gateway: pages, an API and forward-auth in front of the plugin.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod api;
mod background;
mod client;
pub mod config;
pub mod decisions;
pub mod demo;
pub mod directory;
mod forward_auth;
mod gateway;
mod governing;
mod journey;
pub mod log;
pub mod mail;
pub mod metrics;
pub mod notifier;
mod operations;
mod pages;
mod password;
mod refusal;
pub mod reminders;
mod reports;
mod seconds;
pub mod serve;
mod server;
mod session;
pub mod start;
pub use crate::background::Background;
pub use crate::gateway::{Gateway, Outboxes, Parts};
pub use crate::metrics::Metrics;
pub use crate::password::Passwords;
pub use crate::refusal::Refusal;
pub use crate::server::app;
