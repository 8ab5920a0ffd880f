//! How many messages a realm sends at most, and a block of numbers gets.

use std::sync::Arc;
use std::time::Duration;

use super::{Outcome, SmsError};
use crate::store::{Change, Commit, CommitError, Content, Key, Record, Store};

/// Ceilings on messages, against those who have many sent to numbers that they are paid for.
///
/// They are counted in the store, so that several gateways share them, in hours and days of UTC. The plugin counts for
/// itself by user, whole number and company. What was counted stays so, also if the message then failed.
///
/// A cap that is reached keeps honest people's messages back too; they have their app. 0 keeps all back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Caps {
    /// An hour to the numbers that begin with the same seven digits; 30.
    pub prefix_per_hour: u64,
    /// A day to them; 100.
    pub prefix_per_day: u64,
    /// An hour in the whole realm; 5,000.
    pub realm_per_hour: u64,
    /// A day in the whole realm; 20,000.
    pub realm_per_day: u64,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            prefix_per_hour: 30,
            prefix_per_day: 100,
            realm_per_hour: 5_000,
            realm_per_day: 20_000,
        }
    }
}

/// The counters of a realm.
#[derive(Clone)]
pub(super) struct Counters {
    realm: Arc<str>,
    store: Arc<dyn Store>,
}

impl Counters {
    pub(super) fn new(realm: &str, store: impl Store + 'static) -> Self {
        Self {
            realm: realm.into(),
            store: Arc::new(store),
        }
    }

    /// Says which cap has been reached, and counts nothing.
    pub(super) async fn reached(
        &self,
        caps: Caps,
        number: &str,
        now: u64,
    ) -> Result<Option<&'static str>, SmsError> {
        let counters = caps.counters(number, now);
        let keys: Vec<Key> = counters.iter().map(|it| self.key(&it.name)).collect();
        let found = match tokio::time::timeout(LIMIT, self.store.get(&keys)).await {
            Ok(Ok(found)) if found.len() == keys.len() => found,
            Ok(Err(error)) => return Err(SmsError(error.to_string())),
            Ok(Ok(_)) | Err(_) => return Err(SmsError("the caps gave no answer".to_owned())),
        };
        for (counter, stored) in counters.iter().zip(found) {
            let count = match stored.map(|it| it.content) {
                Some(Content::Count(count)) => count,
                Some(Content::Sealed(_)) => {
                    return Err(SmsError("a counter holds something else".to_owned()));
                }
                None => 0,
            };
            if count >= counter.ceiling {
                return Ok(Some(counter.cap));
            }
        }
        Ok(None)
    }

    /// Counts a message; the outcome if it must not go out.
    pub(super) async fn count(&self, caps: Caps, number: &str, now: u64) -> Result<(), Outcome> {
        let counters = caps.counters(number, now);
        let changes = counters.iter().map(|it| Change::Add {
            key: self.key(&it.name),
            amount: 1,
            ceiling: it.ceiling,
            collectable_at: it.ends,
        });
        let commit = self.store.commit(Commit::new(now, changes.collect()));
        match tokio::time::timeout(LIMIT, commit).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(CommitError::CeilingReached(index))) => {
                let cap = counters.get(index).map_or("cap", |it| it.cap);
                Err(Outcome::Refused(cap.to_owned()))
            }
            // Perhaps counted, certainly not sent.
            Ok(Err(_)) | Err(_) => Err(Outcome::Failed("caps-unavailable".to_owned())),
        }
    }

    fn key(&self, name: &str) -> Key {
        Key {
            realm: Arc::clone(&self.realm),
            record: Record::Quota { name: name.into() },
        }
    }
}

struct Counter {
    /// No plugin can name it: `_` is not for them.
    name: String,
    ceiling: u64,
    ends: u64,
    cap: &'static str,
}

impl Caps {
    fn counters(self, number: &str, now: u64) -> [Counter; 4] {
        let prefix = format!("prefix/{}", prefix(number));
        let counter = |what: &str, span: u64, ceiling, cap| {
            let window = now.checked_div(span).unwrap_or(0);
            Counter {
                name: format!("host_sms/{what}/{span}/{window}"),
                ceiling,
                ends: window.saturating_add(1).saturating_mul(span),
                cap,
            }
        };
        [
            counter(&prefix, HOUR, self.prefix_per_hour, "prefix-cap"),
            counter(&prefix, DAY, self.prefix_per_day, "prefix-cap"),
            counter("realm", HOUR, self.realm_per_hour, "realm-cap"),
            counter("realm", DAY, self.realm_per_day, "realm-cap"),
        ]
    }
}

/// The first seven digits: a block of a thousand to a hundred thousand numbers, as they are given to carriers, and
/// as somebody who is paid for messages holds them. Never the last four, so that no whole number stands in a store.
fn prefix(number: &str) -> String {
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let kept = PREFIX.min(digits.saturating_sub(4));
    let is_digit = |it: &char| it.is_ascii_digit();
    number.chars().filter(is_digit).take(kept).collect()
}

const PREFIX: usize = 7;
const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;
/// Half of what the host gives a store: the sender needs the rest of the phone line's time.
const LIMIT: Duration = Duration::from_secs(1);
