//! What one policy changes about another, for people.

use countersign_host::contract::policy::Policy;
use serde_json::Value;

use super::deadline::in_words;
use super::draft::deadline_of;

/// A setting that changes.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Change {
    pub(super) setting: &'static str,
    pub(super) before: String,
    pub(super) after: String,
}

/// Lists the settings that differ.
pub(super) fn changes(before: &Policy, after: &Policy) -> Vec<Change> {
    let (old, new) = (before.to_json(), after.to_json());
    let differing = SETTINGS.iter().filter_map(|(path, setting)| {
        let (old, new) = (old.pointer(path)?, new.pointer(path)?);
        if old == new {
            return None;
        }
        let (before, after) = match *path {
            "/mode" => (mode(before, old), mode(after, new)),
            _ => (written(old), written(new)),
        };
        Some(Change {
            setting,
            before,
            after,
        })
    });
    differing.collect()
}

fn mode(policy: &Policy, json: &Value) -> String {
    deadline_of(policy).map_or_else(
        || written(json),
        |it| format!("required from {}", in_words(it)),
    )
}

fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(written).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let each = fields
                .iter()
                .map(|(name, it)| format!("{name}: {}", written(it)));
            each.collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// All fields of a policy, and what people call them.
const SETTINGS: &[(&str, &str)] = &[
    ("/mode", "Require MFA"),
    ("/methods", "Methods"),
    ("/role-methods", "Methods by role"),
    (
        "/trusted-providers",
        "Single sign-on that needs no MFA here",
    ),
    ("/first-binding", "What the first set-up takes"),
    ("/reset-authority", "Who may reset"),
    ("/totp-window", "Codes of apps that are taken"),
    ("/sms/countries", "Countries of text messages"),
    ("/sms/per-hour", "Text messages an hour"),
    ("/sms/per-day", "Text messages a day"),
    ("/sms/daily-budget", "Text messages a day, all people"),
    ("/sms/enrolling-percent", "Percent of them for setting up"),
    (
        "/sms/lifetime-minutes",
        "Minutes that a text message's code is good for",
    ),
    ("/sms/beyond-ten-minutes", "More than 10 minutes"),
    ("/sms/resend", "Asking for another text message"),
    (
        "/sms/may-manage-app",
        "A text message is enough to change the app",
    ),
    ("/guessing", "Where wrong codes are counted"),
    (
        "/reauth-interval",
        "Seconds until a code is asked for again",
    ),
    ("/device-days", "Days that a device is trusted"),
    ("/reminder-days", "Reminders, days before the deadline"),
];

#[cfg(test)]
mod tests {
    use countersign_host::contract::policy::Mode;
    use countersign_host::profile::Profile;

    use super::*;

    #[test]
    fn every_field_of_a_policy_has_a_name_for_people() {
        let json = Policy::app_only(Mode::Off).to_json();
        let mut paths: Vec<String> = Vec::new();
        for (name, value) in json.as_object().unwrap() {
            match value.as_object().filter(|_| name == "sms") {
                Some(rules) => paths.extend(rules.keys().map(|it| format!("/sms/{it}"))),
                None => paths.push(format!("/{name}")),
            }
        }
        let mut known: Vec<&str> = SETTINGS.iter().map(|(path, _)| *path).collect();
        known.sort_unstable();
        paths.sort_unstable();
        assert_eq!(paths, known);
    }

    #[test]
    fn the_same_policy_changes_nothing() {
        let policy = Profile::Pci.policy(Mode::Voluntary);
        assert_eq!(changes(&policy, &policy), []);
    }
}
