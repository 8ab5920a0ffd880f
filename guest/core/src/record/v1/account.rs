//! `account`.

use alloc::vec::Vec;

use serde_json::Value;
use zeroize::Zeroizing;

use super::super::{Fields, Unreadable, Writer};
use super::{
    method_name, read_instant, read_maybe_instant, read_method, read_tag, write_count, write_flag,
    write_instant, write_maybe_instant, write_tag,
};
use crate::account::{Account, App, Phone, Recovery, UserWide};
use crate::attempts::Attempts;
use crate::device::Device;
use crate::phone::PhoneNumber;
use crate::secret::{Secret, Text};
use crate::time::Span;
use crate::totp::{Algorithm, Digits, Key, Period, Step};

/// Reads an account.
///
/// # Errors
///
/// Returns [`Unreadable`] for anything but an account that this version understands.
pub fn decode_account(bytes: &[u8]) -> Result<Account, Unreadable> {
    let mut fields = Fields::open(bytes)?;
    Ok(Account {
        epoch: fields.number("epoch")?,
        ever_enrolled: fields.flag("ever-enrolled")?,
        app: fields.maybe_object("app")?.map(read_app).transpose()?,
        phone: fields.maybe_object("phone")?.map(read_phone).transpose()?,
        preferred: fields
            .maybe_text("preferred")?
            .map(|it| read_method(&it))
            .transpose()?,
        recovery: fields
            .maybe_object("recovery")?
            .map(read_recovery)
            .transpose()?,
        devices: fields.list("devices", read_device)?,
        first_factor_suspect: fields.flag("first-factor-suspect")?,
        user_wide: fields
            .maybe_object("user-wide")?
            .map_or(Ok(UserWide::default()), read_user_wide)?,
        erased: fields.flag("erased")?,
        unknown: fields.rest(),
    })
}

/// Writes an account.
#[must_use]
pub fn encode_account(account: &Account) -> Zeroizing<Vec<u8>> {
    let mut writer = Writer::on_top_of(&account.unknown);
    writer.put("epoch", account.epoch);
    write_flag(&mut writer, "ever-enrolled", account.ever_enrolled);
    write_flag(&mut writer, "erased", account.erased);
    write_flag(
        &mut writer,
        "first-factor-suspect",
        account.first_factor_suspect,
    );
    writer.put_if("preferred", account.preferred.map(method_name));
    writer.put_if("app", account.app.as_ref().map(write_app));
    writer.put_if("phone", account.phone.as_ref().map(write_phone));
    writer.put_if("recovery", account.recovery.as_ref().map(write_recovery));
    if !account.devices.is_empty() {
        let devices = account.devices.iter().map(write_device);
        writer.put("devices", devices.collect::<Vec<_>>());
    }
    if account.user_wide != UserWide::default() {
        writer.put("user-wide", write_user_wide(&account.user_wide));
    }
    writer.close()
}

/// Reads a key with its parameters, from the object that it is part of.
pub(super) fn read_key(fields: &mut Fields) -> Result<Key, Unreadable> {
    let text = Text::new(fields.text("key")?);
    let secret = Secret::parse_base32(text.expose()).ok_or(Unreadable)?;
    let algorithm = fields.maybe_text("algorithm")?;
    let digits = fields.maybe_number("digits")?;
    let period = fields.maybe_number("period")?;
    Key::new(
        secret,
        algorithm
            .map_or(Some(Algorithm::Sha1), |it| Algorithm::parse(&it))
            .ok_or(Unreadable)?,
        digits
            .map_or(Some(Digits::Six), Digits::from_count)
            .ok_or(Unreadable)?,
        period
            .map_or(Ok(Period::DEFAULT), |it| Period::new(Span::seconds(it)))
            .map_err(|_| Unreadable)?,
    )
    .map_err(|_| Unreadable)
}

/// Writes a key; the parameters only where they are not the usual ones.
pub(super) fn write_key(writer: &mut Writer, key: &Key) {
    writer.put("key", key.to_base32().expose());
    let algorithm = Some(key.algorithm()).filter(|it| *it != Algorithm::Sha1);
    writer.put_if("algorithm", algorithm.map(Algorithm::name));
    let digits = Some(key.digits()).filter(|it| *it != Digits::Six);
    writer.put_if("digits", digits.map(Digits::count));
    let period = Some(key.period()).filter(|it| *it != Period::DEFAULT);
    writer.put_if("period", period.map(|it| it.as_span().as_seconds()));
}

fn read_app(mut fields: Fields) -> Result<App, Unreadable> {
    Ok(App {
        id: fields.text("id")?,
        key: read_key(&mut fields)?,
        mark: Step::new(fields.number("mark")?),
        confirmed_at: read_instant(&mut fields, "confirmed-at")?,
        used_at: read_maybe_instant(&mut fields, "used-at")?,
        attempts: read_attempts(&mut fields)?,
        unknown: fields.rest(),
    })
}

fn write_app(app: &App) -> Value {
    let mut writer = Writer::on_top_of(&app.unknown);
    writer.put("id", app.id.as_str());
    write_key(&mut writer, &app.key);
    writer.put("mark", app.mark.number());
    write_instant(&mut writer, "confirmed-at", app.confirmed_at);
    write_maybe_instant(&mut writer, "used-at", app.used_at);
    write_attempts(&mut writer, &app.attempts);
    writer.into_value()
}

fn read_phone(mut fields: Fields) -> Result<Phone, Unreadable> {
    Ok(Phone {
        id: fields.text("id")?,
        number: PhoneNumber::from_canonical(fields.text("number")?).map_err(|_| Unreadable)?,
        confirmed_at: read_instant(&mut fields, "confirmed-at")?,
        used_at: read_maybe_instant(&mut fields, "used-at")?,
        attempts: read_attempts(&mut fields)?,
        unknown: fields.rest(),
    })
}

fn write_phone(phone: &Phone) -> Value {
    let mut writer = Writer::on_top_of(&phone.unknown);
    writer.put("id", phone.id.as_str());
    writer.put("number", phone.number.as_str());
    write_instant(&mut writer, "confirmed-at", phone.confirmed_at);
    write_maybe_instant(&mut writer, "used-at", phone.used_at);
    write_attempts(&mut writer, &phone.attempts);
    writer.into_value()
}

fn read_attempts(fields: &mut Fields) -> Result<Attempts, Unreadable> {
    let Some(mut fields) = fields.maybe_object("attempts")? else {
        return Ok(Attempts::default());
    };
    Ok(Attempts {
        streak: fields.count("streak")?,
        unredeemed: fields.count("unredeemed")?,
        since: read_maybe_instant(&mut fields, "since")?,
        rest_until: read_maybe_instant(&mut fields, "rest-until")?,
        disabled: fields.flag("disabled")?,
    })
}

fn write_attempts(writer: &mut Writer, attempts: &Attempts) {
    if *attempts == Attempts::default() {
        return;
    }
    let mut inner = Writer::new();
    write_count(&mut inner, "streak", attempts.streak);
    write_count(&mut inner, "unredeemed", attempts.unredeemed);
    write_maybe_instant(&mut inner, "since", attempts.since);
    write_maybe_instant(&mut inner, "rest-until", attempts.rest_until);
    write_flag(&mut inner, "disabled", attempts.disabled);
    writer.put("attempts", inner.into_value());
}

fn read_recovery(mut fields: Fields) -> Result<Recovery, Unreadable> {
    Ok(Recovery {
        id: fields.text("id")?,
        tag: read_tag(&mut fields)?,
        issued_at: read_instant(&mut fields, "issued-at")?,
        acknowledged: fields.flag("acknowledged")?,
        unknown: fields.rest(),
    })
}

fn write_recovery(recovery: &Recovery) -> Value {
    let mut writer = Writer::on_top_of(&recovery.unknown);
    writer.put("id", recovery.id.as_str());
    write_tag(&mut writer, &recovery.tag);
    write_instant(&mut writer, "issued-at", recovery.issued_at);
    write_flag(&mut writer, "acknowledged", recovery.acknowledged);
    writer.into_value()
}

fn read_device(value: Value) -> Result<Device, Unreadable> {
    let mut fields = Fields::of(value)?;
    Ok(Device {
        id: fields.text("id")?,
        tag: read_tag(&mut fields)?,
        method: read_method(&fields.text("method")?)?,
        trusted_at: read_instant(&mut fields, "trusted-at")?,
        expires_at: read_instant(&mut fields, "expires-at")?,
        unknown: fields.rest(),
    })
}

fn write_device(device: &Device) -> Value {
    let mut writer = Writer::on_top_of(&device.unknown);
    writer.put("id", device.id.as_str());
    write_tag(&mut writer, &device.tag);
    writer.put("method", method_name(device.method));
    write_instant(&mut writer, "trusted-at", device.trusted_at);
    write_instant(&mut writer, "expires-at", device.expires_at);
    writer.into_value()
}

fn read_user_wide(mut fields: Fields) -> Result<UserWide, Unreadable> {
    Ok(UserWide {
        tries: fields.count("tries")?,
        rest_until: read_maybe_instant(&mut fields, "rest-until")?,
    })
}

fn write_user_wide(user_wide: &UserWide) -> Value {
    let mut writer = Writer::new();
    write_count(&mut writer, "tries", user_wide.tries);
    write_maybe_instant(&mut writer, "rest-until", user_wide.rest_until);
    writer.into_value()
}
