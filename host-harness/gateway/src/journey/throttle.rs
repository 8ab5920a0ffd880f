//! How fast passwords and vouchers can be tried: counted in the directory, so by all gateways together.

use std::net::IpAddr;

use axum::http::StatusCode;
use sha2::{Digest, Sha256};

use super::visit::Client;
use crate::directory::{Counted, PasswordHash, folded};
use crate::gateway::Gateway;
use crate::metrics::PasswordOutcome;
use crate::refusal::Refusal;
use crate::seconds::{DAY, HOUR};

/// Tries that were counted before what was typed is looked at. They are taken back if it was right.
pub(super) struct Tries(Vec<[u8; 32]>);

impl Gateway {
    /// Says whether a password is the one that is kept; none is kept of somebody who is not there.
    ///
    /// # Security
    ///
    /// The try is counted before the password is looked at, and taken back if it was right.
    pub(super) async fn try_password(
        &self,
        name: &str,
        typed: &str,
        kept: Option<&PasswordHash>,
        client: &Client,
        now: u64,
    ) -> Result<bool, Refusal> {
        let tries = self.count_password(name, client, now).await;
        let tries = tries.inspect_err(|refusal| {
            if refusal.status == StatusCode::TOO_MANY_REQUESTS {
                self.metrics.password(PasswordOutcome::Throttled);
            }
        })?;
        let is_right = match self.passwords.check(typed, kept).await {
            Ok(is_right) => is_right,
            Err(refusal) => {
                // Nothing was looked at: a flood of others' passwords uses up nobody's tries.
                self.metrics.password(PasswordOutcome::Busy);
                self.forgive(tries).await?;
                return Err(refusal);
            }
        };
        if is_right {
            self.forgive(tries).await?;
            self.note_at_home(name, client, now).await?;
        }
        self.metrics.password(match is_right {
            true => PasswordOutcome::Right,
            false => PasswordOutcome::Wrong,
        });
        Ok(is_right)
    }

    /// Counts a password about to be tried, for a name and from a source.
    async fn count_password(
        &self,
        name: &str,
        client: &Client,
        now: u64,
    ) -> Result<Tries, Refusal> {
        let limits = &self.config.throttle;
        let name = folded(name);
        let source = network(client.address);
        let mut counts = vec![(
            key("name and source", &[&name, &source]),
            QUARTER,
            limits.name_and_source,
        )];
        // Whoever signed in from there lately is not shut out by what strangers do elsewhere with their name, nor by what
        // others do behind the same address.
        if !self.is_at_home(&name, &source, now).await? {
            counts.push((key("name", &[&name]), HOUR, limits.name));
            counts.push((key("source", &[&source]), QUARTER, limits.source));
        }
        self.count_all(&counts, now).await
    }

    /// Says whether this name was signed in with from this source lately.
    async fn is_at_home(&self, name: &str, source: &str, now: u64) -> Result<bool, Refusal> {
        let key = key("at home", &[name, source]);
        // With a ceiling of none nothing is counted, and the end is told of what was.
        let counted = self.directory.count(&key, now, now, 0).await?;
        Ok(matches!(counted, Counted::Full { ends_at } if ends_at > now))
    }

    /// Remembers that this name was signed in with from this source.
    async fn note_at_home(&self, name: &str, client: &Client, now: u64) -> Result<(), Refusal> {
        let key = key("at home", &[&folded(name), &network(client.address)]);
        let ends_at = now.saturating_add(AT_HOME_LASTS);
        self.directory.count(&key, now, ends_at, 1).await?;
        Ok(())
    }

    /// Counts a voucher about to be tried.
    pub(super) async fn count_voucher(&self, user: &str, now: u64) -> Result<Tries, Refusal> {
        let counts = [(key("voucher", &[user]), QUARTER, VOUCHERS)];
        self.count_all(&counts, now).await
    }

    /// Counts a voucher about to be mailed.
    pub(super) async fn count_voucher_mail(&self, user: &str, now: u64) -> Result<(), Refusal> {
        let counts = [(key("voucher mail", &[user]), HOUR, VOUCHER_MAILS)];
        self.count_all(&counts, now).await.map(|_| ())
    }

    /// Counts a recovery code about to be made: each one is told of by mail.
    pub(super) async fn count_code(&self, user: &str, now: u64) -> Result<(), Refusal> {
        let counts = [(key("recovery code", &[user]), HOUR, CODES)];
        self.count_all(&counts, now).await.map(|_| ())
    }

    /// Counts a password about to be changed: each change is told of by mail.
    pub(super) async fn count_password_change(&self, user: &str, now: u64) -> Result<(), Refusal> {
        let counts = [(key("password change", &[user]), HOUR, PASSWORD_CHANGES)];
        self.count_all(&counts, now).await.map(|_| ())
    }

    /// Takes tries back.
    pub(super) async fn forgive(&self, tries: Tries) -> Result<(), Refusal> {
        for key in &tries.0 {
            self.directory.uncount(key).await?;
        }
        Ok(())
    }

    async fn count_all(&self, counts: &[([u8; 32], u64, u32)], now: u64) -> Result<Tries, Refusal> {
        let mut counted = Tries(Vec::new());
        for (key, lasts, ceiling) in counts {
            let ends_at = now.saturating_add(*lasts);
            match self.directory.count(key, now, ends_at, *ceiling).await? {
                Counted::Nth(_) => counted.0.push(*key),
                Counted::Full { ends_at } => {
                    // What one limit refuses counts for none, or a flood from one source would shut out a name everywhere.
                    self.forgive(counted).await?;
                    return Err(Refusal::new(
                        StatusCode::TOO_MANY_REQUESTS,
                        "throttled",
                        "There were too many tries for this name, or from your network. Please wait, then try again.",
                    )
                    .until(ends_at));
                }
            }
        }
        Ok(counted)
    }
}

/// Returns what a count is kept under. Names and addresses do not stand in the directory's counts.
fn key(what: &str, of: &[&str]) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(b"countersign count ");
    digest.update(what.as_bytes());
    for it in of {
        digest.update([0]);
        digest.update(it.as_bytes());
    }
    digest.finalize().into()
}

/// Returns the network that an address is counted as: of IPv6 the first 64 bits, since anybody has as many of the rest as
/// they like.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(it) => it.to_string(),
        IpAddr::V6(it) => {
            let [a, b, c, d, ..] = it.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// How long a source is one's own after a right password: 30 days.
const AT_HOME_LASTS: u64 = 30 * DAY;

const QUARTER: u64 = 15 * 60;

/// Set-up codes that can be tried in a quarter of an hour: each has 50 random bits.
const VOUCHERS: u32 = 5;

/// Set-up codes that are mailed to one person in an hour.
const VOUCHER_MAILS: u32 = 5;

/// Recovery codes that one person can have made in an hour.
const CODES: u32 = 10;

/// Changes of one person's password in an hour.
const PASSWORD_CHANGES: u32 = 5;
