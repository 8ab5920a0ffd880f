//! What is kept of a user for good: factors, their counts, the recovery code's tag, the epoch.

use alloc::string::String;
use alloc::vec::Vec;

use crate::attempts::Attempts;
use crate::device::Device;
use crate::failure::Dependency;
use crate::method::Method;
use crate::names::User;
use crate::phone::PhoneNumber;
use crate::policy::Guessing;
use crate::record::Unknown;
use crate::recovery_code::RecoveryCode;
use crate::sent_code::Redeemed;
use crate::time::{Instant, Span};
use crate::totp::{Key, Step, Unspent};
use crate::vault::{self, Context, Slot, Tag, Vault};

/// One user's account.
#[derive(Debug, Default)]
pub struct Account {
    /// Raised by every change of factors; sessions of an older one end.
    pub epoch: u64,
    /// Whether there was ever a factor. A reset keeps it, so that no new grace opens.
    pub ever_enrolled: bool,
    /// The authenticator app.
    pub app: Option<App>,
    /// The phone.
    pub phone: Option<Phone>,
    /// Which of the two the user wants to see first.
    pub preferred: Option<Method>,
    /// The recovery code.
    pub recovery: Option<Recovery>,
    /// The devices that are trusted, the oldest first.
    pub devices: Vec<Device>,
    /// Whether the first factor must be changed before anything else, since a factor was disabled by guessing.
    pub first_factor_suspect: bool,
    /// Wrong codes over all factors, where the policy counts them so.
    pub user_wide: UserWide,
    /// Whether everything else was deleted for good.
    pub erased: bool,
    /// Fields of a newer version, written back as they were.
    pub unknown: Unknown,
}

/// A confirmed authenticator app.
#[derive(Debug)]
pub struct App {
    /// Its id, which another app never has.
    pub id: String,
    /// Key, hash, digits and period.
    pub key: Key,
    /// The greatest time step that was ever accepted. It never goes down and never expires.
    pub mark: Step,
    /// When it was confirmed.
    pub confirmed_at: Instant,
    /// When a code of it was last accepted.
    pub used_at: Option<Instant>,
    /// Its wrong codes.
    pub attempts: Attempts,
    /// Fields of a newer version, written back as they were.
    pub unknown: Unknown,
}

/// A confirmed phone.
#[derive(Debug)]
pub struct Phone {
    /// Its id, which another phone never has.
    pub id: String,
    /// Its number in E.164 form.
    pub number: PhoneNumber,
    /// When it was confirmed.
    pub confirmed_at: Instant,
    /// When a code to it was last accepted.
    pub used_at: Option<Instant>,
    /// Its wrong codes.
    pub attempts: Attempts,
    /// Fields of a newer version, written back as they were.
    pub unknown: Unknown,
}

/// An issued recovery code. The code itself is not kept.
#[derive(Debug)]
pub struct Recovery {
    /// Its id.
    pub id: String,
    /// The keyed tag of it.
    pub tag: Tag,
    /// When it was issued.
    pub issued_at: Instant,
    /// Whether the user said to have saved it.
    pub acknowledged: bool,
    /// Fields of a newer version, written back as they were.
    pub unknown: Unknown,
}

/// Wrong codes over all factors and the recovery code (PCI DSS 4, 8.3.4).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct UserWide {
    /// Wrong codes since the last success or rest.
    pub tries: u32,
    /// Until when nothing is compared.
    pub rest_until: Option<Instant>,
}

impl Account {
    /// Says whether the user has a confirmed factor, in whatever state.
    #[must_use]
    pub fn is_enrolled(&self) -> bool {
        self.app.is_some() || self.phone.is_some()
    }

    /// Says whether the user has a confirmed factor of this method.
    #[must_use]
    pub fn has(&self, method: Method) -> bool {
        match method {
            Method::Totp => self.app.is_some(),
            Method::Sms => self.phone.is_some(),
        }
    }

    /// The methods the user has a confirmed factor of, the stronger first.
    #[must_use]
    pub fn methods(&self) -> Vec<Method> {
        [Method::Totp, Method::Sms]
            .into_iter()
            .filter(|method| self.has(*method))
            .collect()
    }

    /// The wrong codes of a factor, if there is one.
    #[must_use]
    pub fn attempts(&self, method: Method) -> Option<&Attempts> {
        match method {
            Method::Totp => self.app.as_ref().map(|app| &app.attempts),
            Method::Sms => self.phone.as_ref().map(|phone| &phone.attempts),
        }
    }

    /// The same, to be changed.
    pub fn attempts_mut(&mut self, method: Method) -> Option<&mut Attempts> {
        match method {
            Method::Totp => self.app.as_mut().map(|app| &mut app.attempts),
            Method::Sms => self.phone.as_mut().map(|phone| &mut phone.attempts),
        }
    }

    /// The factor to show first.
    #[must_use]
    pub fn shown_first(&self) -> Option<Method> {
        self.preferred
            .filter(|method| self.has(*method))
            .or_else(|| self.methods().first().copied())
    }

    /// Notes a change of factors: sessions of the epochs before end, and no device is trusted any more.
    pub fn raise_epoch(&mut self) {
        self.devices.clear();
        // One a change; it would take longer than there is time.
        self.epoch = self.epoch.saturating_add(1);
    }

    /// When the user-wide rest ends, if there is one.
    #[must_use]
    pub fn resting_user_wide(&self, guessing: Guessing, now: Instant) -> Option<Instant> {
        self.user_wide
            .rest_until
            .filter(|until| guessing == Guessing::AlsoUserWideTen && now < *until)
    }

    /// Makes the app the user's factor, in place of one before.
    pub fn bind_app(&mut self, id: String, key: Key, proof: &Unspent, now: Instant) {
        self.app = Some(App {
            id,
            key,
            mark: proof.step(),
            confirmed_at: now,
            used_at: Some(now),
            attempts: Attempts::default(),
            unknown: Unknown::default(),
        });
        self.ever_enrolled = true;
    }

    /// Makes the phone the user's factor, in place of one before.
    pub fn bind_phone(&mut self, id: String, number: PhoneNumber, _: &Redeemed, now: Instant) {
        self.phone = Some(Phone {
            id,
            number,
            confirmed_at: now,
            used_at: Some(now),
            attempts: Attempts::default(),
            unknown: Unknown::default(),
        });
        self.ever_enrolled = true;
    }
}

impl App {
    /// Uses up a step, and every earlier one with it.
    pub fn spend(&mut self, proof: &Unspent, now: Instant) {
        self.mark = self.mark.max(proof.step());
        self.used_at = Some(now);
    }
}

impl Recovery {
    /// Draws a recovery code, and what is kept of it.
    ///
    /// # Errors
    ///
    /// Returns the import at fault.
    pub fn issue(
        user: &User,
        now: Instant,
        vault: &mut dyn Vault,
    ) -> Result<(Self, RecoveryCode), Dependency> {
        let drawn = vault.draw(Slot::RecoveryCode)?;
        let (code_bytes, id_bytes) = drawn.split_at(17);
        // `split_at` leaves exactly 17 bytes in front.
        let code = RecoveryCode::from_random(code_bytes.try_into().unwrap_or([0; 17]));
        let id = hex(id_bytes.get(..8).unwrap_or_default());
        let bound = vault::bind(user, &[id.as_bytes(), code.canonical()]);
        let tag = vault.tag(Context::RecoveryCode, &bound)?;
        let kept = Self {
            id,
            tag,
            issued_at: now,
            acknowledged: false,
            unknown: Unknown::default(),
        };
        Ok((kept, code))
    }

    /// Says whether `code` is the issued one.
    ///
    /// # Errors
    ///
    /// Returns the import at fault.
    pub fn check(
        &self,
        user: &User,
        code: &RecoveryCode,
        vault: &mut dyn Vault,
    ) -> Result<bool, Dependency> {
        let bound = vault::bind(user, &[self.id.as_bytes(), code.canonical()]);
        vault.check(Context::RecoveryCode, &bound, &self.tag)
    }
}

impl UserWide {
    /// Counts a wrong code, if the policy wants it. The tenth starts a rest, whose end is returned.
    pub fn fail(&mut self, guessing: Guessing, now: Instant) -> Option<Instant> {
        if guessing != Guessing::AlsoUserWideTen {
            return None;
        }
        self.tries = self.tries.saturating_add(1);
        if self.tries < USER_WIDE_TRIES {
            return None;
        }
        *self = Self {
            tries: 0,
            rest_until: Some(now.after(USER_WIDE_REST)),
        };
        self.rest_until
    }

    /// Notes a right code.
    pub fn succeed(&mut self) {
        *self = Self::default();
    }
}

/// Makes a new factor's id.
///
/// # Errors
///
/// Returns the import at fault.
pub fn new_factor_id(vault: &mut dyn Vault) -> Result<String, Dependency> {
    let drawn = vault.draw(Slot::FactorId)?;
    Ok(hex(drawn.get(..8).unwrap_or_default()))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|nibble| DIGITS.get(usize::from(nibble)).copied().map(char::from))
        .collect()
}

/// PCI DSS 4, 8.3.4: not more than 10 attempts.
const USER_WIDE_TRIES: u32 = 10;

/// PCI DSS 4, 8.3.4: at least 30 minutes.
const USER_WIDE_REST: Span = Span::minutes(30);
