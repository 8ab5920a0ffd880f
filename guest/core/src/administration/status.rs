//! A user, as an admin may see them.

use alloc::string::String;
use alloc::vec::Vec;

use crate::account::Account;
use crate::attempts::{Attempts, Readiness};
use crate::decision::Person;
use crate::method::Method;
use crate::phone::PhoneNumber;
use crate::time::Instant;

/// A user, with nothing secret.
#[derive(Debug, Default)]
pub struct UserStatus {
    /// Whether there is a record at all.
    pub known: bool,
    /// Whether the user was erased.
    pub erased: bool,
    /// The epoch.
    pub epoch: u64,
    /// Whether there was ever a factor.
    pub ever_enrolled: bool,
    /// The confirmed factors.
    pub factors: Vec<FactorStatus>,
    /// The recovery code.
    pub recovery: Option<RecoveryStatus>,
    /// The devices that are trusted.
    pub devices: Vec<DeviceStatus>,
    /// Tickets that are live.
    pub tickets: usize,
    /// Whether the first factor must be changed before anything else.
    pub change_first_factor: bool,
}

/// A confirmed factor.
#[derive(Debug)]
pub struct FactorStatus {
    /// The method.
    pub method: Method,
    /// Its id.
    pub id: String,
    /// The number, masked.
    pub hint: Option<String>,
    /// When it was confirmed.
    pub confirmed_at: Instant,
    /// When a code of it was last accepted.
    pub used_at: Option<Instant>,
    /// Whether it can be used now.
    pub readiness: Readiness,
    /// Whether it is shown first.
    pub preferred: bool,
    /// Wrong codes in a row.
    pub streak: u32,
    /// Wrong codes that no success made good.
    pub unredeemed: u32,
}

/// An issued recovery code.
#[derive(Debug)]
pub struct RecoveryStatus {
    /// Its id.
    pub id: String,
    /// When it was issued.
    pub issued_at: Instant,
    /// Whether the user said to have saved it.
    pub acknowledged: bool,
}

/// A trusted device.
#[derive(Debug)]
pub struct DeviceStatus {
    /// Its id.
    pub id: String,
    /// Since when it is trusted.
    pub trusted_at: Instant,
    /// When that ends.
    pub expires_at: Instant,
}

/// Reads a user's status.
#[must_use]
pub fn status(person: &Person, now: Instant) -> UserStatus {
    let Some(account) = &person.account else {
        return UserStatus {
            tickets: person.tickets.count(now),
            ..UserStatus::default()
        };
    };
    UserStatus {
        known: true,
        erased: account.erased,
        epoch: account.epoch,
        ever_enrolled: account.ever_enrolled,
        factors: factors(account, now),
        recovery: account.recovery.as_ref().map(|code| RecoveryStatus {
            id: code.id.clone(),
            issued_at: code.issued_at,
            acknowledged: code.acknowledged,
        }),
        devices: account
            .devices
            .iter()
            .filter(|it| now < it.expires_at)
            .map(|it| DeviceStatus {
                id: it.id.clone(),
                trusted_at: it.trusted_at,
                expires_at: it.expires_at,
            })
            .collect(),
        tickets: person.tickets.count(now),
        change_first_factor: account.first_factor_suspect,
    }
}

fn factors(account: &Account, now: Instant) -> Vec<FactorStatus> {
    let app = account.app.as_ref().map(|app| FactorStatus {
        method: Method::Totp,
        id: app.id.clone(),
        hint: None,
        confirmed_at: app.confirmed_at,
        used_at: app.used_at,
        readiness: readiness(account, &app.attempts, now),
        preferred: account.shown_first() == Some(Method::Totp),
        streak: app.attempts.streak,
        unredeemed: app.attempts.unredeemed_at(now),
    });
    let phone = account.phone.as_ref().map(|phone| FactorStatus {
        method: Method::Sms,
        id: phone.id.clone(),
        hint: Some(phone.number.masked(PhoneNumber::SHOWN_AFTER_THE_FACTOR)),
        confirmed_at: phone.confirmed_at,
        used_at: phone.used_at,
        readiness: readiness(account, &phone.attempts, now),
        preferred: account.shown_first() == Some(Method::Sms),
        streak: phone.attempts.streak,
        unredeemed: phone.attempts.unredeemed_at(now),
    });
    app.into_iter().chain(phone).collect()
}

/// Whether a factor can be used now, as far as it and the user-wide count are concerned.
fn readiness(account: &Account, attempts: &Attempts, now: Instant) -> Readiness {
    let user_wide = account.user_wide.rest_until.filter(|until| now < *until);
    match (attempts.readiness(now), user_wide) {
        (Readiness::Usable, Some(until)) => Readiness::Resting(until),
        (Readiness::Resting(one), Some(other)) => Readiness::Resting(one.max(other)),
        (readiness, _) => readiness,
    }
}
