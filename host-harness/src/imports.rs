//! What the plugin may ask of the host: the imports of the contract's world.

mod clock;
mod keyring;
mod random;
mod sms;
mod store;

use crate::bindings::countersign::mfa::types;
use crate::call::Call;

/// It has types only.
impl types::Host for Call {}
