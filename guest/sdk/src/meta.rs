//! What a plugin says of itself: the contract's `meta`.

use countersign_core::record;

pub use crate::bindings::exports::countersign::mfa::meta::{
    Description, Guest, Level, RecordFormats,
};

/// Describes a plugin that keeps its records as this SDK does.
///
/// `name` is the plugin's name and version, at most 128 bytes, for people. What `levels` claims, a conformance suite
/// requires, and a gateway may count on; an empty list claims nothing.
///
/// # Examples
///
/// ```
/// use countersign_sdk::meta::{self, Level};
///
/// let description = meta::describe("house-rules 1.2.0", &[Level::Core]);
/// assert_eq!(description.contract, "0.1.0");
/// assert!(description.formats.oldest_read <= description.formats.written);
/// ```
#[must_use]
pub fn describe(name: &str, levels: &[Level]) -> Description {
    Description {
        name: name.into(),
        contract: CONTRACT.into(),
        levels: levels.into(),
        formats: RecordFormats {
            oldest_read: record::OLDEST_READ,
            newest_read: record::NEWEST_READ,
            written: record::WRITTEN,
        },
    }
}

/// The version of the contract that this SDK is built for.
pub const CONTRACT: &str = "0.1.0";
