//! `tickets`.

use alloc::sync::Arc;
use alloc::vec::Vec;

use serde_json::Value;
use zeroize::Zeroizing;

use super::super::{Fields, Unreadable, Writer};
use super::account::{read_key, write_key};
use super::policy::{read_effective, write_effective};
use super::{
    method_name, read_instant, read_maybe_instant, read_method, read_tag, write_count, write_flag,
    write_instant, write_maybe_instant, write_tag,
};
use crate::code::Code;
use crate::phone::PhoneNumber;
use crate::policy::Effective;
use crate::secret::Text;
use crate::sent_code::SentCode;
use crate::ticket::{Ended, Failures, PendingApp, PendingPhone, Purpose, Stage, Ticket, Tickets};
use crate::totp::Digits;

/// Reads the tickets of a user.
///
/// # Errors
///
/// Returns [`Unreadable`] for anything but tickets that this version understands.
pub fn decode_tickets(bytes: &[u8]) -> Result<Tickets, Unreadable> {
    let mut fields = Fields::open(bytes)?;
    let policies = fields.list("policies", |it| {
        Ok(Arc::new(read_effective(Fields::of(it)?)?))
    })?;
    Ok(Tickets {
        live: fields.list("live", |it| read_ticket(it, &policies))?,
        ended: fields.list("ended", read_ended)?,
        texted_at: read_maybe_instant(&mut fields, "texted-at")?,
        refusals: fields.count("refusals")?,
        refused_since: read_maybe_instant(&mut fields, "refused-since")?,
        unknown: fields.rest(),
    })
}

/// Writes the tickets of a user.
#[must_use]
pub fn encode_tickets(tickets: &Tickets) -> Zeroizing<Vec<u8>> {
    let mut writer = Writer::on_top_of(&tickets.unknown);
    let mut policies: Vec<&Effective> = Vec::new();
    let live: Vec<Value> = tickets
        .live
        .iter()
        .map(|ticket| {
            let known = policies.iter().position(|it| **it == *ticket.policy);
            let index = known.unwrap_or_else(|| {
                policies.push(&ticket.policy);
                policies.len().saturating_sub(1)
            });
            write_ticket(ticket, index)
        })
        .collect();
    writer.put("live", live);
    let policies = policies.into_iter().map(write_effective);
    writer.put("policies", policies.collect::<Vec<_>>());
    writer.put(
        "ended",
        tickets.ended.iter().map(write_ended).collect::<Vec<_>>(),
    );
    write_maybe_instant(&mut writer, "texted-at", tickets.texted_at);
    write_count(&mut writer, "refusals", tickets.refusals);
    write_maybe_instant(&mut writer, "refused-since", tickets.refused_since);
    writer.close()
}

fn read_ticket(value: Value, policies: &[Arc<Effective>]) -> Result<Ticket, Unreadable> {
    let mut fields = Fields::of(value)?;
    Ok(Ticket {
        id: fields.text("id")?,
        tag: read_tag(&mut fields)?,
        purpose: read_purpose(&mut fields)?,
        stage: read_stage(&mut fields)?,
        begun_at: read_instant(&mut fields, "begun-at")?,
        expires_at: read_instant(&mut fields, "expires-at")?,
        policy: usize::try_from(fields.number("policy")?)
            .ok()
            .and_then(|index| policies.get(index).cloned())
            .ok_or(Unreadable)?,
        first_factor_fresh: fields.flag("first-factor-fresh")?,
        first_factor_phone: fields
            .maybe_text("first-factor-phone")?
            .map(PhoneNumber::from_canonical)
            .transpose()
            .map_err(|_| Unreadable)?,
        failures: fields
            .maybe_object("failures")?
            .map_or(Ok(Failures::default()), read_failures)?,
        sends: fields.count("sends")?,
        sent: fields
            .maybe_object("sent")?
            .map(|mut it| read_sent(&mut it))
            .transpose()?,
        pending_app: fields
            .maybe_object("pending-app")?
            .map(read_pending_app)
            .transpose()?,
        pending_phone: fields
            .maybe_object("pending-phone")?
            .map(read_pending_phone)
            .transpose()?,
        unknown: fields.rest(),
    })
}

fn write_ticket(ticket: &Ticket, policy: usize) -> Value {
    let mut writer = Writer::on_top_of(&ticket.unknown);
    writer.put("id", ticket.id.as_str());
    write_tag(&mut writer, &ticket.tag);
    write_purpose(&mut writer, &ticket.purpose);
    write_stage(&mut writer, &ticket.stage);
    write_instant(&mut writer, "begun-at", ticket.begun_at);
    write_instant(&mut writer, "expires-at", ticket.expires_at);
    writer.put("policy", policy);
    write_flag(&mut writer, "first-factor-fresh", ticket.first_factor_fresh);
    let phone = ticket.first_factor_phone.as_ref();
    writer.put_if("first-factor-phone", phone.map(PhoneNumber::as_str));
    if ticket.failures != Failures::default() {
        let mut failures = Writer::new();
        write_count(&mut failures, "app", ticket.failures.app);
        write_count(&mut failures, "phone", ticket.failures.phone);
        write_count(&mut failures, "recovery", ticket.failures.recovery);
        writer.put("failures", failures.into_value());
    }
    write_count(&mut writer, "sends", ticket.sends);
    if let Some(sent) = &ticket.sent {
        let mut inner = Writer::new();
        write_sent(&mut inner, sent);
        writer.put("sent", inner.into_value());
    }
    if let Some(pending) = &ticket.pending_phone {
        let mut inner = Writer::new();
        inner.put("number", pending.number.as_str());
        write_sent(&mut inner, &pending.sent);
        write_count(&mut inner, "failures", pending.failures);
        writer.put("pending-phone", inner.into_value());
    }
    if let Some(pending) = &ticket.pending_app {
        let mut inner = Writer::new();
        write_key(&mut inner, &pending.key);
        write_count(&mut inner, "failures", pending.failures);
        writer.put("pending-app", inner.into_value());
    }
    writer.into_value()
}

fn read_purpose(fields: &mut Fields) -> Result<Purpose, Unreadable> {
    match fields.text("purpose")?.as_str() {
        "sign-in" => Ok(Purpose::SignIn),
        "manage-factors" => Ok(Purpose::ManageFactors),
        "step-up" => fields.text("binding").map(Purpose::StepUp),
        _ => Err(Unreadable),
    }
}

fn write_purpose(writer: &mut Writer, purpose: &Purpose) {
    match purpose {
        Purpose::SignIn => writer.put("purpose", "sign-in"),
        Purpose::ManageFactors => writer.put("purpose", "manage-factors"),
        Purpose::StepUp(binding) => {
            writer.put("purpose", "step-up");
            writer.put("binding", binding.as_str());
        }
    }
}

fn read_stage(fields: &mut Fields) -> Result<Stage, Unreadable> {
    match fields.text("stage")?.as_str() {
        "challenged" => Ok(Stage::Challenged),
        "verified" => Ok(Stage::Verified {
            method: read_method(&fields.text("method")?)?,
            factor_at: read_instant(fields, "factor-at")?,
        }),
        "enrolling" => Ok(Stage::Enrolling {
            required: fields.flag("required")?,
        }),
        "recovering" => Ok(Stage::Recovering {
            code_id: fields.text("code-id")?,
        }),
        _ => Err(Unreadable),
    }
}

fn write_stage(writer: &mut Writer, stage: &Stage) {
    match stage {
        Stage::Challenged => writer.put("stage", "challenged"),
        Stage::Verified { method, factor_at } => {
            writer.put("stage", "verified");
            writer.put("method", method_name(*method));
            write_instant(writer, "factor-at", *factor_at);
        }
        Stage::Enrolling { required } => {
            writer.put("stage", "enrolling");
            write_flag(writer, "required", *required);
        }
        Stage::Recovering { code_id } => {
            writer.put("stage", "recovering");
            writer.put("code-id", code_id.as_str());
        }
    }
}

fn read_failures(mut fields: Fields) -> Result<Failures, Unreadable> {
    Ok(Failures {
        app: fields.count("app")?,
        phone: fields.count("phone")?,
        recovery: fields.count("recovery")?,
    })
}

fn read_pending_app(mut fields: Fields) -> Result<PendingApp, Unreadable> {
    Ok(PendingApp {
        key: read_key(&mut fields)?,
        failures: fields.count("failures")?,
    })
}

fn read_pending_phone(mut fields: Fields) -> Result<PendingPhone, Unreadable> {
    Ok(PendingPhone {
        number: PhoneNumber::from_canonical(fields.text("number")?).map_err(|_| Unreadable)?,
        sent: read_sent(&mut fields)?,
        failures: fields.count("failures")?,
    })
}

fn read_sent(fields: &mut Fields) -> Result<SentCode, Unreadable> {
    let code = Text::new(fields.text("code")?);
    Ok(SentCode {
        code: Code::parse(code.expose(), Digits::Six).map_err(|_| Unreadable)?,
        sent_at: read_instant(fields, "sent-at")?,
        good_until: read_instant(fields, "good-until")?,
    })
}

fn write_sent(writer: &mut Writer, sent: &SentCode) {
    writer.put("code", sent.code.expose());
    write_instant(writer, "sent-at", sent.sent_at);
    write_instant(writer, "good-until", sent.good_until);
}

fn read_ended(value: Value) -> Result<Ended, Unreadable> {
    let mut fields = Fields::of(value)?;
    Ok(Ended {
        id: fields.text("id")?,
        expired: fields.flag("expired")?,
        until: read_instant(&mut fields, "until")?,
    })
}

fn write_ended(ended: &Ended) -> Value {
    let mut writer = Writer::new();
    writer.put("id", ended.id.as_str());
    write_flag(&mut writer, "expired", ended.expired);
    write_instant(&mut writer, "until", ended.until);
    writer.into_value()
}
