//! The lab in this process: a [`World`], and this project's host or whatever else is a [`Subject`].

use std::collections::BTreeSet;
use std::fmt;
use std::fmt::Write;
use std::sync::Arc;

use async_trait::async_trait;
use countersign_host::sms::{Message, MessagePurpose};
use countersign_host::store::{Content, Key, Record, Stored};
use serde_json::{Value, json};

use crate::case::FaultKind;
use crate::lab::{Ability, Control, Lab, Place, Session, StoredRecord, View};
use crate::subject::{Fault, Instance, Subject};
use crate::world::{Broken, Fate, Import, Kind, World};

/// A subject with a world of its own for each case. It can do everything.
pub struct Local {
    subject: Arc<dyn Subject>,
    abilities: BTreeSet<Ability>,
}

impl Local {
    /// Makes a lab for a subject.
    #[must_use]
    pub fn of(subject: Arc<dyn Subject>) -> Self {
        Self {
            subject,
            abilities: Ability::ALL.into(),
        }
    }
}

#[async_trait]
impl Lab for Local {
    fn name(&self) -> &str {
        self.subject.name()
    }

    fn abilities(&self) -> &BTreeSet<Ability> {
        &self.abilities
    }

    async fn begin(&self, seed: u64) -> Result<Box<dyn Session>, Fault> {
        let world = World::new(seed);
        Ok(Box::new(Running {
            instance: self.subject.start(&world),
            subject: Arc::clone(&self.subject),
            world,
        }))
    }
}

impl fmt::Debug for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Local")
            .field("subject", &self.subject.name())
            .finish_non_exhaustive()
    }
}

struct Running {
    subject: Arc<dyn Subject>,
    instance: Arc<dyn Instance>,
    world: World,
}

#[async_trait]
impl Session for Running {
    async fn call(&mut self, function: &str, args: &Value) -> Result<Value, Fault> {
        self.instance.call(function, args).await
    }

    async fn race(&mut self, calls: Vec<(String, Value)>) -> Result<Vec<Value>, Fault> {
        self.world.store().meet(calls.len());
        let racing: Vec<_> = calls
            .into_iter()
            .map(|(function, args)| {
                let instance = Arc::clone(&self.instance);
                tokio::spawn(async move { instance.call(&function, &args).await })
            })
            .collect();
        let mut answers = Vec::with_capacity(racing.len());
        for call in racing {
            answers.push(
                call.await
                    .map_err(|error| Fault::Gone(error.to_string()))??,
            );
        }
        Ok(answers)
    }

    async fn turn(&mut self, control: &Control) -> Result<(), Fault> {
        let world = &self.world;
        match control {
            Control::Clock { at } => world.clock().set(*at),
            Control::ClockFails { fails } => world.clock().break_down(*fails),
            Control::Random { mode } => world.random().break_down(broken(mode)?),
            Control::Line { refuses } => world.line().refuse_all(*refuses),
            Control::Fate { fate } => world.line().destine(fate_of(fate)?),
            Control::RotateKeys => world.keyring().rotate(),
            Control::Tamper {
                record,
                of,
                how,
                from,
            } => self.tamper(record, of, how, from.as_ref())?,
            Control::Restart => self.instance = self.subject.start(&self.world),
            Control::Fault {
                import,
                on,
                times,
                kind,
            } => {
                let import: Import = import
                    .parse()
                    .map_err(|_| Fault::Stopped(format!("no import is called {import}")))?;
                let kind = match kind {
                    FaultKind::FailBefore => Kind::Before,
                    FaultKind::FailAfter => Kind::After,
                    FaultKind::Conflict => Kind::Conflict,
                };
                world.failing().plan(import, kind, *on, *times);
            }
        }
        Ok(())
    }

    async fn end_fault(&mut self) -> Result<u32, Fault> {
        Ok(self.world.failing().end())
    }

    async fn look(&mut self, known: usize) -> Result<View, Fault> {
        Ok(View {
            records: self.world.store().records().iter().map(record).collect(),
            events: self.world.store().events_from(known),
            messages: self.world.line().messages().iter().map(message).collect(),
        })
    }
}

impl Running {
    /// Puts something else in the place of a record.
    fn tamper(&self, record: &str, of: &str, how: &str, from: Option<&Place>) -> Result<(), Fault> {
        let named = |record: &str, of: Arc<str>| match record {
            "account" => Ok(Record::Account { user: of }),
            "tickets" => Ok(Record::Tickets { user: of }),
            "policy" => Ok(Record::Policy { company: of }),
            other => Err(Fault::Stopped(format!("no record is called {other}"))),
        };
        let key = self.world.key(named(record, of.into())?);
        let mut bytes = self.sealed(&key)?;
        let sealed_anew = |text: &[u8]| {
            let sealed = self.world.sealer().seal(&key, text);
            sealed.map_err(|error| Fault::Stopped(error.to_string()))
        };
        match how {
            "flip" => {
                if let Some(last) = bytes.last_mut() {
                    *last ^= 1;
                }
            }
            "truncate" => bytes.truncate(bytes.len() / 2),
            "empty" => bytes.clear(),
            "newer" => bytes = sealed_anew(br#"{"format":999,"reader":999}"#)?,
            "garbage" => bytes = sealed_anew(b"not a record")?,
            "swap" => {
                let (record, of) = match from {
                    Some(from) => (from.record.as_str(), from.of.as_str()),
                    None => (record, "bea"),
                };
                bytes = self.sealed(&self.world.key(named(record, of.into())?))?;
            }
            other => {
                return Err(Fault::Stopped(format!(
                    "no way to tamper is called {other}"
                )));
            }
        }
        self.world.store().tamper(key, Content::Sealed(bytes));
        Ok(())
    }

    fn sealed(&self, key: &Key) -> Result<Vec<u8>, Fault> {
        let records = self.world.store().records();
        let found = records.into_iter().find(|(it, _)| it == key);
        match found.map(|(_, stored)| stored.content) {
            Some(Content::Sealed(bytes)) => Ok(bytes),
            _ => Err(Fault::Stopped(format!("no such record: {:?}", key.record))),
        }
    }
}

fn broken(mode: &str) -> Result<Option<Broken>, Fault> {
    Ok(match mode {
        "works" => None,
        "fails" => Some(Broken::Fail),
        "zero" => Some(Broken::Zero),
        "repeats" => Some(Broken::Repeat),
        "stuck" => Some(Broken::Stuck),
        other => return Err(Fault::Stopped(format!("no randomness is called {other}"))),
    })
}

fn fate_of(name: &str) -> Result<Fate, Fault> {
    Ok(match name {
        "failed" => Fate::Failed,
        "refused" => Fate::Refused,
        "already-sent" => Fate::AlreadySent,
        "lost" => Fate::Lost,
        "doubtful" => Fate::Doubtful,
        other => return Err(Fault::Stopped(format!("no fate is called {other}"))),
    })
}

fn record((key, stored): &(Key, Stored)) -> StoredRecord {
    StoredRecord {
        record: key.record.kind().to_string(),
        of: key.record.name().to_owned(),
        version: stored.version,
        content: match &stored.content {
            Content::Sealed(bytes) => hex(bytes),
            Content::Count(count) => count.to_string(),
        },
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text never fails.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A message, as a case sees it.
fn message(message: &Message) -> Value {
    json!({
        "company": message.company,
        "number": message.number,
        "code": message.code,
        "purpose": match message.purpose {
            MessagePurpose::Enroll => "enroll",
            MessagePurpose::SignIn => "sign-in",
            MessagePurpose::ManageFactors => "manage-factors",
            MessagePurpose::StepUp => "step-up",
        },
        "valid-minutes": message.valid_minutes,
        "idempotency-key": message.idempotency_key,
    })
}
