//! A table with a heading, in any order of these columns: `user` (or `username`), and `uri`, or `secret` (base 32) with
//! `algorithm`, `digits` and `period`; `mark`, and `issuer`, which is passed over.
//!
//! What Authelia's `storage user totp export csv` writes (4.39, commit 2357203) is such a table.

use super::key_uri::{self, unknown_algorithm};
use super::row::{Refusal, Row, Unfit};
use super::token::{Algorithm, Secret, Token};
use crate::table_file::{self, Misfit, TableFile};

/// Reads a table.
pub(super) fn read(text: &str) -> Result<Vec<Row>, Refusal> {
    let table = TableFile::<Column>::parse(text)?;
    let parameters = [Column::Algorithm, Column::Digits, Column::Period];
    let has = |column| table.has(column);
    match (has(Column::User), has(Column::Uri), has(Column::Secret)) {
        (true, true, false) if !parameters.into_iter().any(has) => {}
        (true, false, true) => {}
        _ => return Err(table.wrong_heading().into()),
    }
    let row = |record: Record<'_>| {
        let place = format!("line {}", record.0.line);
        Row {
            owner: place.clone(),
            place,
            user: record.user(),
            token: record.token(),
        }
    };
    Ok(table.rows().map(|it| row(Record(it))).collect())
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Column {
    User,
    Uri,
    Secret,
    Algorithm,
    Digits,
    Period,
    Mark,
    Issuer,
}

impl From<Misfit> for Refusal {
    fn from(misfit: Misfit) -> Self {
        Self::expected(format!("line {}", misfit.line), &misfit.expected)
    }
}

/// A row of the table.
struct Record<'a>(table_file::Row<'a, Column>);

impl Record<'_> {
    fn require_whole(&self) -> Result<(), Refusal> {
        self.0
            .is_whole()
            .map_err(|why| Refusal { field: None, why })
    }

    /// Gets the user, except where what stands in the column may be the secret beside it.
    fn user(&self) -> Result<String, Refusal> {
        self.require_whole()?;
        let user = self.0.get(Column::User);
        user.map(str::to_owned)
            .ok_or_else(|| Refusal::expected("user", "a name"))
    }

    fn token(&self) -> Result<Token, Unfit> {
        self.require_whole()?;
        let mut token = match self.0.get(Column::Uri) {
            Some(uri) => key_uri::parse(uri)?,
            None if self.0.table().has(Column::Uri) => {
                return Err(Refusal::expected("uri", "otpauth://totp/…").into());
            }
            None => self.token_of_fields()?,
        };
        token.mark = self.number(Column::Mark, "mark")?;
        Ok(token)
    }

    fn token_of_fields(&self) -> Result<Token, Unfit> {
        let secret = self
            .0
            .get(Column::Secret)
            .and_then(Secret::from_base32)
            .ok_or_else(|| Refusal::expected("secret", "base 32"))?;
        let algorithm = match self.0.get(Column::Algorithm) {
            None => Algorithm::Sha1,
            Some(name) => Algorithm::parse(name).ok_or_else(unknown_algorithm)?,
        };
        let digits = self.number(Column::Digits, "digits")?;
        let period = self.number(Column::Period, "period")?;
        Token::new(secret, algorithm, digits.unwrap_or(6), period.unwrap_or(30))
    }

    fn number(&self, column: Column, name: &str) -> Result<Option<u64>, Refusal> {
        let Some(text) = self.0.get(column) else {
            return Ok(None);
        };
        // `parse` alone would take a sign.
        let digits = text.bytes().all(|it| it.is_ascii_digit());
        match digits.then(|| text.parse()) {
            Some(Ok(number)) => Ok(Some(number)),
            _ => Err(Refusal::expected(name, "a whole number")),
        }
    }
}

impl table_file::Column for Column {
    const SHAPE: &'static str =
        "a heading: user, and uri, or secret with algorithm, digits and period; mark, issuer";

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "user" | "username" => Self::User,
            "uri" => Self::Uri,
            "secret" => Self::Secret,
            "algorithm" => Self::Algorithm,
            "digits" => Self::Digits,
            "period" => Self::Period,
            "mark" => Self::Mark,
            "issuer" => Self::Issuer,
            _ => return None,
        })
    }
}
