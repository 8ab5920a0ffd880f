//! Browsers that the user chose to trust.

use alloc::string::String;

use crate::account::Account;
use crate::failure::Dependency;
use crate::method::Method;
use crate::names::User;
use crate::record::Unknown;
use crate::secret::{Secret, Text};
use crate::time::{Instant, Span};
use crate::vault::{self, Context, Slot, Tag, Vault};

/// A trusted device. Its token is not kept.
#[derive(Debug)]
pub struct Device {
    /// The first characters of the token, by which it is found. No secret.
    pub id: String,
    /// The keyed tag of the whole token.
    pub tag: Tag,
    /// The factor that was shown for it. It stands for no other.
    pub method: Method,
    /// Since when it is trusted.
    pub trusted_at: Instant,
    /// From when on it is not. Using it moves nothing.
    pub expires_at: Instant,
    /// Fields of a newer version, written back as they were.
    pub unknown: Unknown,
}

impl Device {
    /// Trusts a device for so many days, and returns its token with it.
    ///
    /// # Errors
    ///
    /// Returns the import at fault.
    ///
    /// # Security
    ///
    /// The token has 200 random bits besides its id. Only the keyed tag is kept, which binds it to the user.
    pub fn trust(
        user: &User,
        method: Method,
        days: u32,
        now: Instant,
        vault: &mut dyn Vault,
    ) -> Result<(Text, Self), Dependency> {
        let drawn = vault.draw(Slot::Device)?;
        let token = Secret::new(drawn.to_vec()).to_base32();
        let bound = vault::bind(user, &[token.expose().as_bytes()]);
        let device = Self {
            id: token.expose().get(..ID_LENGTH).unwrap_or_default().into(),
            tag: vault.tag(Context::Device, &bound)?,
            method,
            trusted_at: now,
            expires_at: now.after(span(days)),
            unknown: Unknown::default(),
        };
        Ok((token, device))
    }

    /// Finds the device whose token this is, if it is trusted at `now` under a policy of so many days. A token that
    /// nobody knows, or whose time is over, is none.
    ///
    /// # Errors
    ///
    /// Returns the import at fault.
    ///
    /// # Security
    ///
    /// A policy that became shorter holds at once: the days count from when the device was trusted.
    pub fn recognise<'a>(
        account: &'a Account,
        user: &User,
        token: &Text,
        days: u32,
        now: Instant,
        vault: &mut dyn Vault,
    ) -> Result<Option<&'a Self>, Dependency> {
        let id = token.expose().get(..ID_LENGTH);
        let known = account.devices.iter().find(|it| Some(it.id.as_str()) == id);
        let Some(device) = known.filter(|it| it.is_trusted(days, now)) else {
            return Ok(None);
        };
        let bound = vault::bind(user, &[token.expose().as_bytes()]);
        let genuine = vault.check(Context::Device, &bound, &device.tag)?;
        Ok(genuine.then_some(device))
    }

    /// Says whether it is trusted at `now` under a policy of so many days.
    #[must_use]
    pub fn is_trusted(&self, days: u32, now: Instant) -> bool {
        self.trusted_at <= now && now < self.ends(days)
    }

    /// From when on it is not trusted under a policy of so many days.
    #[must_use]
    pub fn ends(&self, days: u32) -> Instant {
        self.expires_at.min(self.trusted_at.after(span(days)))
    }
}

impl Account {
    /// Adds a trusted device. Those whose time is over go, and the oldest where there are more than ten.
    pub fn add_device(&mut self, device: Device, now: Instant) {
        self.devices.retain(|it| now < it.expires_at);
        self.devices.push(device);
        let surplus = self.devices.len().saturating_sub(MOST);
        self.devices.drain(..surplus);
    }
}

fn span(days: u32) -> Span {
    Span::days(u64::from(days))
}

/// How many characters of a token are its id: 60 bits.
const ID_LENGTH: usize = 12;

/// Trusted devices of one user.
const MOST: usize = 10;
