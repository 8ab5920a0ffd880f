//! A user in a line.

use countersign_host::contract::Method;
use countersign_host::contract::administration::{FactorStatus, UserStatus};
use serde_json::{Value, json};

use crate::status::{self, Standing};

/// A user in a line.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) user: String,
    pub(super) standing: &'static str,
    pub(super) is_good: bool,
    /// Whether the user stands in the gateway's list, if there is one.
    pub(super) is_listed: Option<bool>,
    pub(super) app: Option<Factor>,
    pub(super) phone: Option<Factor>,
    pub(super) recovery: &'static str,
    pub(super) devices: usize,
    pub(super) ever_enrolled: bool,
    pub(super) change_first_factor: bool,
}

/// One of a user's factors.
#[derive(Debug)]
pub(super) struct Factor {
    pub(super) state: &'static str,
    pub(super) hint: Option<String>,
    pub(super) confirmed_at: u64,
    pub(super) used_at: Option<u64>,
}

impl Row {
    /// Puts a user's status in a line; none for a record that cannot be read.
    pub(super) fn of(user: String, status: Option<UserStatus>, is_listed: Option<bool>) -> Self {
        let Some(status) = status else {
            return Self {
                standing: "unreadable",
                is_good: false,
                is_listed,
                ..Self::unknown(user)
            };
        };
        let factor = |method| status.factors.iter().find(|it| it.method == method);
        let standing = Standing::of(&status);
        Self {
            user,
            standing: standing.name(),
            is_good: standing == Standing::Enrolled,
            is_listed,
            app: factor(Method::Totp).map(Factor::of),
            phone: factor(Method::Sms).map(Factor::of),
            recovery: status::recovery(&status),
            devices: status.devices.len(),
            ever_enrolled: status.ever_enrolled,
            change_first_factor: status.change_first_factor,
        }
    }

    /// Puts a user in a line who stands in the gateway's list and has no record.
    pub(super) fn unknown(user: String) -> Self {
        Self {
            user,
            standing: Standing::NotEnrolled.name(),
            is_good: false,
            is_listed: Some(true),
            app: None,
            phone: None,
            recovery: "none",
            devices: 0,
            ever_enrolled: false,
            change_first_factor: false,
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let factor = |it: &Option<Factor>| {
            it.as_ref().map(|it| {
                json!({
                    "state": it.state,
                    "hint": it.hint,
                    "confirmed-at": it.confirmed_at,
                    "used-at": it.used_at,
                })
            })
        };
        let mut json = json!({
            "user": self.user,
            "standing": self.standing,
            "app": factor(&self.app),
            "phone": factor(&self.phone),
            "recovery": self.recovery,
            "devices": self.devices,
            "ever-enrolled": self.ever_enrolled,
            "change-first-factor": self.change_first_factor,
        });
        if let (Value::Object(fields), Some(is_listed)) = (&mut json, self.is_listed) {
            fields.insert("listed".to_owned(), is_listed.into());
        }
        json
    }
}

impl Factor {
    fn of(status: &FactorStatus) -> Self {
        Self {
            state: status::state(&status.state),
            hint: status.hint.clone(),
            confirmed_at: status.confirmed_at,
            used_at: status.used_at,
        }
    }
}
