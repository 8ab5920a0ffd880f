//! `sms`: what is sent is checked here, and that it is sent once.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::bindings::countersign::mfa::sms::{Host, Message, MessagePurpose, Outcome, Permission};
use crate::call::{Call, Stop};
use crate::contract::Dependency;
use crate::error::Reached;
use crate::sms::{self, is_number};
use crate::store::{Change, Commit, CommitError, Key, Record};

impl Host for Call {
    async fn check(
        &mut self,
        company: String,
        number: String,
        purpose: MessagePurpose,
    ) -> wasmtime::Result<Result<Permission, String>> {
        let _in_host = self.enter_host()?;
        self.user_for_sms()?;
        if !is_number(&number) {
            return Ok(Ok(Permission::Refused("not-a-number".to_owned())));
        }
        let answer = self.host.sms.check(&company, &number, purpose);
        Ok(match self.within(self.limits.sms_time, answer).await {
            Some(Ok(permission)) => Ok(permission),
            Some(Err(error)) => {
                self.host.report(Dependency::Sms, &error.to_string());
                Err("unavailable".to_owned())
            }
            None => {
                self.host.report(Dependency::Sms, "no answer in time");
                Err("unavailable".to_owned())
            }
        })
    }

    async fn send(&mut self, message: Message) -> wasmtime::Result<Outcome> {
        let _in_host = self.enter_host()?;
        let user = self.user_for_sms()?;
        let digits = message.code.bytes().all(|b| b.is_ascii_digit());
        if !digits || !(6..=8).contains(&message.code.len()) {
            // Whatever else it is, it is not ours to send: the phone line is no way out for a plugin.
            return Err(Stop::Misuse("sms.send of what is not 6 to 8 digits").into());
        }
        if !is_number(&message.number) {
            return Err(Stop::Misuse("sms.send to what is not an E.164 number").into());
        }
        if !(1..=128).contains(&message.idempotency_key.len()) {
            return Err(Stop::Misuse("sms.send with a malformed idempotency key").into());
        }
        let mark = self.mark(user, &message.idempotency_key);
        if let Some(outcome) = self.claim(mark.clone()).await {
            return Ok(outcome);
        }
        let message = sms::Message {
            company: message.company,
            number: message.number,
            code: message.code,
            purpose: message.purpose,
            valid_minutes: message.valid_minutes,
            idempotency_key: message.idempotency_key,
        };
        let sent = self.host.sms.send(&message);
        let outcome = match self.within(self.limits.sms_time, sent).await {
            Some(outcome) => outcome,
            None => Outcome::Unknown,
        };
        match &outcome {
            Outcome::Failed(why) | Outcome::Refused(why) => {
                self.host.report(Dependency::Sms, why);
                self.release(mark).await;
            }
            Outcome::Unknown => {
                let why = "it is not known whether a message went out";
                self.host.report(Dependency::Sms, why);
            }
            Outcome::Sent | Outcome::AlreadySent => {}
        }
        Ok(outcome)
    }
}

impl Call {
    fn user_for_sms(&self) -> Result<&str, Stop> {
        self.scope.user().ok_or(Stop::Scope(Reached::PhoneLine))
    }

    /// Names the counter that says whether a message went out. No plugin can name it: `_` is not for them.
    fn mark(&self, user: &str, idempotency_key: &str) -> Key {
        let mut hash = Sha256::new();
        for part in [user, idempotency_key] {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
        let mut name = "host_sms/".to_owned();
        for byte in hash.finalize() {
            // Writing to a string cannot fail.
            let _ = write!(name, "{byte:02x}");
        }
        self.key(Record::Quota { name: name.into() })
    }

    /// Notes that a message goes out now, or says why it must not. A counter with ceiling 1: of two calls that race,
    /// on whichever machines, one sends.
    async fn claim(&self, key: Key) -> Option<Outcome> {
        let add = Change::Add {
            key,
            amount: 1,
            ceiling: 1,
            collectable_at: self.now.saturating_add(REMEMBERED),
        };
        let commit = self.host.store.commit(Commit::new(self.now, vec![add]));
        match self.within(self.limits.store_time, commit).await {
            Some(Ok(())) => None,
            Some(Err(CommitError::CeilingReached(_))) => Some(Outcome::AlreadySent),
            Some(Err(error)) => {
                self.host.report(Dependency::Store, &error.to_string());
                Some(Outcome::Failed("store".to_owned()))
            }
            None => {
                self.host.report(Dependency::Store, "no answer in time");
                Some(Outcome::Failed("store".to_owned()))
            }
        }
    }

    /// Forgets a message that did not go out. If that fails it stays noted: a message too few, not one too many.
    async fn release(&self, key: Key) {
        let work = async {
            let found = self.host.store.get(std::slice::from_ref(&key)).await;
            if let Ok([Some(stored)]) = found.as_deref() {
                let delete = Change::Delete {
                    key,
                    expected: Some(stored.version),
                };
                // The worst that can come of it is said above.
                let _ = self
                    .host
                    .store
                    .commit(Commit::new(self.now, vec![delete]))
                    .await;
            }
        };
        self.within(self.limits.store_time, work).await;
    }
}

/// How long a message is known to have gone out: longer than any ticket lives. Three days, in seconds.
const REMEMBERED: u64 = 3 * 24 * 60 * 60;
