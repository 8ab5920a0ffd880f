//! How many messages a realm sends at most, and a block of numbers gets.

use std::sync::Arc;
use std::time::Duration;

use super::{MessagePurpose, Outcome, SmsError};
use crate::store::{Change, Commit, CommitError, Content, Key, Record, Store};

/// Ceilings on messages, against those who have many sent to numbers that they are paid for.
///
/// They are counted in the store, so that several gateways share them, in hours and days of UTC. The plugin counts for
/// itself by user, whole number and company. What was counted stays so, also if the message then failed.
///
/// # Who is kept out
///
/// A cap that is reached keeps honest people's messages back too. Who has an app goes on with it; who has only a number
/// cannot sign in until the hour or the day is over. So what a stranger can use up is apart from what lets people sign
/// in: messages that enroll a number, which nobody has shown to be theirs, have tight caps of their own for each block
/// and at most [`enrolling_percent`](Self::enrolling_percent) of the realm's.
///
/// The caps for confirmed numbers are wide, for a company's phones often lie in one block: a fleet of 800 with numbers
/// side by side signs in within the same hour. Set [`prefix_per_hour`](Self::prefix_per_hour) to more than your largest
/// fleet sends. The tight caps concern it once, when it enrolls: raise them for that day, or spread it over several.
///
/// 0 keeps all back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Caps {
    /// An hour, to enroll numbers that begin with the same seven digits; 30.
    pub enrolling_prefix_per_hour: u64,
    /// A day, to enroll them; 100.
    pub enrolling_prefix_per_day: u64,
    /// An hour, to those of them that are confirmed; 1,000.
    pub prefix_per_hour: u64,
    /// A day, to those that are confirmed; 5,000.
    pub prefix_per_day: u64,
    /// An hour in the whole realm; 5,000.
    pub realm_per_hour: u64,
    /// A day in the whole realm; 20,000.
    pub realm_per_day: u64,
    /// How much of the realm's may go to enrolling, in percent, rounded down; 30.
    pub enrolling_percent: u64,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            enrolling_prefix_per_hour: 30,
            enrolling_prefix_per_day: 100,
            prefix_per_hour: 1_000,
            prefix_per_day: 5_000,
            realm_per_hour: 5_000,
            realm_per_day: 20_000,
            enrolling_percent: 30,
        }
    }
}

/// A message as the caps see it.
#[derive(Clone, Copy)]
pub(super) struct Counted<'a> {
    pub(super) number: &'a str,
    pub(super) purpose: MessagePurpose,
    pub(super) now: u64,
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
        counted: Counted<'_>,
    ) -> Result<Option<&'static str>, SmsError> {
        let counters = caps.counters(counted);
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
    pub(super) async fn count(&self, caps: Caps, counted: Counted<'_>) -> Result<(), Outcome> {
        let counters = caps.counters(counted);
        let changes = counters.iter().map(|it| Change::Add {
            key: self.key(&it.name),
            amount: 1,
            ceiling: it.ceiling,
            collectable_at: it.ends,
        });
        let commit = Commit::new(counted.now, changes.collect());
        match tokio::time::timeout(LIMIT, self.store.commit(commit)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(CommitError::CeilingReached(index))) => {
                let cap = counters.get(index).map_or("some-cap", |it| it.cap);
                Err(Outcome::refused(cap))
            }
            // Perhaps counted, certainly not sent.
            Ok(Err(_)) | Err(_) => Err(Outcome::failed("caps-unavailable")),
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
    fn counters(self, counted: Counted<'_>) -> Vec<Counter> {
        let prefix = prefix(counted.number);
        let counter = |what: &str, span: u64, ceiling, cap| {
            let window = counted.now.checked_div(span).unwrap_or(0);
            Counter {
                name: format!("host_sms/{what}/{span}/{window}"),
                ceiling,
                ends: window.saturating_add(1).saturating_mul(span),
                cap,
            }
        };
        let (hour, day) = (self.realm_per_hour, self.realm_per_day);
        let mut counters = if matches!(counted.purpose, MessagePurpose::Enroll) {
            let block = format!("new-prefix/{prefix}");
            let (block_cap, share_cap) = ("enrolling-prefix-cap", "enrolling-realm-cap");
            vec![
                counter(&block, HOUR, self.enrolling_prefix_per_hour, block_cap),
                counter(&block, DAY, self.enrolling_prefix_per_day, block_cap),
                counter("new-realm", HOUR, self.share(hour), share_cap),
                counter("new-realm", DAY, self.share(day), share_cap),
            ]
        } else {
            let block = format!("prefix/{prefix}");
            vec![
                counter(&block, HOUR, self.prefix_per_hour, "prefix-cap"),
                counter(&block, DAY, self.prefix_per_day, "prefix-cap"),
            ]
        };
        counters.push(counter("realm", HOUR, hour, "realm-cap"));
        counters.push(counter("realm", DAY, day, "realm-cap"));
        counters
    }

    fn share(self, whole: u64) -> u64 {
        whole.saturating_mul(self.enrolling_percent) / 100
    }
}

/// The first seven digits: a block of ten thousand numbers in countries where numbers have eleven digits, and of a
/// million where they have thirteen, as carriers get them, and as somebody who is paid for messages holds them. Never
/// the last four, so that no whole number stands in a store.
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
