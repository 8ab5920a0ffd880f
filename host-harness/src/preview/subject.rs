//! A person to ask about.

use std::fmt;

use serde_json::Value;

use crate::contract::{Channel, FirstFactor, FirstFactorKind, Membership};
use crate::dynamic::ArgumentError;
use crate::fields::{self, Fields, Fit, misfit};

/// A person to ask about, as the gateway knows them.
#[derive(Clone)]
pub struct Subject {
    /// The user.
    pub user: String,
    /// Their memberships.
    pub memberships: Vec<Membership>,
    /// How they would pass the first factor.
    pub first_factor: FirstFactor,
}

impl Subject {
    /// Reads a JSON array of people, with the contract's names.
    ///
    /// `roles`, `active` and `first-factor` may be left out: no roles, active, and a password typed just now.
    ///
    /// # Errors
    ///
    /// [`ArgumentError`] for the first field that is missing, unknown or of another type, such as
    /// `subjects[3].memberships[0].company`. It does not hold the value.
    ///
    /// # Examples
    ///
    /// ```
    /// use countersign_host::preview::Subject;
    ///
    /// let people = Subject::parse_all(r#"[
    ///     { "user": "ana", "memberships": [{ "company": "acme", "roles": ["payor"] }] },
    ///     { "user": "ben", "memberships": [{ "company": "acme", "active": false }],
    ///       "first-factor": { "kind": { "federated": "okta" }, "age": 0, "channel": "direct" } }
    /// ]"#)?;
    /// assert_eq!(people.len(), 2);
    ///
    /// let error = Subject::parse_all(r#"[{ "user": "ana" }]"#).unwrap_err();
    /// assert_eq!(error.to_string(), "subjects[0].memberships: expected an array");
    /// # Ok::<(), countersign_host::ArgumentError>(())
    /// ```
    pub fn parse_all(text: &str) -> Result<Vec<Self>, ArgumentError> {
        fields::list("subjects", &fields::parse("subjects", text)?, subject)
    }
}

/// Shows no telephone number.
impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject")
            .field("user", &self.user)
            .field("memberships", &self.memberships)
            .finish_non_exhaustive()
    }
}

fn subject(path: &str, json: &Value) -> Fit<Subject> {
    let mut fields = Fields::of(path, json)?;
    let user = fields.text("user")?;
    let memberships = fields.list("memberships", membership)?;
    let first_factor = match fields.find("first-factor") {
        Some((path, json)) => first_factor(&path, json)?,
        None => FirstFactor::password(),
    };
    fields.end()?;
    Ok(Subject {
        user,
        memberships,
        first_factor,
    })
}

fn membership(path: &str, json: &Value) -> Fit<Membership> {
    let mut fields = Fields::of(path, json)?;
    let company = fields.text("company")?;
    let roles = match fields.find("roles") {
        Some((path, json)) => fields::list(&path, json, fields::text)?,
        None => Vec::new(),
    };
    let active = match fields.find("active") {
        Some(_) => fields.flag("active")?,
        None => true,
    };
    fields.end()?;
    Ok(Membership {
        company,
        roles,
        active,
    })
}

fn first_factor(path: &str, json: &Value) -> Fit<FirstFactor> {
    let mut fields = Fields::of(path, json)?;
    let (kind_path, kind) = fields.need("kind", KINDS)?;
    let kind = match (kind.as_str(), carried(kind)) {
        (Some("password"), _) => FirstFactorKind::Password,
        (Some("other"), _) => FirstFactorKind::Other,
        (_, Some(("federated", provider))) => FirstFactorKind::Federated(provider),
        _ => return Err(misfit(&kind_path, KINDS)),
    };
    let age = fields.whole("age")?;
    let (channel_path, channel) = fields.need("channel", CHANNELS)?;
    let channel = match (channel.as_str(), carried(channel)) {
        (Some("direct"), _) => Channel::Direct,
        (Some("email"), _) => Channel::Email,
        (_, Some(("phone", number))) => Channel::Phone(number),
        (_, Some(("other", what))) => Channel::Other(what),
        _ => return Err(misfit(&channel_path, CHANNELS)),
    };
    fields.end()?;
    Ok(FirstFactor { kind, age, channel })
}

/// Takes apart `{"case": "text"}`.
fn carried(json: &Value) -> Option<(&str, String)> {
    let object = json.as_object().filter(|it| it.len() == 1)?;
    let (name, text) = object.iter().next()?;
    Some((name, text.as_str()?.to_owned()))
}

const KINDS: &str = r#""password", "other" or {"federated": provider}"#;
const CHANNELS: &str = r#""direct", "email", {"phone": number} or {"other": text}"#;
