//! What users and gateway hold: tickets, keys of apps, recovery codes, codes of messages, tokens of devices. The reference knows only their numbers.

use std::collections::HashMap;

use countersign_conformance::authenticator::Authenticator;
use countersign_conformance::expression::look_up;
use serde_json::Value;

use crate::command::Who;
use crate::forecast::Lesson;
use crate::reference::{Carried, Presented, Typed};

/// An entry that another system had.
pub(crate) struct Entry {
    pub(crate) uri: &'static str,
    pub(crate) period: u64,
    pub(crate) digits: usize,
}

/// What `add-totp` imports.
pub(crate) const IMPORTS: [Entry; 3] = [
    Entry {
        uri: "otpauth://totp/Old:ana?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Old",
        period: 30,
        digits: 6,
    },
    Entry {
        uri: "otpauth://totp/Old:bea?secret=MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43UOV3HO6DZPIYTEMZU&issuer=Old\
              &algorithm=SHA256&digits=8&period=30",
        period: 30,
        digits: 8,
    },
    Entry {
        uri: "otpauth://totp/Old:cal?secret=NBSWY3DPEB3W64TMMQQQNBSWY3DPEB3W&issuer=Old&period=60",
        period: 60,
        digits: 6,
    },
];

/// A telephone number.
pub(crate) struct Number {
    pub(crate) text: &'static str,
    /// In which country it is, as the line says; none where it refuses it.
    pub(crate) country: Option<&'static str>,
}

/// Those of the three users, and others.
pub(crate) const PHONES: [Number; 7] = [
    Number {
        text: "+12025550100",
        country: Some("US"),
    },
    Number {
        text: "+12025550101",
        country: Some("US"),
    },
    Number {
        text: "+34600000000",
        country: Some("ES"),
    },
    Number {
        text: "+12025550142",
        country: Some("US"),
    },
    Number {
        text: "+34611111111",
        country: Some("ES"),
    },
    Number {
        text: "+18765550100",
        country: Some("JM"),
    },
    Number {
        text: "+9991234567",
        country: None,
    },
];

/// The last digits of a number behind three dots.
pub(crate) fn masked(number: usize, shown: usize) -> String {
    let text = PHONES[number].text;
    format!("•••{}", &text[text.len() - shown..])
}

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
    /// Codes of messages that arrived.
    texts: HashMap<usize, String>,
    tokens: HashMap<usize, String>,
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
            Lesson::Device(number, path) => {
                let token = text(path)?;
                match self.tokens.get(number) {
                    Some(known) if *known == token => {}
                    Some(_) => return Err("VERIFY-18: a device got another token".to_owned()),
                    None if self.tokens.values().any(|it| *it == token) => {
                        return Err("VERIFY-18: two devices got the same token".to_owned());
                    }
                    None => {
                        self.tokens.insert(*number, token);
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes the code of a message that arrived.
    pub(crate) fn learn_text(&mut self, number: usize, code: &str) -> Result<(), String> {
        match self.texts.get(&number) {
            Some(known) if known != code => {
                Err("ENROLL-7: another code was sent where the same should be".to_owned())
            }
            _ => {
                self.texts.insert(number, code.to_owned());
                Ok(())
            }
        }
    }

    /// What the browser carries.
    pub(crate) fn token(&self, carried: Carried) -> Option<String> {
        match carried {
            Carried::None => None,
            Carried::Given(number) => self.tokens.get(&number).cloned(),
            Carried::Nonsense => {
                Some("MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43UOV3HO6DZPIYTEMZUGU3D".to_owned())
            }
        }
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
                spelt(code, respelt)
            }
            Typed::Sent { code, respelt } => {
                let code = self.texts.get(&code).cloned();
                spelt(code.unwrap_or_else(|| "000000".to_owned()), respelt)
            }
            Typed::NotSent(code) => {
                let code = code.and_then(|code| self.texts.get(&code)?.parse::<u32>().ok());
                format!("{:06}", code.map_or(0, |code| (code + 1) % 1_000_000))
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

fn spelt(code: String, respelt: bool) -> String {
    match respelt {
        true => format!(" {}-{}\u{a0}", &code[..3], &code[3..]),
        false => code,
    }
}

/// Texts that are no code, whatever the number of digits (VERIFY-10).
const MALFORMED: [&str; 6] = ["", "+12345", "12345", "1234567", "١٢٣٤٥٦", "12 34 5a"];
