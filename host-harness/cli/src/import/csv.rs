//! A table with a header, in any order of these columns: `user` (or `username`), and `uri`, or `secret` (base 32) with
//! `algorithm`, `digits` and `period`; `mark`, and `issuer`, which is passed over.
//!
//! What Authelia's `storage user totp export csv` writes (4.39, commit 2357203) is such a table.

use csv::{ReaderBuilder, StringRecord, Trim};

use super::key_uri::{self, unknown_algorithm};
use super::row::{Refusal, Row, Unfit};
use super::token::{Algorithm, Secret, Token};

/// Reads a table.
pub(super) fn read(text: &str) -> Result<Vec<Row>, Refusal> {
    // What spreadsheets put before it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = ReaderBuilder::new()
        .flexible(true)
        .trim(Trim::All)
        .from_reader(text.as_bytes());
    // The parser's own words may repeat what it read.
    let header = reader
        .headers()
        .map_err(|_| Refusal::expected("line 1", SHAPE))?;
    let columns = Columns::parse(header)?;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| {
            let line = error.position().map_or(0, csv::Position::line);
            Refusal::expected(format!("line {line}"), "a row of a table")
        })?;
        let line = record.position().map_or(0, csv::Position::line);
        let place = format!("line {line}");
        rows.push(Row {
            owner: place.clone(),
            place,
            user: columns.user(&record),
            token: columns.token(&record),
        });
    }
    Ok(rows)
}

/// Where which column is.
struct Columns {
    names: Vec<Column>,
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

impl Columns {
    fn parse(header: &StringRecord) -> Result<Self, Refusal> {
        let mut names = Vec::new();
        for name in header {
            // Not repeated: without a header, the first row stands here.
            let column = Column::parse(name).ok_or_else(|| Refusal::expected("line 1", SHAPE))?;
            if names.contains(&column) {
                return Err(Refusal::expected("line 1", "each column once"));
            }
            names.push(column);
        }
        let has = |column| names.contains(&column);
        let parameters = [Column::Algorithm, Column::Digits, Column::Period];
        match (has(Column::User), has(Column::Uri), has(Column::Secret)) {
            (true, true, false) if !parameters.into_iter().any(has) => Ok(Self { names }),
            (true, false, true) => Ok(Self { names }),
            _ => Err(Refusal::expected("line 1", SHAPE)),
        }
    }

    /// Gets what stands in a column, if anything does.
    fn get<'a>(&self, record: &'a StringRecord, column: Column) -> Option<&'a str> {
        let index = self.names.iter().position(|it| *it == column)?;
        record.get(index).filter(|it| !it.is_empty())
    }

    fn require_as_many(&self, record: &StringRecord) -> Result<(), Refusal> {
        match record.len() == self.names.len() {
            true => Ok(()),
            false => Err(Refusal {
                field: None,
                why: format!("expected {} fields, as in line 1", self.names.len()),
            }),
        }
    }

    /// Gets the user, except where what stands in the column may be the secret beside it.
    fn user(&self, record: &StringRecord) -> Result<String, Refusal> {
        self.require_as_many(record)?;
        let user = self.get(record, Column::User);
        user.map(str::to_owned)
            .ok_or_else(|| Refusal::expected("user", "a name"))
    }

    fn token(&self, record: &StringRecord) -> Result<Token, Unfit> {
        self.require_as_many(record)?;
        let mut token = match self.get(record, Column::Uri) {
            Some(uri) => key_uri::parse(uri)?,
            None if self.names.contains(&Column::Uri) => {
                return Err(Refusal::expected("uri", "otpauth://totp/…").into());
            }
            None => self.token_of_fields(record)?,
        };
        token.mark = self.number(record, Column::Mark, "mark")?;
        Ok(token)
    }

    fn token_of_fields(&self, record: &StringRecord) -> Result<Token, Unfit> {
        let secret = self
            .get(record, Column::Secret)
            .and_then(Secret::from_base32)
            .ok_or_else(|| Refusal::expected("secret", "base 32"))?;
        let algorithm = match self.get(record, Column::Algorithm) {
            None => Algorithm::Sha1,
            Some(name) => Algorithm::parse(name).ok_or_else(unknown_algorithm)?,
        };
        let digits = self.number(record, Column::Digits, "digits")?;
        let period = self.number(record, Column::Period, "period")?;
        Token::new(secret, algorithm, digits.unwrap_or(6), period.unwrap_or(30))
    }

    fn number(
        &self,
        record: &StringRecord,
        column: Column,
        name: &str,
    ) -> Result<Option<u64>, Refusal> {
        let Some(text) = self.get(record, column) else {
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

impl Column {
    fn parse(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
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

const SHAPE: &str =
    "a header: user, and uri, or secret with algorithm, digits and period; mark, issuer";
