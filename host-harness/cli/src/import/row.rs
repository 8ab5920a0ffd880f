//! What a file says, one second factor a row; and a row for everybody who has none, since their names are taken.

use std::fmt;

use super::token::Token;

/// One second factor of a file, or somebody without one.
#[derive(Debug)]
pub(super) struct Row {
    /// Where it stands in the file.
    pub(super) place: String,
    /// Whose it is in the file. Rows with one owner are the tokens of one person; rows with different owners and the
    /// same user are two people, or one person twice.
    pub(super) owner: String,
    /// Who it is for, as the gateway will name them.
    pub(super) user: Result<String, Refusal>,
    /// What would be imported.
    pub(super) token: Result<Token, Unfit>,
}

impl Row {
    /// Gets the name, where there is one.
    pub(super) fn name(&self) -> Option<&str> {
        self.user.as_deref().ok().filter(|it| !it.is_empty())
    }
}

/// The rows of a file, which are not without end.
#[derive(Debug, Default)]
pub(super) struct Rows(Vec<Row>);

impl Rows {
    /// Adds a row.
    pub(super) fn push(&mut self, row: Row) -> Result<(), Refusal> {
        if self.0.len() >= MOST {
            return Err(Refusal {
                field: None,
                why: format!("expected at most {MOST} people and apps; import it in parts"),
            });
        }
        self.0.push(row);
        Ok(())
    }

    pub(super) fn into_vec(self) -> Vec<Row> {
        self.0
    }
}

/// Why a row is not imported.
#[derive(Debug)]
pub(super) enum Unfit {
    /// There is no app: the row is there for its name alone, and is not listed.
    Absent,
    /// It is left out, as it should be.
    Skipped(Skip),
    /// It should have come along, and cannot.
    Refused(Refusal),
}

/// Why a row is left out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Skip {
    /// It counts, in place of reading a clock.
    Hotp,
    /// It makes no codes from a clock.
    OtherType,
    /// The other system does not take it any more.
    Disabled,
    /// The user has not shown that they have it.
    Unfinished,
    /// It belongs to nobody.
    Unassigned,
    /// Its key has fewer bytes than a key may have.
    ShortSecret,
    /// Another one of the same user was imported, from this place.
    Second(String),
}

impl Skip {
    /// Names the reason for machines.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Hotp => "hotp",
            Self::OtherType => "other-type",
            Self::Disabled => "disabled",
            Self::Unfinished => "unfinished",
            Self::Unassigned => "unassigned",
            Self::ShortSecret => "short-secret",
            Self::Second(_) => "second",
        }
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hotp => f.write_str("counts codes (HOTP); the user enrolls anew"),
            Self::OtherType => f.write_str("no TOTP token"),
            Self::Disabled => f.write_str("disabled, locked or revoked"),
            Self::Unfinished => f.write_str("its enrollment was not finished"),
            Self::Unassigned => f.write_str("belongs to no user"),
            Self::ShortSecret => f.write_str("a secret below 16 bytes; the user enrolls anew"),
            Self::Second(place) => write!(f, "a second token; {place} is imported"),
        }
    }
}

/// What is wrong with a row. It says nothing of a value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Refusal {
    /// The field at fault, by its name in the file or in the contract; none if it is no field's fault.
    pub(super) field: Option<String>,
    /// What would have been right, or what stands against it.
    pub(super) why: String,
}

impl Refusal {
    /// Says what a field should have been.
    pub(super) fn expected(field: impl Into<String>, expected: &str) -> Self {
        Self {
            field: Some(field.into()),
            why: format!("expected {expected}"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{field}: {}", self.why),
            None => f.write_str(&self.why),
        }
    }
}

impl From<Refusal> for Unfit {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Skip> for Unfit {
    fn from(skip: Skip) -> Self {
        Self::Skipped(skip)
    }
}

/// Several times what the largest file has: 128 MiB of users without an app.
const MOST: usize = 500_000;

#[cfg(test)]
mod tests {
    use super::{MOST, Row, Rows, Unfit};

    #[test]
    fn rows_are_not_without_end() {
        let row = || Row {
            place: String::new(),
            owner: String::new(),
            user: Ok(String::new()),
            token: Err(Unfit::Absent),
        };
        let mut rows = Rows::default();
        assert!((0..MOST).all(|_| rows.push(row()).is_ok()));
        let refusal = rows.push(row()).unwrap_err().to_string();
        assert!(refusal.contains("at most 500000 people"), "{refusal}");
    }
}
