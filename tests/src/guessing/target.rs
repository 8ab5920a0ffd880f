//! The user whose second factors are guessed at, as the plugin keeps her.

use countersign_core::account::{Account, App, Phone, Recovery};
use countersign_core::administration;
use countersign_core::attempts::{Attempts, Readiness};
use countersign_core::company::Affiliation;
use countersign_core::decision::{Changes, Person};
use countersign_core::event::{Actor, EventKind};
use countersign_core::failure::{Failure, NotPermitted};
use countersign_core::method::{Method, Methods};
use countersign_core::names::{Company, User};
use countersign_core::outlook::{FirstFactor, FirstFactorKind};
use countersign_core::phone::PhoneNumber;
use countersign_core::policy::{Mode, Policy};
use countersign_core::record::v1;
use countersign_core::recovery;
use countersign_core::secret::{Secret, Text};
use countersign_core::sign_in::{self, Begin, Begun};
use countersign_core::text_message;
use countersign_core::ticket::{Purpose, Stage, Ticket, Tickets};
use countersign_core::time::{Instant, Span};
use countersign_core::totp::{Key, Window};
use countersign_core::verification::{self, Attempt, Verdict};

use super::Success;
use super::counters::Counters;
use super::dice::Dice;
use super::vault::{Counting, Line};
use countersign_conformance::authenticator::Authenticator;

/// Account, tickets and policy of one user, and the app that she has; her phone's messages too, where it is a factor.
pub(super) struct Target {
    user: User,
    companies: Vec<Affiliation>,
    window: Window,
    account: Account,
    tickets: Tickets,
    vault: Counting,
    app: Authenticator,
    counters: Counters,
    success: Success,
    /// How often the user was told that somebody seems to guess.
    pub(super) warnings: u32,
}

/// What became of the wish for a text message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Texted {
    /// It went out.
    Sent,
    /// The limits let none out before this time.
    NotBefore(Instant),
}

/// Whether a code was right.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Answer {
    Right,
    Wrong,
}

impl Target {
    /// A user with an app and a recovery code, whose company wants MFA.
    pub(super) fn new(
        window: Window,
        success: Success,
        dice: &mut Dice,
        now: Instant,
    ) -> Result<Self, Failure> {
        let mut target = Self {
            user: User::parse("ana", "user")?,
            companies: vec![company(window)?],
            window,
            account: Account::default(),
            tickets: Tickets::default(),
            vault: Counting::default(),
            app: Authenticator::scan("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
                .map_err(|_| Failure::invalid("key", "base 32"))?,
            counters: Counters::default(),
            success,
            warnings: 0,
        };
        target.set_up_app(dice, now)?;
        let (kept, _) = Recovery::issue(&target.user, now, &mut target.vault)?;
        target.account.recovery = Some(kept);
        Ok(target)
    }

    /// Puts an app with a new key in the place of the one before.
    pub(super) fn set_up_app(&mut self, dice: &mut Dice, now: Instant) -> Result<(), Failure> {
        let secret: Vec<u8> = (0..3).flat_map(|_| dice.draw().to_le_bytes()).collect();
        let key = Key::standard(Secret::new(secret))
            .map_err(|_| Failure::invalid("key", "16 bytes or more"))?;
        self.app = Authenticator::scan(key.to_base32().expose())
            .map_err(|_| Failure::invalid("key", "base 32"))?;
        self.account.app = None;
        let person = self.person()?;
        let operator = Actor::Operator("simulation".into());
        let imported = administration::add_totp(person, key, None, operator, now, &mut self.vault)?;
        self.commit(imported.changes);
        Ok(())
    }

    /// Makes a phone a factor too, as one that was confirmed a while ago.
    pub(super) fn set_up_phone(&mut self, now: Instant) -> Result<(), Failure> {
        let number = PhoneNumber::parse("+34600000000")
            .map_err(|_| Failure::invalid("phone", "a number"))?;
        self.account.phone = Some(Phone {
            id: "phone".into(),
            number,
            confirmed_at: now,
            used_at: None,
            attempts: Attempts::default(),
            unknown: Default::default(),
        });
        Ok(())
    }

    /// Asks for a ticket; none where the password must be changed first.
    pub(super) fn begin(
        &mut self,
        purpose: Purpose,
        now: Instant,
    ) -> Result<Option<Text>, Failure> {
        let request = Begin {
            affiliations: self.companies.clone(),
            first_factor: FirstFactor {
                kind: FirstFactorKind::Password,
                age: Span::ZERO,
                phone: None,
            },
            purpose,
            device_token: None,
            attested: true,
            known_enrolled: true,
        };
        let person = self.person()?;
        let begun = sign_in::begin(person, request, now, &mut self.vault)?;
        match begun.reply {
            Begun::Challenge(challenge) => {
                self.commit(begun.changes);
                Ok(Some(challenge.ticket))
            }
            Begun::Allow(_) | Begun::Enroll(_) | Begun::Deny(_) => {
                self.tickets = Tickets::default();
                Ok(None)
            }
        }
    }

    /// Asks for a text message with a code that is good on this ticket.
    pub(super) fn send_code(&mut self, ticket: &Text, now: Instant) -> Result<Texted, Failure> {
        let person = self.person()?;
        // What the store keeps in case that nothing goes out.
        let kept = v1::encode_tickets(&person.tickets);
        let sent = verification::send_code(person, ticket, now, &mut self.vault, &mut Line);
        let refusal = match sent {
            Ok(decision) => match self.counters.raise(&decision.changes, now) {
                Ok(()) => {
                    self.commit(decision.changes);
                    return match decision.reply {
                        Ok(_) => Ok(Texted::Sent),
                        Err(refusal) => Err(refusal.failure),
                    };
                }
                Err(refusal) => Ok(refusal),
            },
            Err(failure) => Err(failure),
        };
        self.tickets = v1::decode_tickets(&kept)
            .map_err(|_| Failure::invalid("tickets", "what was encoded just now"))?;
        let failure = match refusal {
            Ok(refusal) => {
                let person = self.person()?;
                self.commit(text_message::count_refusal(person, &refusal, now).changes);
                refusal.failure
            }
            Err(failure) => failure,
        };
        match failure {
            Failure::NotPermitted(NotPermitted::SendLimit(until)) => Ok(Texted::NotBefore(until)),
            other => Err(other),
        }
    }

    /// Types a code that would be compared.
    pub(super) fn verify(
        &mut self,
        ticket: &Text,
        method: Method,
        code: &str,
        now: Instant,
    ) -> Result<Answer, Failure> {
        let person = self.person()?;
        let attempt = Attempt {
            method,
            typed: code,
            remember: false,
        };
        let decision = verification::verify(person, ticket, &attempt, now, &mut self.vault)?;
        self.commit(decision.changes);
        if let Verdict::Rejected(_) = decision.reply {
            return Ok(Answer::Wrong);
        }
        if let (Success::ClearsAll, Some(attempts)) =
            (self.success, self.account.attempts_mut(method))
        {
            *attempts = Attempts::default();
        }
        Ok(Answer::Right)
    }

    /// Types a recovery code that is not the user's.
    pub(super) fn present_wrong(&mut self, ticket: &Text, now: Instant) -> Result<(), Failure> {
        let person = self.person()?;
        let wrong = "00000-00000-00000-00000-000000";
        let decision = recovery::present(person, ticket, wrong, now, &mut self.vault)?;
        self.commit(decision.changes);
        Ok(())
    }

    /// The counts of wrong codes.
    pub(super) fn attempts(&self, method: Method) -> Attempts {
        let attempts = self.account.attempts(method);
        attempts.cloned().unwrap_or_default()
    }

    /// Until when nothing is compared with a factor, if so.
    pub(super) fn rests_until(&self, method: Method, now: Instant) -> Option<Instant> {
        match self.attempts(method).readiness(now) {
            Readiness::Resting(until) => Some(until),
            Readiness::Usable | Readiness::Disabled => None,
        }
    }

    /// Whether a factor is disabled.
    pub(super) fn is_disabled(&self) -> bool {
        let methods = self.account.methods();
        methods.into_iter().any(|it| self.attempts(it).disabled)
    }

    /// Wrong codes typed on a ticket for app and phone, while it is good for more.
    pub(super) fn typed_on(&self, ticket: &Text, now: Instant) -> Option<u32> {
        let found = self.awaiting(ticket, now)?;
        Some(found.failures.app.saturating_add(found.failures.phone))
    }

    /// The code on its way to the phone, which is good on this ticket.
    pub(super) fn texted_code(&self, ticket: &Text, now: Instant) -> Option<String> {
        let sent = self.awaiting(ticket, now)?.sent.as_ref();
        let sent = sent.filter(|it| !it.is_over(now))?;
        Some(sent.code.expose().to_owned())
    }

    fn awaiting(&self, ticket: &Text, now: Instant) -> Option<&Ticket> {
        let mut live = self.tickets.live.iter();
        let found = live.find(|it| ticket.expose().starts_with(&it.id))?;
        (found.stage == Stage::Challenged && now < found.expires_at).then_some(found)
    }

    /// The code on the owner's phone.
    pub(super) fn right_code(&self, now: Instant) -> String {
        self.app.code(now.as_seconds())
    }

    /// A code that would not be accepted.
    pub(super) fn wrong_code(&self, ticket: &Text, method: Method, now: Instant) -> String {
        let near = match method {
            Method::Totp => [-1, 0, 1]
                .map(|offset| self.app.code_near(now.as_seconds(), offset))
                .to_vec(),
            Method::Sms => self.live_codes(ticket, method, now),
        };
        let mut others = (0..).map(|number: u32| format!("{number:06}"));
        let other = others.find(|code| !near.contains(code));
        other.unwrap_or_default()
    }

    /// How many codes would be accepted.
    pub(super) fn live(&self, ticket: &Text, method: Method, now: Instant) -> usize {
        match method {
            Method::Totp => self.live_steps(now).len(),
            Method::Sms => self.live_codes(ticket, method, now).len(),
        }
    }

    /// The codes that would be accepted.
    pub(super) fn live_codes(&self, ticket: &Text, method: Method, now: Instant) -> Vec<String> {
        match method {
            Method::Totp => {
                let code = |offset| self.app.code_near(now.as_seconds(), offset);
                self.live_steps(now).into_iter().map(code).collect()
            }
            Method::Sms => self.texted_code(ticket, now).into_iter().collect(),
        }
    }

    /// The steps of the window that are above the mark, as seen from now.
    fn live_steps(&self, now: Instant) -> Vec<i64> {
        let offsets: &[i64] = match self.window {
            Window::PlusMinusOne => &[-1, 0, 1],
            Window::CurrentAndPrevious => &[-1, 0],
        };
        let step = now.as_seconds() / 30;
        let app = self.account.app.as_ref();
        let mark = app.map_or(u64::MAX, |app| app.mark.number());
        let mut live = offsets.to_vec();
        live.retain(|offset| step.saturating_add_signed(*offset) > mark);
        live
    }

    /// The user as a store would give her. The core hands nothing back that it did not change.
    fn person(&mut self) -> Result<Person, Failure> {
        Ok(Person {
            user: self.user.clone(),
            account: Some(copy(&self.account)?),
            tickets: core::mem::take(&mut self.tickets),
        })
    }

    fn commit(&mut self, changes: Changes) {
        let warned = changes
            .events
            .iter()
            .filter(|event| matches!(event.kind, EventKind::GuessingSuspected(..)));
        let warned = u32::try_from(warned.count()).unwrap_or(u32::MAX);
        self.warnings = self.warnings.saturating_add(warned);
        if let Some(account) = changes.account {
            self.account = account;
        }
        self.tickets = changes.tickets.unwrap_or_default();
    }
}

fn company(window: Window) -> Result<Affiliation, Failure> {
    let company = Company::parse("acme", "company")?;
    Ok(Affiliation {
        company: company.clone(),
        roles: Vec::new(),
        active: true,
        policy_of: company,
        policy: Policy {
            mode: Mode::Voluntary,
            window,
            methods: Methods::ALL,
            ..Policy::baseline()
        },
    })
}

/// Copies what an account of this simulation has. The core has no such thing: there, an account has one owner.
fn copy(account: &Account) -> Result<Account, Failure> {
    let app = account.app.as_ref().map(copy_app).transpose()?;
    let phone = account.phone.as_ref().map(|it| Phone {
        id: it.id.clone(),
        number: it.number.clone(),
        confirmed_at: it.confirmed_at,
        used_at: it.used_at,
        attempts: it.attempts.clone(),
        unknown: Default::default(),
    });
    let recovery = account.recovery.as_ref().map(|it| Recovery {
        id: it.id.clone(),
        tag: it.tag.clone(),
        issued_at: it.issued_at,
        acknowledged: it.acknowledged,
        unknown: Default::default(),
    });
    Ok(Account {
        epoch: account.epoch,
        ever_enrolled: account.ever_enrolled,
        app,
        phone,
        recovery,
        first_factor_suspect: account.first_factor_suspect,
        user_wide: account.user_wide.clone(),
        ..Account::default()
    })
}

fn copy_app(app: &App) -> Result<App, Failure> {
    let secret = app.key.secret().duplicate();
    let key = Key::standard(secret).map_err(|_| Failure::invalid("key", "the key that it was"))?;
    Ok(App {
        id: app.id.clone(),
        key,
        mark: app.mark,
        confirmed_at: app.confirmed_at,
        used_at: app.used_at,
        attempts: app.attempts.clone(),
        unknown: Default::default(),
    })
}
