//! What is stored, compared with the reference.
//!
//! Answers alone would do, sooner or later. But of two calls at once both orders may explain the answers, and only the
//! records tell at once which of them happened.

use countersign_core::method::Method as CoreMethod;
use countersign_core::phone::PhoneNumber;
use countersign_core::policy::{EffectiveMode, Guessing, Resend};
use countersign_core::sent_code::SentCode;
use countersign_core::ticket as core;
use countersign_core::totp::Window;

use super::Machine;
use crate::command::{Method, Who};
use crate::reference::policy::{Company, Mode, Rules, Texts};
use crate::reference::texts::Sent;
use crate::reference::{Presented, Stage, Ticket};
use crate::secrets::{PHONES, name};

impl Machine {
    /// Compares a user's mark, recovery code and tickets; those minted from `first` on must stand in the order of their
    /// numbers.
    pub(super) fn records_agree(&self, user: Who, first: usize) -> Result<(), String> {
        let stood = &self.state.people[user];
        let person = &self.reference.people[user];
        let app = stood.account.as_ref().and_then(|it| it.app.as_ref());
        let differs = |what: &str| Err(format!("the record of {} has another {what}", name(user)));
        if app.map(|it| it.mark.number()) != person.app.as_ref().map(|it| it.mark) {
            return differs("replay mark");
        }
        let devices = stood.account.iter().flat_map(|it| &it.devices);
        if devices.count() != person.devices.len() {
            return differs("number of devices");
        }
        // The store may collect a user's tickets, and this with them, long after it mattered.
        let texted_at = stood.tickets.texted_at.map(|it| it.as_seconds());
        let matters = |at: &u64| self.reference.now < at + 60 || texted_at.is_some();
        if texted_at != person.texted_at.filter(matters) {
            return differs("time of the last message");
        }
        let recovery = stood.account.as_ref().and_then(|it| it.recovery.as_ref());
        let expected = person
            .recovery
            .filter(|number| self.reference.codes[*number].known);
        if let Some(number) = expected {
            let presented = Presented::Issued {
                number,
                respelt: false,
            };
            let id = self.secrets.code_id(presented);
            if recovery.map(|it| &it.id) != Some(&id) {
                return differs("recovery code");
            }
        }
        let mut last = None;
        for number in self.reference.good(user) {
            let ticket = &self.reference.tickets[number];
            let text = match self.secrets.tickets.get(&number) {
                Some(text) if ticket.known => text,
                _ => continue,
            };
            let live = &stood.tickets.live;
            let Some(place) = live.iter().position(|it| text.starts_with(&it.id)) else {
                return differs("set of tickets");
            };
            if let Some(what) = difference(ticket, &live[place]) {
                return differs(what);
            }
            if number >= first && last > Some(place) {
                return differs("order of tickets");
            }
            if number >= first {
                last = Some(place);
            }
        }
        Ok(())
    }
}

fn difference(expected: &Ticket, found: &core::Ticket) -> Option<&'static str> {
    let stage = match (expected.stage, &found.stage) {
        (Stage::Challenged, core::Stage::Challenged)
        | (Stage::Recovering, core::Stage::Recovering { .. }) => true,
        (
            Stage::Verified { method, factor_at },
            core::Stage::Verified {
                method: of,
                factor_at: at,
            },
        ) => at.as_seconds() == factor_at && (method == Method::Sms) == (*of == CoreMethod::Sms),
        (Stage::Enrolling { required }, core::Stage::Enrolling { required: it }) => *it == required,
        _ => false,
    };
    let pending = found.pending_app.as_ref().map(|it| u64::from(it.failures));
    let wrong = (
        u64::from(found.failures.app),
        u64::from(found.failures.phone),
        u64::from(found.failures.recovery),
    );
    let end = |sent: &SentCode| (sent.sent_at.as_seconds(), sent.good_until.as_seconds());
    let own_end = |sent: &Sent| (sent.sent_at, sent.good_until);
    let phone = found
        .pending_phone
        .as_ref()
        .map(|it| (it.number.as_str(), u64::from(it.failures), end(&it.sent)));
    let checks = [
        (stage, "stage"),
        (found.expires_at.as_seconds() == expected.expires_at, "end"),
        (found.first_factor_fresh == expected.fresh, "first factor"),
        (
            wrong
                == (
                    expected.wrong_app,
                    expected.wrong_phone,
                    expected.wrong_recovery,
                ),
            "count of wrong codes",
        ),
        (
            pending == expected.pending.as_ref().map(|it| it.wrong),
            "pending app",
        ),
        (
            phone
                == expected
                    .pending_phone
                    .as_ref()
                    .map(|it| (PHONES[it.number].text, it.wrong, own_end(&it.sent))),
            "pending phone",
        ),
        (
            found.sent.as_ref().map(end) == expected.sent.as_ref().map(own_end),
            "sent code",
        ),
        (
            u64::from(found.sends) == expected.sends,
            "count of messages",
        ),
        (
            found.first_factor_phone.as_ref().map(PhoneNumber::as_str)
                == expected.first_phone.map(|it| PHONES[it].text),
            "phone of the first factor",
        ),
        (rules(found) == expected.rules, "policy"),
    ];
    checks
        .into_iter()
        .find_map(|(holds, what)| (!holds).then_some(what))
}

fn rules(ticket: &core::Ticket) -> Rules {
    let policy = &ticket.policy;
    Rules {
        mode: match &policy.mode {
            EffectiveMode::Off => Mode::Off,
            EffectiveMode::Voluntary => Mode::Voluntary,
            EffectiveMode::EnforcedFrom(deadline) => Mode::EnforcedFrom(deadline.at.as_seconds()),
        },
        sms: policy.methods.has(countersign_core::method::Method::Sms),
        attested: policy.first_binding == countersign_core::policy::FirstBinding::Attested,
        plus_minus_one: policy.window == Window::PlusMinusOne,
        user_wide: policy.guessing == Guessing::AlsoUserWideTen,
        reauth: policy.reauth.as_seconds(),
        device_days: policy.device_days.into(),
        texts: Texts {
            countries: policy
                .sms
                .countries
                .iter()
                .filter_map(|it| country(it))
                .collect(),
            per_hour: policy.sms.per_hour.into(),
            per_day: policy.sms.per_day.into(),
            budget: policy.sms.daily_budget.into(),
            enrolling_percent: policy.sms.enrolling_percent.into(),
            minutes: policy.sms.lifetime_minutes.into(),
            beyond_ten: policy.sms.beyond_ten_minutes,
            fresh: policy.sms.resend == Resend::Fresh,
            may_manage_app: policy.sms.may_manage_app,
        },
        payer: policy.companies.first().and_then(|payer| {
            let all = [Company::Acme, Company::Bolt, Company::Cove].into_iter();
            all.into_iter().find(|it| it.name() == payer.as_str())
        }),
    }
}

fn country(code: &str) -> Option<&'static str> {
    PHONES
        .iter()
        .filter_map(|it| it.country)
        .find(|it| *it == code)
}
