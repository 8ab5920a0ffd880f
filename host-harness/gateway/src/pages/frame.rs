//! What stands around every page.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::PREFIX;
use super::person::{Person, administers};
use crate::gateway::Gateway;
use crate::journey::Visit;
use crate::refusal::Refusal;
use crate::session::Token;

/// What stands around every page.
pub(crate) struct Frame {
    pub(crate) title: String,
    pub(crate) issuer: String,
    pub(crate) prefix: &'static str,
    /// The mark of this page's forms.
    pub(crate) form_token: String,
    /// Whoever is in, or on the way in.
    pub(crate) name: Option<String>,
    /// Whether they are in: only then there is somewhere to go.
    pub(crate) is_inside: bool,
    pub(crate) administers: bool,
    /// Whether there is an outbox to look into.
    pub(crate) has_outbox: bool,
    pub(crate) alert: Option<Alert>,
}

/// What went wrong, or well, on top of a page.
#[derive(Clone, Debug)]
pub(crate) struct Alert {
    pub(crate) message: String,
    /// The field that it is about: it is marked, and described by the message.
    pub(crate) field: Option<&'static str>,
    /// When to try again.
    pub(crate) retry_at: Option<String>,
    pub(crate) is_good: bool,
}

impl Frame {
    /// Frames a page for whoever is in or on the way.
    pub(crate) fn of(gateway: &Gateway, visit: &Visit, title: &str) -> Self {
        let is_inside = visit.is_open();
        Self {
            name: Some(visit.user.name.clone()),
            is_inside,
            administers: is_inside && administers(&visit.user),
            ..Self::plain(gateway, &visit.token, title)
        }
    }

    /// Frames a page that whoever is in, on the way or neither may read. Its forms are only for whoever is in.
    pub(crate) async fn of_anybody(
        gateway: &Gateway,
        person: &Person,
        title: &str,
    ) -> Result<Self, Refusal> {
        Ok(match person.visit(gateway).await? {
            Some(visit) => Self::of(gateway, &visit, title),
            None => {
                let token = Token::draw(&*gateway.random).map_err(|_| Refusal::unavailable())?;
                Self::plain(gateway, &token, title)
            }
        })
    }

    /// Frames a page for anybody.
    pub(crate) fn plain(gateway: &Gateway, token: &Token, title: &str) -> Self {
        Self {
            title: title.to_owned(),
            issuer: gateway.config.issuer.clone(),
            prefix: PREFIX,
            form_token: token.form_token(),
            name: None,
            is_inside: false,
            administers: false,
            has_outbox: gateway.outbox.is_some(),
            alert: None,
        }
    }

    /// Adds what went wrong.
    #[must_use]
    pub(crate) fn with(mut self, alert: Option<Alert>) -> Self {
        self.alert = alert;
        self
    }

    /// Returns the message about a field, if that is what went wrong.
    pub(crate) fn error_of(&self, field: &str) -> Option<&str> {
        let alert = self.alert.as_ref()?;
        (alert.field == Some(field)).then_some(alert.message.as_str())
    }
}

impl Alert {
    /// Says that something went wrong.
    pub(crate) fn bad(message: &str) -> Self {
        Self {
            is_good: false,
            ..Self::good(message)
        }
    }

    /// Says that something went well.
    pub(crate) fn good(message: &str) -> Self {
        Self {
            message: message.to_owned(),
            field: None,
            retry_at: None,
            is_good: true,
        }
    }
}

impl From<&Refusal> for Alert {
    fn from(refusal: &Refusal) -> Self {
        Self {
            message: refusal.message.clone(),
            field: refusal.field,
            retry_at: refusal.retry_at.map(|at| when(at, "UTC")),
            is_good: false,
        }
    }
}

/// Writes a time for people, in a zone by its IANA name; in UTC if that is not known.
pub(crate) fn when(at: u64, zone: &str) -> String {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let at = i64::try_from(at)
        .ok()
        .and_then(|it| Timestamp::from_second(it).ok());
    match at {
        Some(at) => at
            .to_zoned_datetime(zone)
            .strftime("%-d %B %Y, %H:%M %Z")
            .to_string(),
        None => "a time far away".to_owned(),
    }
}

/// Writes the day of a time for people, in a zone by its IANA name.
pub(crate) fn day(at: u64, zone: &str) -> String {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let at = i64::try_from(at)
        .ok()
        .and_then(|it| Timestamp::from_second(it).ok());
    match at {
        Some(at) => at.to_zoned_datetime(zone).strftime("%-d %B %Y").to_string(),
        None => "a day far away".to_owned(),
    }
}

/// Writes the time of day of a time, for what is over soon.
pub(crate) fn clock(at: u64) -> String {
    let at = i64::try_from(at)
        .ok()
        .and_then(|it| Timestamp::from_second(it).ok());
    match at {
        Some(at) => at.strftime("%H:%M UTC").to_string(),
        None => "a time far away".to_owned(),
    }
}
