//! `policy`, and the effective policy that a ticket keeps.

use alloc::string::String;
use alloc::vec::Vec;

use serde_json::Value;
use zeroize::Zeroizing;

use super::super::{Fields, Unreadable, Writer};
use super::{method_name, read_instant, read_method, read_string, write_flag, write_instant};
use crate::method::{Method, Methods};
use crate::names::Company;
use crate::policy::{
    Deadline, Effective, EffectiveMode, FirstBinding, Guessing, Mode, Policy, Resend,
    ResetAuthority, SmsRules, StoredPolicy,
};
use crate::time::Span;
use crate::totp::Window;

/// Reads a policy.
///
/// # Errors
///
/// Returns [`Unreadable`] for anything but a policy that this version understands.
pub fn decode_policy(bytes: &[u8]) -> Result<StoredPolicy, Unreadable> {
    let mut fields = Fields::open(bytes)?;
    Ok(StoredPolicy {
        revision: fields.number("revision")?,
        policy: Policy {
            mode: match fields.text("mode")?.as_str() {
                "off" => Mode::Off,
                "voluntary" => Mode::Voluntary,
                "enforced-from" => Mode::EnforcedFrom(read_deadline(&mut fields)?),
                _ => return Err(Unreadable),
            },
            methods: read_methods(fields.take("methods").ok_or(Unreadable)?)?,
            role_methods: fields.list("role-methods", read_role_methods)?,
            trusted_providers: fields.list("trusted-providers", read_string)?,
            reset_authority: if fields.flag("reset-any-company")? {
                ResetAuthority::AnyCompany
            } else {
                ResetAuthority::Realm
            },
            first_binding: read_first_binding(&mut fields)?,
            window: read_window(&mut fields)?,
            sms: read_sms(fields.object("sms")?)?,
            guessing: read_guessing(&mut fields)?,
            reauth: Span::seconds(fields.number("reauth")?),
            device_days: fields.count("device-days")?,
            reminder_days: fields.list("reminder-days", |it| {
                it.as_u64()
                    .and_then(|it| u32::try_from(it).ok())
                    .ok_or(Unreadable)
            })?,
        },
        unknown: fields.rest(),
    })
}

/// Writes a policy.
#[must_use]
pub fn encode_policy(stored: &StoredPolicy) -> Zeroizing<Vec<u8>> {
    let policy = &stored.policy;
    let mut writer = Writer::on_top_of(&stored.unknown);
    writer.put("revision", stored.revision);
    match &policy.mode {
        Mode::Off => writer.put("mode", "off"),
        Mode::Voluntary => writer.put("mode", "voluntary"),
        Mode::EnforcedFrom(deadline) => {
            writer.put("mode", "enforced-from");
            write_deadline(&mut writer, deadline);
        }
    }
    writer.put("methods", write_methods(policy.methods));
    let roles = policy.role_methods.iter().map(write_role_methods);
    writer.put("role-methods", roles.collect::<Vec<_>>());
    writer.put("trusted-providers", policy.trusted_providers.clone());
    let any_company = policy.reset_authority == ResetAuthority::AnyCompany;
    write_flag(&mut writer, "reset-any-company", any_company);
    write_first_binding(&mut writer, policy.first_binding);
    write_window(&mut writer, policy.window);
    writer.put("sms", write_sms(&policy.sms));
    write_guessing(&mut writer, policy.guessing);
    writer.put("reauth", policy.reauth.as_seconds());
    writer.put("device-days", policy.device_days);
    writer.put("reminder-days", policy.reminder_days.clone());
    writer.close()
}

pub(super) fn read_effective(mut fields: Fields) -> Result<Effective, Unreadable> {
    Ok(Effective {
        mode: match fields.text("mode")?.as_str() {
            "off" => EffectiveMode::Off,
            "voluntary" => EffectiveMode::Voluntary,
            "enforced-from" => EffectiveMode::EnforcedFrom(read_deadline(&mut fields)?),
            _ => return Err(Unreadable),
        },
        methods: read_methods(fields.take("methods").ok_or(Unreadable)?)?,
        first_binding: read_first_binding(&mut fields)?,
        window: read_window(&mut fields)?,
        sms: read_sms(fields.object("sms")?)?,
        guessing: read_guessing(&mut fields)?,
        reauth: Span::seconds(fields.number("reauth")?),
        device_days: fields.count("device-days")?,
        companies: fields.list("companies", |it| {
            Company::parse(&read_string(it)?, "company").map_err(|_| Unreadable)
        })?,
    })
}

pub(super) fn write_effective(policy: &Effective) -> Value {
    let mut writer = Writer::new();
    match &policy.mode {
        EffectiveMode::Off => writer.put("mode", "off"),
        EffectiveMode::Voluntary => writer.put("mode", "voluntary"),
        EffectiveMode::EnforcedFrom(deadline) => {
            writer.put("mode", "enforced-from");
            write_deadline(&mut writer, deadline);
        }
    }
    writer.put("methods", write_methods(policy.methods));
    write_first_binding(&mut writer, policy.first_binding);
    write_window(&mut writer, policy.window);
    writer.put("sms", write_sms(&policy.sms));
    write_guessing(&mut writer, policy.guessing);
    writer.put("reauth", policy.reauth.as_seconds());
    writer.put("device-days", policy.device_days);
    let companies = policy.companies.iter().map(Company::as_str);
    writer.put("companies", companies.collect::<Vec<_>>());
    writer.into_value()
}

fn read_deadline(fields: &mut Fields) -> Result<Deadline, Unreadable> {
    Ok(Deadline {
        at: read_instant(fields, "deadline")?,
        zone: fields.text("zone")?,
    })
}

fn write_deadline(writer: &mut Writer, deadline: &Deadline) {
    write_instant(writer, "deadline", deadline.at);
    writer.put("zone", deadline.zone.as_str());
}

fn read_methods(value: Value) -> Result<Methods, Unreadable> {
    let Value::Array(items) = value else {
        return Err(Unreadable);
    };
    let list = items
        .into_iter()
        .map(|it| read_method(&read_string(it)?))
        .collect::<Result<Vec<Method>, _>>()?;
    Methods::parse(&list, "methods").map_err(|_| Unreadable)
}

fn write_methods(methods: Methods) -> Value {
    let names = methods.to_list().into_iter().map(method_name);
    names.collect::<Vec<_>>().into()
}

fn read_role_methods(value: Value) -> Result<(String, Methods), Unreadable> {
    let mut fields = Fields::of(value)?;
    let methods = read_methods(fields.take("methods").ok_or(Unreadable)?)?;
    Ok((fields.text("role")?, methods))
}

fn write_role_methods((role, methods): &(String, Methods)) -> Value {
    let mut writer = Writer::new();
    writer.put("role", role.as_str());
    writer.put("methods", write_methods(*methods));
    writer.into_value()
}

fn read_first_binding(fields: &mut Fields) -> Result<FirstBinding, Unreadable> {
    Ok(if fields.flag("attested")? {
        FirstBinding::Attested
    } else {
        FirstBinding::Password
    })
}

fn write_first_binding(writer: &mut Writer, binding: FirstBinding) {
    write_flag(writer, "attested", binding == FirstBinding::Attested);
}

fn read_window(fields: &mut Fields) -> Result<Window, Unreadable> {
    match fields.text("window")?.as_str() {
        "plus-minus-one" => Ok(Window::PlusMinusOne),
        "current-and-previous" => Ok(Window::CurrentAndPrevious),
        _ => Err(Unreadable),
    }
}

fn write_window(writer: &mut Writer, window: Window) {
    writer.put(
        "window",
        match window {
            Window::PlusMinusOne => "plus-minus-one",
            Window::CurrentAndPrevious => "current-and-previous",
        },
    );
}

fn read_guessing(fields: &mut Fields) -> Result<Guessing, Unreadable> {
    Ok(if fields.flag("user-wide-ten")? {
        Guessing::AlsoUserWideTen
    } else {
        Guessing::PerFactor
    })
}

fn write_guessing(writer: &mut Writer, guessing: Guessing) {
    write_flag(
        writer,
        "user-wide-ten",
        guessing == Guessing::AlsoUserWideTen,
    );
}

fn read_sms(mut fields: Fields) -> Result<SmsRules, Unreadable> {
    Ok(SmsRules {
        countries: fields.list("countries", read_string)?,
        per_hour: fields.count("per-hour")?,
        per_day: fields.count("per-day")?,
        daily_budget: fields.count("daily-budget")?,
        enrolling_percent: fields.count("enrolling-percent")?,
        lifetime_minutes: fields.count("lifetime-minutes")?,
        beyond_ten_minutes: fields.flag("beyond-ten-minutes")?,
        resend: if fields.flag("resend-fresh")? {
            Resend::Fresh
        } else {
            Resend::Same
        },
        may_manage_app: fields.flag("may-manage-app")?,
    })
}

fn write_sms(rules: &SmsRules) -> Value {
    let mut writer = Writer::new();
    writer.put("countries", rules.countries.clone());
    writer.put("per-hour", rules.per_hour);
    writer.put("per-day", rules.per_day);
    writer.put("daily-budget", rules.daily_budget);
    writer.put("enrolling-percent", rules.enrolling_percent);
    writer.put("lifetime-minutes", rules.lifetime_minutes);
    write_flag(&mut writer, "beyond-ten-minutes", rules.beyond_ten_minutes);
    write_flag(&mut writer, "resend-fresh", rules.resend == Resend::Fresh);
    write_flag(&mut writer, "may-manage-app", rules.may_manage_app);
    writer.into_value()
}
