//! What people do at the gateway, whichever way they come: pages and API call the same functions.
//!
//! Each takes a [`Visit`], which is a session as this request found it, asks the plugin, and leaves the session at the step
//! that comes next. Whatever goes wrong is a [`Refusal`](crate::Refusal), and nobody has got any further.

pub(crate) mod administration;
mod enrollment;
mod keeping;
mod managing;
mod recovery;
mod sign_in;
mod throttle;
mod verification;
mod visit;
mod voucher;

pub(crate) use self::managing::Changing;
pub(crate) use self::sign_in::{Credentials, PASSWORD_LASTS, is_local};
pub(crate) use self::visit::{Admission, Client, Entrance, Step, Visit};
