//! What is read.

use rusqlite::types::FromSqlError;
use rusqlite::{Connection, OptionalExtension, Params, params};

use super::super::kept::{self, People, level_in, roles_in, signed, unsigned};
use super::super::{Company, Member, SessionId, StoredSession, User};
use super::connection::Failed;

pub(super) fn user(it: &Connection, id: &str) -> Result<Option<User>, Failed> {
    Ok(people(it, BY_ID, [id])?.into_user())
}

pub(super) fn user_named(it: &Connection, folded: &str) -> Result<Option<User>, Failed> {
    Ok(people(it, BY_NAME, [folded])?.into_user())
}

pub(super) fn users(
    it: &Connection,
    company: Option<&str>,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<User>, Failed> {
    let (after, limit) = (after.unwrap_or(""), kept::limit(limit));
    let found = match company {
        Some(company) => people(it, OF_COMPANY, params![after, limit, company])?,
        None => people(it, ALL, params![after, limit])?,
    };
    Ok(found.into_users())
}

pub(super) fn companies(it: &Connection) -> Result<Vec<Company>, Failed> {
    let mut statement = it.prepare_cached("SELECT id, name FROM company ORDER BY id")?;
    let rows = statement.query_map([], |row| {
        Ok(Company {
            id: row.get(0)?,
            name: row.get(1)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn session(
    it: &Connection,
    id: &SessionId,
    now: u64,
) -> Result<Option<StoredSession>, Failed> {
    let mut statement = it.prepare_cached(SESSION)?;
    let found = statement.query_row(params![id.0, signed(now)], |row| {
        let level: String = row.get(1)?;
        let version: i64 = row.get(3)?;
        let ends_at: i64 = row.get(4)?;
        Ok(StoredSession {
            id: *id,
            user: row.get(0)?,
            level: level_in(&level).ok_or(FromSqlError::InvalidType)?,
            sealed: row.get(2)?,
            version: unsigned(version),
            ends_at: unsigned(ends_at),
        })
    });
    Ok(found.optional()?)
}

pub(super) fn ping(it: &Connection) -> Result<(), Failed> {
    it.prepare_cached("SELECT count(*) FROM (SELECT 1 FROM company LIMIT 1)")?
        .query_row([], |_| Ok(()))?;
    Ok(())
}

fn people(it: &Connection, statement: &str, values: impl Params) -> Result<People, Failed> {
    let mut statement = it.prepare_cached(statement)?;
    let mut rows = statement.query(values)?;
    let mut people = People::default();
    while let Some(row) = rows.next()? {
        let company: Option<String> = row.get(7)?;
        let member = match company {
            Some(company) => {
                let roles: String = row.get(9)?;
                Some(Member {
                    company,
                    is_admin: row.get(8)?,
                    roles: roles_in(&roles).ok_or(rusqlite::Error::InvalidQuery)?,
                    is_active: row.get(10)?,
                })
            }
            None => None,
        };
        let row = kept::Row {
            id: row.get(0)?,
            name: row.get(1)?,
            email: row.get(2)?,
            password: row.get(3)?,
            is_operator: row.get(4)?,
            is_active: row.get(5)?,
            was_enrolled: row.get(6)?,
        };
        people.add(row, member);
    }
    Ok(people)
}

macro_rules! people {
    ($which:literal) => {
        concat!(
            "SELECT u.id, u.name, u.email, u.password, u.is_operator, u.is_active, u.was_enrolled, ",
            "m.company, m.is_admin, m.roles, m.is_active FROM ",
            $which,
            " LEFT JOIN membership m ON m.user = u.id ORDER BY u.id, m.company"
        )
    };
}

const BY_ID: &str = people!("(SELECT * FROM user WHERE id = ?1) u");

const BY_NAME: &str = people!("(SELECT * FROM user WHERE folded = ?1) u");

const ALL: &str = people!("(SELECT * FROM user WHERE id > ?1 ORDER BY id LIMIT ?2) u");

const OF_COMPANY: &str = people!(
    "(SELECT user.* FROM membership o JOIN user ON user.id = o.user \
     WHERE o.company = ?3 AND o.user > ?1 ORDER BY o.user LIMIT ?2) u"
);

const SESSION: &str =
    "SELECT user, level, sealed, version, ends_at FROM session WHERE id = ?1 AND ends_at > ?2";
