//! Kinds of second factor, and sets of them.

use alloc::vec::Vec;

use crate::failure::Failure;

/// A kind of second factor.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Method {
    /// An authenticator app.
    Totp,
    /// A code in a text message.
    Sms,
}

/// The methods that may be enrolled. It always has [`Method::Totp`], so a set is never empty.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Methods {
    sms: bool,
}

impl Methods {
    /// Every method.
    pub const ALL: Self = Self { sms: true };
    /// The app alone.
    pub const TOTP: Self = Self { sms: false };

    /// Takes a list that has `totp` and no method twice.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Invalid`] for `field` otherwise.
    pub fn parse(list: &[Method], field: &str) -> Result<Self, Failure> {
        match list {
            [Method::Totp] => Ok(Self::TOTP),
            [Method::Totp, Method::Sms] | [Method::Sms, Method::Totp] => Ok(Self::ALL),
            _ => Err(Failure::invalid(
                field,
                "`totp`, and at most each method once",
            )),
        }
    }

    /// Says whether the method is among them.
    #[must_use]
    pub fn has(self, method: Method) -> bool {
        match method {
            Method::Totp => true,
            Method::Sms => self.sms,
        }
    }

    /// The methods of both sets.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            sms: self.sms && other.sms,
        }
    }

    /// The methods as a list, the stronger first.
    #[must_use]
    pub fn to_list(self) -> Vec<Method> {
        let mut list = Vec::with_capacity(2);
        list.push(Method::Totp);
        if self.sms {
            list.push(Method::Sms);
        }
        list
    }
}
