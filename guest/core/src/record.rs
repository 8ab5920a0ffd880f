//! Records as the bytes that are stored.
//!
//! A record is a JSON object. Two of its fields are the same in every version for ever:
//!
//! - `format`: the version it was written in;
//! - `min-reader`: the oldest version whose reader understands it.
//!
//! A reader refuses a record whose `min-reader` is newer than itself: an old plugin must not guess at what a newer one
//! wrote. It keeps every field that it does not know, and writes it back: an old plugin must not lose what a newer one
//! wrote. That holds for the record itself and for each ticket, factor and recovery code in it. The smaller objects
//! (`attempts`, `failures`, `user-wide`, `ended`, `policies`, `sms`) are closed: what a newer version adds to one, it adds
//! beside it. What the fields are is in [`v1`].

use alloc::vec::Vec;
use core::fmt;

use serde_json::{Map, Value};
use zeroize::{Zeroize, Zeroizing};

pub mod v1;

/// The version that is written.
pub const WRITTEN: u32 = 1;

/// The newest version that is read.
pub const NEWEST_READ: u32 = 1;

/// The oldest version that is read.
pub const OLDEST_READ: u32 = 1;

/// A record that cannot be read. It must not be overwritten: it may be a newer plugin's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Unreadable;

/// Fields that this version does not know. They may be secret, so they are never printed, and wiped when dropped.
#[derive(Default)]
pub struct Unknown(Map<alloc::string::String, Value>);

impl fmt::Debug for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unknown({})", self.0.len())
    }
}

impl Drop for Unknown {
    fn drop(&mut self) {
        self.0.values_mut().for_each(wipe);
    }
}

/// An object that is being read: each known field is taken out, what remains is unknown.
pub(crate) struct Fields(Map<alloc::string::String, Value>);

impl Fields {
    /// Opens a record, and checks that it is for this reader.
    pub(crate) fn open(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut fields = Self::of(serde_json::from_slice(bytes).map_err(|_| Unreadable)?)?;
        let format = fields.number("format")?;
        let min_reader = fields.number("min-reader")?;
        let readable = format >= u64::from(OLDEST_READ)
            && min_reader <= format
            && min_reader <= u64::from(NEWEST_READ);
        readable.then_some(fields).ok_or(Unreadable)
    }

    pub(crate) fn of(value: Value) -> Result<Self, Unreadable> {
        match value {
            Value::Object(map) => Ok(Self(map)),
            _ => Err(Unreadable),
        }
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name).filter(|it| !it.is_null())
    }

    pub(crate) fn number(&mut self, name: &str) -> Result<u64, Unreadable> {
        self.maybe_number(name)?.ok_or(Unreadable)
    }

    pub(crate) fn maybe_number(&mut self, name: &str) -> Result<Option<u64>, Unreadable> {
        self.take(name)
            .map(|it| it.as_u64().ok_or(Unreadable))
            .transpose()
    }

    /// A count; absent means 0.
    pub(crate) fn count(&mut self, name: &str) -> Result<u32, Unreadable> {
        let number = self.maybe_number(name)?.unwrap_or(0);
        u32::try_from(number).map_err(|_| Unreadable)
    }

    /// A flag; absent means false.
    pub(crate) fn flag(&mut self, name: &str) -> Result<bool, Unreadable> {
        self.take(name)
            .map_or(Ok(false), |it| it.as_bool().ok_or(Unreadable))
    }

    pub(crate) fn text(&mut self, name: &str) -> Result<alloc::string::String, Unreadable> {
        self.maybe_text(name)?.ok_or(Unreadable)
    }

    pub(crate) fn maybe_text(
        &mut self,
        name: &str,
    ) -> Result<Option<alloc::string::String>, Unreadable> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Unreadable),
        }
    }

    pub(crate) fn object(&mut self, name: &str) -> Result<Self, Unreadable> {
        self.maybe_object(name)?.ok_or(Unreadable)
    }

    pub(crate) fn maybe_object(&mut self, name: &str) -> Result<Option<Self>, Unreadable> {
        self.take(name).map(Self::of).transpose()
    }

    /// A list; absent means empty.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        read: impl FnMut(Value) -> Result<T, Unreadable>,
    ) -> Result<Vec<T>, Unreadable> {
        match self.take(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => items.into_iter().map(read).collect(),
            Some(_) => Err(Unreadable),
        }
    }

    /// What was not taken.
    pub(crate) fn rest(self) -> Unknown {
        Unknown(self.0)
    }
}

/// An object that is being written, from the unknown fields on.
pub(crate) struct Writer(Map<alloc::string::String, Value>);

impl Writer {
    pub(crate) fn new() -> Self {
        Self(Map::new())
    }

    pub(crate) fn on_top_of(unknown: &Unknown) -> Self {
        Self(unknown.0.clone())
    }

    pub(crate) fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.into(), value.into());
    }

    /// Leaves an absent value, a count of 0, a false flag or an empty list out.
    pub(crate) fn put_if(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    pub(crate) fn into_value(self) -> Value {
        Value::Object(self.0)
    }

    /// Closes a record: the versions, then the bytes.
    pub(crate) fn close(mut self) -> Zeroizing<Vec<u8>> {
        self.put("format", WRITTEN);
        self.put("min-reader", WRITTEN);
        let mut value = Value::Object(self.0);
        // An object of strings, numbers and lists has nothing that JSON could not hold.
        let bytes = serde_json::to_vec(&value).unwrap_or_default();
        wipe(&mut value);
        Zeroizing::new(bytes)
    }
}

/// Overwrites every text in a value.
fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(map) => map.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
