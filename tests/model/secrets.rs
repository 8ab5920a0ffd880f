//! What users and gateway hold: tickets, keys of apps, recovery codes. The reference knows only their numbers.

use std::collections::HashMap;

use countersign_conformance::authenticator::Authenticator;
use countersign_conformance::expression::look_up;
use serde_json::Value;

use crate::command::Who;
use crate::forecast::Lesson;
use crate::reference::{Presented, Typed};

/// An entry that another system had.
pub(crate) struct Entry {
    pub(crate) uri: &'static str,
    pub(crate) period: u64,
}

/// What `add-totp` imports.
pub(crate) const IMPORTS: [Entry; 3] = [
    Entry {
        uri: "otpauth://totp/Old:ana?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Old",
        period: 30,
    },
    Entry {
        uri: "otpauth://totp/Old:bea?secret=MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43UOV3HO6DZPIYTEMZU&issuer=Old\
              &algorithm=SHA256&digits=8&period=30",
        period: 30,
    },
    Entry {
        uri: "otpauth://totp/Old:cal?secret=NBSWY3DPEB3W64TMMQQQNBSWY3DPEB3W&issuer=Old&period=60",
        period: 60,
    },
];

/// The name of a user in the contract.
pub(crate) fn name(user: Who) -> &'static str {
    ["ana", "bea", "cal"][user]
}

/// The texts behind the reference's numbers.
#[derive(Clone, Default)]
pub(crate) struct Secrets {
    pub(crate) tickets: HashMap<usize, String>,
    keys: HashMap<usize, String>,
    /// Id and code.
    codes: HashMap<usize, (String, String)>,
}

impl Secrets {
    pub(crate) fn new() -> Self {
        let imports = IMPORTS.iter().map(|it| it.uri.to_owned());
        Self {
            keys: imports.enumerate().collect(),
            ..Self::default()
        }
    }

    /// Takes what an answer teaches; says what of it contradicts what is known.
    pub(crate) fn learn(&mut self, lesson: &Lesson, answer: &Value) -> Result<(), String> {
        let text = |path: &str| {
            let found = look_up(answer, path);
            let found = found.and_then(|it| it.as_str().map(str::to_owned));
            found.ok_or_else(|| format!("no text at {path}"))
        };
        match lesson {
            Lesson::Ticket(number, path) => {
                let ticket = text(path)?;
                if self.tickets.values().any(|it| *it == ticket) {
                    return Err("TICKET-2: a ticket was minted that was there before".to_owned());
                }
                self.tickets.insert(*number, ticket);
            }
            Lesson::Key(number, path) => {
                let key = text(path)?;
                match self.keys.get(number) {
                    Some(known) if *known == key => {}
                    Some(_) => return Err("ENROLL-1: the same ticket got another key".to_owned()),
                    None if self.keys.values().any(|it| *it == key) => {
                        return Err("ENROLL-3: two tickets got the same key".to_owned());
                    }
                    None => {
                        self.keys.insert(*number, key);
                    }
                }
            }
            Lesson::Recovery(number, path) => {
                let id = text(&format!("{path}.id"))?;
                let code = text(&format!("{path}.code"))?;
                self.codes.insert(*number, (id, code));
            }
        }
        Ok(())
    }

    pub(crate) fn ticket(&self, number: Option<usize>) -> String {
        let known = number.and_then(|it| self.tickets.get(&it).cloned());
        known.unwrap_or_else(|| {
            "MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43UOV3HO6DZPIYTEMZUGU3DOOBZ".to_owned()
        })
    }

    /// The text to type for a code.
    pub(crate) fn typed(&self, typed: Typed, now: u64) -> String {
        match typed {
            Typed::Malformed(how) => MALFORMED[how % MALFORMED.len()].to_owned(),
            Typed::Wrong(key) => match key.and_then(|key| self.app(key)) {
                Some(app) => app.wrong_code(now, 0),
                None => "000000".to_owned(),
            },
            Typed::Of { key, step, respelt } => {
                let period = IMPORTS.get(key).map_or(30, |it| it.period);
                let code = self.app(key).map(|app| app.code(step * period));
                let code = code.unwrap_or_else(|| "000000".to_owned());
                match respelt {
                    true => format!(" {}-{}\u{a0}", &code[..3], &code[3..]),
                    false => code,
                }
            }
        }
    }

    pub(crate) fn app(&self, key: usize) -> Option<Authenticator> {
        Authenticator::scan(self.keys.get(&key)?).ok()
    }

    pub(crate) fn presented(&self, presented: Presented) -> String {
        match presented {
            Presented::Malformed => "no code".to_owned(),
            Presented::Wrong => "0123-4567-89AB-CDEF-GHJK-MNPQ-RS".to_owned(),
            Presented::Issued { number, respelt } => {
                let code = self.codes.get(&number).map(|(_, code)| code.clone());
                let code = code.unwrap_or_default();
                match respelt {
                    true => code.to_lowercase().replace('-', " "),
                    false => code,
                }
            }
        }
    }

    pub(crate) fn code_id(&self, presented: Presented) -> String {
        match presented {
            Presented::Issued { number, .. } => self.codes.get(&number).map(|(id, _)| id.clone()),
            _ => None,
        }
        .unwrap_or_else(|| "0123456789abcdef".to_owned())
    }

    /// Every key that was learned or imported, in base 32.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.values().map(|entry| {
            let secret = entry.split_once("secret=").map_or(&**entry, |(_, it)| it);
            secret.split('&').next().unwrap_or(secret)
        })
    }

    /// Every recovery code that was learned.
    pub(crate) fn codes(&self) -> impl Iterator<Item = &(String, String)> {
        self.codes.values()
    }
}

/// Texts that are no code, whatever the number of digits (VERIFY-10).
const MALFORMED: [&str; 6] = ["", "+12345", "12345", "1234567", "١٢٣٤٥٦", "12 34 5a"];
