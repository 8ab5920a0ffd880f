//! How values are kept, alike in every directory.

use super::{Level, Member, PasswordHash, User};

/// Returns a number as a database keeps it. Of times, what it cannot hold is never.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Returns a number as it was kept; none that is kept is negative.
pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

pub(super) fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// Returns roles as a JSON array.
pub(super) fn roles(member: &Member) -> String {
    serde_json::Value::from(member.roles.clone()).to_string()
}

/// Reads roles; none if it is not what was kept.
pub(super) fn roles_in(text: &str) -> Option<Vec<String>> {
    serde_json::from_str(text).ok()
}

pub(super) fn level_in(text: &str) -> Option<Level> {
    [Level::Pending, Level::Open]
        .into_iter()
        .find(|it| it.as_str() == text)
}

/// A person as one row has them, without companies.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) email: Option<String>,
    pub(super) password: Option<String>,
    pub(super) is_operator: bool,
    pub(super) is_active: bool,
    pub(super) was_enrolled: bool,
}

/// Puts rows of people together, each of whom has as many rows as companies, or one. The rows of one person follow
/// each other.
#[derive(Default)]
pub(super) struct People(Vec<User>);

impl People {
    pub(super) fn add(&mut self, row: Row, member: Option<Member>) {
        if let Some(last) = self.0.last_mut()
            && last.id == row.id
        {
            last.memberships.extend(member);
            return;
        }
        self.0.push(User {
            id: row.id,
            name: row.name,
            email: row.email,
            password: row.password.map(PasswordHash),
            is_operator: row.is_operator,
            is_active: row.is_active,
            was_enrolled: row.was_enrolled,
            memberships: member.into_iter().collect(),
        });
    }

    pub(super) fn into_users(self) -> Vec<User> {
        self.0
    }

    pub(super) fn into_user(self) -> Option<User> {
        self.0.into_iter().next()
    }
}
