//! How fast passwords and vouchers can be tried: counted in the directory, so by all gateways together.

use std::net::IpAddr;

use axum::http::StatusCode;
use sha2::{Digest, Sha256};

use super::visit::Client;
use crate::directory::{Counted, PasswordHash, folded};
use crate::gateway::Gateway;
use crate::metrics::PasswordOutcome;
use crate::refusal::Refusal;

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
        let counts = [
            (
                key("name and source", &[&name, &source]),
                QUARTER,
                limits.name_and_source,
            ),
            (key("name", &[&name]), HOUR, limits.name),
            (key("source", &[&source]), QUARTER, limits.source),
        ];
        self.count_all(&counts, now).await
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
                        "There were too many tries. Please wait, then try again.",
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

const QUARTER: u64 = 15 * 60;

const HOUR: u64 = 3_600;

/// Set-up codes that can be tried in a quarter of an hour: each has 50 random bits.
const VOUCHERS: u32 = 5;

/// Set-up codes that are mailed to one person in an hour.
const VOUCHER_MAILS: u32 = 5;
