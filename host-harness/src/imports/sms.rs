//! `sms`: what is sent is checked here, and that it is sent once.

use crate::bindings::countersign::mfa::sms::{
    Host, Message, MessagePurpose, Outcome as Answer, Permission,
};
use crate::call::{Call, Stop};
use crate::contract::Dependency;
use crate::error::Reached;
use crate::fingerprint::Fingerprint;
use crate::sms::{self, Outcome, is_cap, is_number};
use crate::store::{Change, Commit, CommitError, Key, Record};

impl Host for Call {
    async fn check(
        &mut self,
        company: String,
        number: String,
        purpose: MessagePurpose,
    ) -> wasmtime::Result<Result<Permission, String>> {
        let _in_host = self.enter_host()?;
        self.texting.check()?;
        well_formed(&company)?;
        if !is_number(&number) {
            return Ok(Ok(Permission::Refused("not-a-number".to_owned())));
        }
        let Some(_place) = self.texting.place() else {
            self.host.report(Dependency::Sms, NO_PLACE);
            return Ok(Err("busy".to_owned()));
        };
        let answer = self.host.sms.check(&company, &number, purpose);
        Ok(match self.within(self.limits.sms_time, answer).await {
            Some(Ok(permission @ Permission::Permitted(_))) => Ok(permission),
            Some(Ok(Permission::Refused(why))) => {
                let why = sms::plain(why);
                // Somebody has messages sent to numbers that pay, or the caps are too low. What else is refused is a
                // rule at work.
                if is_cap(&why) {
                    self.host.report(Dependency::Sms, &why);
                }
                Ok(Permission::Refused(why))
            }
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

    async fn send(&mut self, message: Message) -> wasmtime::Result<Answer> {
        let _in_host = self.enter_host()?;
        self.texting.send()?;
        check(&message)?;
        let user = self.scope.user().ok_or(Stop::Scope(Reached::PhoneLine))?;
        let mark = self.mark(user, &message.idempotency_key);
        let Some(_place) = self.texting.place() else {
            self.host.report(Dependency::Sms, NO_PLACE);
            return Ok(Answer::Failed("busy".to_owned()));
        };
        if let Some(outcome) = self.claim(mark.clone()).await {
            return Ok(outcome.into());
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
            Some(outcome) => outcome.plain(),
            None => Outcome::Unknown("time-out".to_owned()),
        };
        match &outcome {
            Outcome::Failed(why) => {
                self.host.report(Dependency::Sms, why);
                self.release(mark).await;
            }
            Outcome::Refused(why) => {
                if is_cap(why) {
                    self.host.report(Dependency::Sms, why);
                }
                self.release(mark).await;
            }
            Outcome::Unknown(why) => {
                let why = format!("it is not known whether a message went out: {why}");
                self.host.report(Dependency::Sms, &why);
            }
            Outcome::Sent | Outcome::AlreadySent => {}
        }
        Ok(outcome.into())
    }
}

/// Checks a message, so that the phone line is a narrow way out for a plugin: one message a call, of six to eight
/// digits in words that are the host's, in a call that is about one, to a number that the line's own rules allow. That
/// it is the user's number, and the user's code, is the plugin's to see to: here nobody knows either.
fn check(message: &Message) -> Result<(), Stop> {
    let digits = message.code.bytes().all(|b| b.is_ascii_digit());
    if !digits || !(6..=8).contains(&message.code.len()) {
        return Err(Stop::Misuse("sms.send of what is not 6 to 8 digits"));
    }
    if !is_number(&message.number) {
        return Err(Stop::Misuse("sms.send to what is not an E.164 number"));
    }
    if !(1..=128).contains(&message.idempotency_key.len()) {
        return Err(Stop::Misuse("sms.send with a malformed idempotency key"));
    }
    well_formed(&message.company)
}

/// Checks who pays. Senders hand it on.
fn well_formed(company: &str) -> Result<(), Stop> {
    match (1..=128).contains(&company.len()) && !company.chars().any(char::is_control) {
        true => Ok(()),
        false => Err(Stop::Misuse(
            "the phone line is used for a malformed company",
        )),
    }
}

impl Call {
    /// Names the counter that says whether a message went out. No plugin can name it: `_` is not for them.
    fn mark(&self, user: &str, idempotency_key: &str) -> Key {
        let fingerprint = Fingerprint::of(&[user, idempotency_key]);
        let name = format!("host_sms/{fingerprint}");
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
/// What the operator hears when a quarter of all calls wait for the phone line.
const NO_PLACE: &str = "busy: every place of the phone line is taken";
