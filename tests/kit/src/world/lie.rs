//! What a host says that is not so.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_host::seal::Sealer;
use countersign_host::store::{Content, Key, Kind, Record, Stored};
use serde::Deserialize;
use serde_json::{Value, json};

/// A lie of a host, told at one use of an import or from there on.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Lie {
    /// It is 1970.
    ClockZero,
    /// It is as late as it can be.
    ClockEnd,
    /// It is a day ago.
    ClockBack,
    /// It is in ten years.
    ClockAhead,
    /// There is no time.
    ClockFails,
    /// There is no randomness.
    RandomFails,
    /// Every byte is zero.
    RandomZeros,
    /// The same 16 bytes over and over.
    RandomRepeats,
    /// The same 32 bytes over and over.
    RandomStuck,
    /// Nothing can be read.
    GetFails,
    /// A record has its first half only.
    GetTruncated,
    /// A record has one bit that is another.
    GetFlipped,
    /// A record has what it had before, at the version of now.
    GetRolledBack,
    /// A record has what it had before, at the version of then.
    GetStale,
    /// A record was written by a plugin that is newer.
    GetNewer,
    /// The record is that of the user bea.
    GetOfAnother,
    /// The user's account is where the tickets are, and these where the account is.
    GetSwapped,
    /// There is no such record.
    GetMissing,
    /// There is one answer more than there were questions.
    GetTwice,
    /// Nothing can be committed.
    CommitFails,
    /// Another call came first.
    CommitConflict,
    /// It is committed, but is not.
    CommitForgotten,
    /// It may be committed or not, but is.
    CommitHappened,
    /// A counter is at its ceiling, of a change that is not there.
    CommitCeiling,
    /// No tag can be made.
    MacFails,
    /// A tag is made with a key that nobody will know again.
    MacOther,
    /// No tag can be checked.
    CheckFails,
    /// A tag is not of this data.
    CheckFalse,
    /// A tag is of this data.
    CheckTrue,
    /// No name of a counter can be made.
    IndexFails,
    /// The name of a counter is another one each time.
    IndexChanges,
    /// Nobody knows whether a number may be sent to.
    LineFails,
    /// Every number may be sent to, and is of the United States.
    LinePermits,
    /// No number may be sent to.
    LineRefuses,
    /// A number is of a country whose name is none.
    LineGarbage,
    /// A message did not go out, but did.
    SendFails,
    /// Nobody knows whether a message went out, and it did not.
    SendUnknown,
    /// A message went out before, but did not.
    SendAlready,
    /// A message went out, but did not.
    SendSilent,
}

/// Where lies are told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Point {
    /// `wasi:clocks/wall-clock`.
    Clock,
    /// `wasi:random/random`, and what the host draws for itself.
    Random,
    /// `store.get`.
    Get,
    /// `store.commit`.
    Commit,
    /// `keyring.mac`.
    Mac,
    /// `keyring.check-mac`.
    CheckMac,
    /// `keyring.index`.
    Index,
    /// `sms.check`.
    SmsCheck,
    /// `sms.send`.
    SmsSend,
}

impl Lie {
    /// Returns where it is told.
    #[must_use]
    pub fn point(self) -> Point {
        match self {
            Self::ClockZero
            | Self::ClockEnd
            | Self::ClockBack
            | Self::ClockAhead
            | Self::ClockFails => Point::Clock,
            Self::RandomFails | Self::RandomZeros | Self::RandomRepeats | Self::RandomStuck => {
                Point::Random
            }
            Self::GetFails
            | Self::GetTruncated
            | Self::GetFlipped
            | Self::GetRolledBack
            | Self::GetStale
            | Self::GetNewer
            | Self::GetOfAnother
            | Self::GetSwapped
            | Self::GetMissing
            | Self::GetTwice => Point::Get,
            Self::CommitFails
            | Self::CommitConflict
            | Self::CommitForgotten
            | Self::CommitHappened
            | Self::CommitCeiling => Point::Commit,
            Self::MacFails | Self::MacOther => Point::Mac,
            Self::CheckFails | Self::CheckFalse | Self::CheckTrue => Point::CheckMac,
            Self::IndexFails | Self::IndexChanges => Point::Index,
            Self::LineFails | Self::LinePermits | Self::LineRefuses | Self::LineGarbage => {
                Point::SmsCheck
            }
            Self::SendFails | Self::SendUnknown | Self::SendAlready | Self::SendSilent => {
                Point::SmsSend
            }
        }
    }
}

/// The one lie that is planned, if any, and how often its import was used. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Lying(Arc<Mutex<Option<Plan>>>);

#[derive(Clone, Copy, Debug)]
struct Plan {
    lie: Lie,
    /// Of which records, where it is about records.
    of: Option<Kind>,
    /// Uses before the first lie.
    spared: u32,
    /// Whether it goes on after the first.
    lasts: bool,
    uses: u32,
}

impl Lying {
    /// Plans a lie for the `on`th use of its import from now, counted from 1, and for all after it if it `lasts`. With
    /// `on` 0 none is told, and uses are counted.
    pub fn plan(&self, lie: Lie, of: Option<Kind>, on: u32, lasts: bool) {
        *self.state() = Some(Plan {
            lie,
            of,
            spared: on.checked_sub(1).unwrap_or(u32::MAX),
            lasts,
            uses: 0,
        });
    }

    /// Gives the plan up, and says how often the import was used.
    pub fn end(&self) -> u32 {
        self.state().take().map_or(0, |plan| plan.uses)
    }

    /// Counts a use of an import, and says which lie is told there if one is.
    pub(super) fn told(&self, point: Point) -> Option<Lie> {
        let mut state = self.state();
        let plan = state.as_mut().filter(|plan| plan.lie.point() == point)?;
        let before = plan.uses;
        plan.uses = before.saturating_add(1);
        let now = before == plan.spared || (plan.lasts && before > plan.spared);
        now.then_some(plan.lie)
    }

    /// Says whether the lie is about this record.
    pub(super) fn is_about(&self, key: &Key) -> bool {
        let of = self.state().as_ref().and_then(|plan| plan.of);
        of.is_none_or(|kind| kind == key.record.kind())
    }

    fn state(&self) -> MutexGuard<'_, Option<Plan>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Alters what a store would answer.
pub(super) struct Liar<'a> {
    pub(super) sealer: &'a Sealer,
    /// Finds a record as it is, and as it was before.
    pub(super) find: &'a dyn Fn(&Key) -> Option<Stored>,
    pub(super) before: &'a dyn Fn(&Key) -> Option<Stored>,
}

impl Liar<'_> {
    /// Returns what is said to be in a record.
    pub(super) fn alter(&self, lie: Lie, key: &Key, found: Option<Stored>) -> Option<Stored> {
        let Some(stored) = found.clone() else {
            // Of what is not there, another's can still be shown.
            return match lie {
                Lie::GetOfAnother => self.moved(key, &of_bea(key), 1),
                _ => None,
            };
        };
        let version = stored.version;
        match lie {
            Lie::GetMissing => None,
            Lie::GetStale => (self.before)(key),
            Lie::GetRolledBack => (self.before)(key).map(|it| Stored { version, ..it }),
            Lie::GetOfAnother => self.moved(key, &of_bea(key), version),
            Lie::GetSwapped => self.moved(key, &other_kind(key)?, version),
            Lie::GetTruncated => self.rewritten(key, &stored, |text| {
                text.truncate(text.len() / 2);
            }),
            Lie::GetFlipped => self.rewritten(key, &stored, |text| {
                let middle = text.len() / 2;
                if let Some(byte) = text.get_mut(middle) {
                    *byte ^= 1;
                }
            }),
            Lie::GetNewer => self.rewritten(key, &stored, |text| *text = newer(text)),
            _ => found,
        }
    }

    /// Shows at one place what is at another.
    fn moved(&self, to: &Key, from: &Key, version: u64) -> Option<Stored> {
        let Content::Sealed(sealed) = (self.find)(from)?.content else {
            return None;
        };
        let text = self.sealer.open(from, &sealed).ok()?;
        let content = Content::Sealed(self.sealer.seal(to, &text).ok()?);
        Some(Stored { content, version })
    }

    fn rewritten(
        &self,
        key: &Key,
        stored: &Stored,
        rewrite: impl FnOnce(&mut Vec<u8>),
    ) -> Option<Stored> {
        let Content::Sealed(sealed) = &stored.content else {
            return Some(stored.clone());
        };
        let mut text = self.sealer.open(key, sealed).ok()?;
        rewrite(&mut text);
        let content = Content::Sealed(self.sealer.seal(key, &text).ok()?);
        Some(Stored {
            content,
            version: stored.version,
        })
    }
}

/// Returns a record as a later plugin would have written it, if it is in our form.
fn newer(text: &[u8]) -> Vec<u8> {
    let mut record = serde_json::from_slice(text).unwrap_or_else(|_| json!({}));
    if let Value::Object(fields) = &mut record {
        fields.insert("format".to_owned(), json!(999));
        fields.insert("min-reader".to_owned(), json!(999));
    }
    record.to_string().into_bytes()
}

fn of_bea(key: &Key) -> Key {
    let record = match &key.record {
        Record::Account { .. } => Record::Account { user: "bea".into() },
        Record::Tickets { .. } => Record::Tickets { user: "bea".into() },
        other => other.clone(),
    };
    Key {
        realm: key.realm.clone(),
        record,
    }
}

fn other_kind(key: &Key) -> Option<Key> {
    let record = match &key.record {
        Record::Account { user } => Record::Tickets { user: user.clone() },
        Record::Tickets { user } => Record::Account { user: user.clone() },
        _ => return None,
    };
    Some(Key {
        realm: key.realm.clone(),
        record,
    })
}
