//! Mails, as they are written to people.

use std::net::IpAddr;

use askama::Template;
use countersign_host::contract::{Actor, Deadline};
use countersign_host::event::StampedEvent;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::words::Words;
use crate::config::Config;
use crate::mail::Mail;

/// What every mail to a person has in common.
pub(crate) struct Letter<'a> {
    issuer: String,
    name: String,
    url: &'a str,
}

#[derive(Template)]
#[template(path = "mail/notice.txt")]
struct Notice<'a> {
    name: &'a str,
    issuer: &'a str,
    url: &'a str,
    what: &'a str,
    then: &'a str,
    when: &'a str,
    by: Option<&'a str>,
    from: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "mail/deadline.txt")]
struct Announcement<'a> {
    name: &'a str,
    issuer: &'a str,
    url: &'a str,
    company: &'a str,
    date: &'a str,
    is_past: bool,
}

#[derive(Template)]
#[template(path = "mail/reminder.txt")]
struct Reminder<'a> {
    name: &'a str,
    issuer: &'a str,
    url: &'a str,
    company: &'a str,
    date: &'a str,
    days: u64,
}

impl<'a> Letter<'a> {
    pub(crate) fn of(config: &'a Config, name: &str) -> Self {
        Self {
            issuer: line(&config.issuer),
            name: line(name),
            url: config.public_url.trim_end_matches('/'),
        }
    }

    /// Writes what happened to this person.
    pub(super) fn notice(&self, event: &StampedEvent, to: String) -> askama::Result<Mail> {
        let words = Words::of(&event.event.kind);
        let when = utc(event.at);
        let from = event.client.as_deref().and_then(address);
        let by = event.event.actor.as_ref().map(|it| match it {
            Actor::User(_) => "an admin of your company",
            Actor::Operator(_) => "an operator of the service",
        });
        let text = Notice {
            name: &self.name,
            issuer: &self.issuer,
            url: self.url,
            what: &words.what,
            then: words.then,
            when: &when,
            by,
            from: from.as_deref(),
        };
        Ok(self.mail(to, words.subject, text.render()?))
    }

    /// Writes that a deadline was set, at a time.
    pub(super) fn deadline(
        &self,
        deadline: &Deadline,
        company: &str,
        set_at: u64,
        to: String,
    ) -> askama::Result<Mail> {
        let is_past = deadline.at <= set_at;
        let text = Announcement {
            name: &self.name,
            issuer: &self.issuer,
            url: self.url,
            company: &line(company),
            date: &date(deadline),
            is_past,
        };
        let subject = match is_past {
            true => "Your company requires two-factor authentication".to_owned(),
            false => format!(
                "Your company requires two-factor authentication from {}",
                day(deadline)
            ),
        };
        Ok(self.mail(to, &subject, text.render()?))
    }

    /// Writes that a deadline comes nearer.
    pub(crate) fn reminder(
        &self,
        deadline: &Deadline,
        company: &str,
        days: u64,
        to: String,
    ) -> askama::Result<Mail> {
        let text = Reminder {
            name: &self.name,
            issuer: &self.issuer,
            url: self.url,
            company: &line(company),
            date: &date(deadline),
            days,
        };
        let subject = match days {
            1 => "One day left to set up two-factor authentication".to_owned(),
            days => format!("{days} days left to set up two-factor authentication"),
        };
        Ok(self.mail(to, &subject, text.render()?))
    }

    fn mail(&self, to: String, subject: &str, text: String) -> Mail {
        Mail {
            to,
            subject: format!("{}: {subject}", self.issuer),
            text,
        }
    }
}

/// Returns the address in what a call's client was named, if that begins with one. All else of it, such as what a browser
/// says of itself, is other people's words and stays out of mails.
fn address(client: &str) -> Option<String> {
    let first = client.split_ascii_whitespace().next()?;
    first.parse().ok().map(|it: IpAddr| it.to_string())
}

/// Cuts what others named to one line.
fn line(text: &str) -> String {
    let kept = |it: char| if it.is_control() { ' ' } else { it };
    text.chars().map(kept).collect()
}

pub(super) fn utc(at: u64) -> String {
    written(at, TimeZone::UTC, "%-d %B %Y, %H:%M UTC")
}

/// Writes a deadline to the minute, in the zone of its policy.
fn date(deadline: &Deadline) -> String {
    match TimeZone::get(&deadline.zone) {
        Ok(zone) => {
            let date = written(deadline.at, zone, "%-d %B %Y, %H:%M");
            format!("{date} ({})", line(&deadline.zone))
        }
        Err(_) => utc(deadline.at),
    }
}

fn day(deadline: &Deadline) -> String {
    let zone = TimeZone::get(&deadline.zone).unwrap_or(TimeZone::UTC);
    written(deadline.at, zone, "%-d %B %Y")
}

/// Writes a time; one that no calendar has as the number it is.
fn written(at: u64, zone: TimeZone, form: &str) -> String {
    let seconds = i64::try_from(at).unwrap_or(i64::MAX);
    match Timestamp::from_second(seconds) {
        Ok(time) => time.to_zoned_datetime(zone).strftime(form).to_string(),
        Err(_) => format!("{at} seconds after 1970"),
    }
}

#[cfg(test)]
mod tests;
