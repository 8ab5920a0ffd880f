//! Rows, and what they say.

use tokio_postgres::Row;

use super::super::kept::{self, People, level_in, roles_in, unsigned};
use super::super::{DirectoryError, Member, SessionId, StoredSession};

pub(super) fn people(rows: &[Row]) -> Result<People, DirectoryError> {
    let mut people = People::default();
    for row in rows {
        let (person, member) = person(row).map_err(|_| otherwise())?;
        let member = match member {
            Some((member, roles)) => Some(Member {
                roles: roles_in(&roles).ok_or_else(otherwise)?,
                ..member
            }),
            None => None,
        };
        people.add(person, member);
    }
    Ok(people)
}

fn person(row: &Row) -> Result<(kept::Row, Option<(Member, String)>), tokio_postgres::Error> {
    let company: Option<String> = row.try_get(7)?;
    let member = match company {
        Some(company) => {
            let member = Member {
                company,
                is_admin: row.try_get(8)?,
                roles: Vec::new(),
                is_active: row.try_get(10)?,
            };
            Some((member, row.try_get(9)?))
        }
        None => None,
    };
    let person = kept::Row {
        id: row.try_get(0)?,
        name: row.try_get(1)?,
        email: row.try_get(2)?,
        password: row.try_get(3)?,
        is_operator: row.try_get(4)?,
        is_active: row.try_get(5)?,
        was_enrolled: row.try_get(6)?,
    };
    Ok((person, member))
}

pub(super) fn session(id: &SessionId, row: &Row) -> Result<StoredSession, DirectoryError> {
    let level: String = column(row, 1)?;
    Ok(StoredSession {
        id: *id,
        user: column(row, 0)?,
        level: level_in(&level).ok_or_else(otherwise)?,
        sealed: column(row, 2)?,
        version: unsigned(column(row, 3)?),
        ends_at: unsigned(column(row, 4)?),
    })
}

/// Reads a column.
pub(super) fn column<'a, T: tokio_postgres::types::FromSql<'a>>(
    row: &'a Row,
    place: usize,
) -> Result<T, DirectoryError> {
    row.try_get(place).map_err(|_| otherwise())
}

fn otherwise() -> DirectoryError {
    DirectoryError::Unavailable(
        "something in the database is not as this version writes it".to_owned(),
    )
}

macro_rules! people {
    ($which:literal) => {
        concat!(
            "SELECT u.id, u.name, u.email, u.password, u.is_operator, u.is_active, u.was_enrolled, ",
            "m.company, m.is_admin, m.roles, m.is_active FROM ",
            $which,
            " LEFT JOIN gateway_membership m ON m.user_id = u.id ORDER BY u.id, m.company"
        )
    };
}

pub(super) const BY_ID: &str = people!("(SELECT * FROM gateway_user WHERE id = $1) u");

pub(super) const BY_NAME: &str = people!("(SELECT * FROM gateway_user WHERE folded = $1) u");

pub(super) const ALL: &str =
    people!("(SELECT * FROM gateway_user WHERE id > $1 ORDER BY id LIMIT $2) u");

pub(super) const OF_COMPANY: &str = people!(
    "(SELECT p.* FROM gateway_membership o JOIN gateway_user p ON p.id = o.user_id \
     WHERE o.company = $3 AND o.user_id > $1 ORDER BY o.user_id LIMIT $2) u"
);

pub(super) const COMPANIES: &str = "SELECT id, name FROM gateway_company ORDER BY id";

pub(super) const SESSION: &str = "SELECT user_id, level, sealed, version, ends_at
    FROM gateway_session WHERE id = $1 AND ends_at > $2";
