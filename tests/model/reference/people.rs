//! Users and what they have confirmed.

use super::counts::{Counts, UserWide};
use crate::command::Method;

/// A user.
#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    pub(crate) known: bool,
    pub(crate) erased: bool,
    pub(crate) epoch: u64,
    pub(crate) ever_enrolled: bool,
    pub(crate) suspect: bool,
    pub(crate) app: Option<App>,
    pub(crate) phone: Option<Phone>,
    pub(crate) preferred: Option<Method>,
    pub(crate) recovery: Option<usize>,
    /// The devices that are trusted, the oldest first.
    pub(crate) devices: Vec<Device>,
    pub(crate) user_wide: UserWide,
    /// When a text message was last asked for.
    pub(crate) texted_at: Option<u64>,
    /// Until when no more messages are asked for, after too many refusals: taken over from the record, and held to the
    /// limit by an invariant.
    pub(crate) refused_until: Option<u64>,
    /// The key and step that were last accepted.
    pub(crate) last: Option<(usize, u64)>,
    /// The code of a text message that was last accepted.
    pub(crate) last_text: Option<usize>,
}

/// A confirmed app.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) key: usize,
    pub(crate) mark: u64,
    pub(crate) confirmed_at: u64,
    pub(crate) used_at: Option<u64>,
    pub(crate) counts: Counts,
}

/// A confirmed phone.
#[derive(Clone, Debug)]
pub(crate) struct Phone {
    /// Which of `secrets::PHONES`.
    pub(crate) number: usize,
    pub(crate) confirmed_at: u64,
    pub(crate) used_at: Option<u64>,
    pub(crate) counts: Counts,
}

/// A device that is trusted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Device {
    /// Which token was given for it.
    pub(crate) token: usize,
    /// The factor that was shown for it.
    pub(crate) method: Method,
    pub(crate) trusted_at: u64,
    pub(crate) expires_at: u64,
}

impl Person {
    pub(crate) fn is_enrolled(&self) -> bool {
        self.app.is_some() || self.phone.is_some()
    }

    pub(crate) fn has(&self, method: Method) -> bool {
        self.counts(method).is_some()
    }

    /// The factors, the stronger first.
    pub(crate) fn methods(&self) -> impl Iterator<Item = Method> {
        let both = [Method::Totp, Method::Sms].into_iter();
        both.filter(|method| self.has(*method))
    }

    pub(crate) fn shown_first(&self) -> Option<Method> {
        let preferred = self.preferred.filter(|method| self.has(*method));
        preferred.or_else(|| self.methods().next())
    }

    pub(crate) fn counts(&self, method: Method) -> Option<&Counts> {
        match method {
            Method::Totp => self.app.as_ref().map(|it| &it.counts),
            Method::Sms => self.phone.as_ref().map(|it| &it.counts),
        }
    }

    pub(crate) fn counts_mut(&mut self, method: Method) -> Option<&mut Counts> {
        match method {
            Method::Totp => self.app.as_mut().map(|it| &mut it.counts),
            Method::Sms => self.phone.as_mut().map(|it| &mut it.counts),
        }
    }

    /// Sessions of the epochs before end, and no device is trusted any more.
    pub(super) fn raise_epoch(&mut self) {
        self.devices.clear();
        self.epoch += 1;
    }

    /// Trusts a device; the oldest goes where there are more than ten.
    pub(super) fn trust(&mut self, device: Device) {
        self.devices.retain(|it| device.trusted_at < it.expires_at);
        self.devices.push(device);
        let surplus = self.devices.len().saturating_sub(MOST_DEVICES);
        self.devices.drain(..surplus);
    }
}

const MOST_DEVICES: usize = 10;
