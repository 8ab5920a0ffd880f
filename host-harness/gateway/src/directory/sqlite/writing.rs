//! What is written.

use rusqlite::{Connection, OptionalExtension, Params, params};

use super::super::bounds::folded;
use super::super::kept::{roles, signed, unsigned};
use super::super::{
    Company, Counted, DirectoryError, Member, NewUser, PasswordHash, SessionId, StoredSession,
    Voucher,
};
use super::connection::Failed;

pub(super) fn add_user(it: &Connection, user: &NewUser) -> Result<(), Failed> {
    let folded = folded(&user.name);
    if is_there(it, "SELECT 1 FROM user WHERE id = ?1", [&user.id])? {
        return Err(DirectoryError::Taken("id").into());
    }
    if is_there(it, "SELECT 1 FROM user WHERE folded = ?1", [&folded])? {
        return Err(DirectoryError::Taken("name").into());
    }
    let password = user.password.as_ref().map(|it| &it.0);
    run(
        it,
        "INSERT INTO user (id, name, folded, email, password, is_operator, is_active, was_enrolled)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, 0)",
        params![
            user.id,
            user.name,
            folded,
            user.email,
            password,
            user.is_operator
        ],
    )?;
    add_members(it, &user.id, &user.memberships)
}

pub(super) fn set_password(
    it: &Connection,
    id: &str,
    password: &PasswordHash,
    except: Option<&SessionId>,
) -> Result<(), Failed> {
    let update = "UPDATE user SET password = ?2 WHERE id = ?1";
    require_user(run(it, update, params![id, password.0])?)?;
    end_sessions(it, id, except)
}

pub(super) fn set_memberships(it: &Connection, id: &str, of: &[Member]) -> Result<(), Failed> {
    require_user_is_there(it, id)?;
    run(it, "DELETE FROM membership WHERE user = ?1", [id])?;
    add_members(it, id, of)
}

pub(super) fn set_active(it: &Connection, id: &str, is_active: bool) -> Result<(), Failed> {
    let update = "UPDATE user SET is_active = ?2 WHERE id = ?1";
    require_user(run(it, update, params![id, is_active])?)?;
    match is_active {
        true => Ok(()),
        false => end_sessions(it, id, None),
    }
}

pub(super) fn note_enrolled(it: &Connection, id: &str) -> Result<(), Failed> {
    let update = "UPDATE user SET was_enrolled = 1 WHERE id = ?1 AND NOT was_enrolled";
    run(it, update, [id])?;
    Ok(())
}

pub(super) fn put_company(it: &Connection, company: &Company) -> Result<(), Failed> {
    let put = "INSERT INTO company (id, name) VALUES (?1, ?2)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name";
    run(it, put, params![company.id, company.name])?;
    Ok(())
}

pub(super) fn add_session(it: &Connection, session: &StoredSession) -> Result<(), Failed> {
    if !is_there(it, ACTIVE, [&session.user])? {
        return Err(DirectoryError::Unknown("user").into());
    }
    if is_there(it, "SELECT 1 FROM session WHERE id = ?1", [session.id.0])? {
        return Err(DirectoryError::Taken("session").into());
    }
    run(
        it,
        "INSERT INTO session (id, user, level, sealed, version, ends_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            session.id.0,
            session.user,
            session.level.as_str(),
            session.sealed,
            signed(session.version),
            signed(session.ends_at)
        ],
    )?;
    run(it, END_OLDEST, params![session.user, session.id.0])?;
    Ok(())
}

pub(super) fn replace_session(it: &Connection, session: &StoredSession) -> Result<bool, Failed> {
    let replaced = run(
        it,
        "UPDATE session SET level = ?4, sealed = ?5, ends_at = ?6, version = version + 1
         WHERE id = ?1 AND user = ?2 AND version = ?3",
        params![
            session.id.0,
            session.user,
            signed(session.version),
            session.level.as_str(),
            session.sealed,
            signed(session.ends_at)
        ],
    )?;
    Ok(replaced > 0)
}

pub(super) fn rotate_session(
    it: &Connection,
    old: &SessionId,
    version: u64,
    new: &StoredSession,
) -> Result<bool, Failed> {
    let ended = "DELETE FROM session WHERE id = ?1 AND user = ?2 AND version = ?3";
    let old = params![old.0, new.user, signed(version)];
    if !is_there(it, ACTIVE, [&new.user])? || run(it, ended, old)? == 0 {
        return Ok(false);
    }
    add_session(it, new)?;
    Ok(true)
}

pub(super) fn end_session(it: &Connection, id: &SessionId) -> Result<(), Failed> {
    run(it, "DELETE FROM session WHERE id = ?1", [id.0])?;
    Ok(())
}

pub(super) fn end_sessions(
    it: &Connection,
    user: &str,
    except: Option<&SessionId>,
) -> Result<(), Failed> {
    let end = "DELETE FROM session WHERE user = ?1 AND id IS NOT ?2";
    run(it, end, params![user, except.map(|it| it.0)])?;
    Ok(())
}

pub(super) fn put_voucher(it: &Connection, voucher: &Voucher) -> Result<(), Failed> {
    require_user_is_there(it, &voucher.user)?;
    let put = "INSERT INTO voucher (user, kind, digest, ends_at) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (user, kind) DO UPDATE SET digest = excluded.digest, ends_at = excluded.ends_at";
    let Voucher {
        user,
        kind,
        digest,
        ends_at,
    } = voucher;
    run(it, put, params![user, kind, digest, signed(*ends_at)])?;
    Ok(())
}

pub(super) fn spend_voucher(
    it: &Connection,
    user: &str,
    digest: &[u8; 32],
    now: u64,
) -> Result<bool, Failed> {
    let spend = "DELETE FROM voucher WHERE user = ?1 AND digest = ?2 AND ends_at > ?3";
    Ok(run(it, spend, params![user, digest, signed(now)])? > 0)
}

pub(super) fn count(
    it: &Connection,
    key: &[u8; 32],
    now: u64,
    ends_at: u64,
    ceiling: u32,
) -> Result<Counted, Failed> {
    let found: Option<(u32, i64)> = it
        .prepare_cached("SELECT counted, ends_at FROM count WHERE key = ?1 AND ends_at > ?2")?
        .query_row(params![key, signed(now)], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let (counted, ends_at) = found.unwrap_or((0, signed(ends_at)));
    if counted >= ceiling {
        let ends_at = unsigned(ends_at);
        return Ok(Counted::Full { ends_at });
    }
    // Below the ceiling, which is one of these numbers.
    let nth = counted.saturating_add(1);
    let put = "INSERT INTO count (key, counted, ends_at) VALUES (?1, ?2, ?3)
        ON CONFLICT (key) DO UPDATE SET counted = excluded.counted, ends_at = excluded.ends_at";
    run(it, put, params![key, nth, ends_at])?;
    Ok(Counted::Nth(nth))
}

pub(super) fn uncount(it: &Connection, key: &[u8; 32]) -> Result<(), Failed> {
    let take = "UPDATE count SET counted = counted - 1 WHERE key = ?1 AND counted > 0";
    run(it, take, [key])?;
    Ok(())
}

pub(super) fn collect(it: &Connection, now: u64) -> Result<u64, Failed> {
    let mut collected = 0_usize;
    for delete in [
        "DELETE FROM session WHERE id IN (SELECT id FROM session WHERE ends_at < ?1 LIMIT ?2)",
        "DELETE FROM voucher WHERE (user, kind) IN
            (SELECT user, kind FROM voucher WHERE ends_at < ?1 LIMIT ?2)",
        "DELETE FROM count WHERE key IN (SELECT key FROM count WHERE ends_at < ?1 LIMIT ?2)",
    ] {
        collected = collected.saturating_add(run(it, delete, params![signed(now), PIECE])?);
    }
    Ok(u64::try_from(collected).unwrap_or(u64::MAX))
}

fn add_members(it: &Connection, user: &str, members: &[Member]) -> Result<(), Failed> {
    for member in members {
        let company = "SELECT 1 FROM company WHERE id = ?1";
        if !is_there(it, company, [&member.company])? {
            return Err(DirectoryError::Unknown("company").into());
        }
        run(
            it,
            "INSERT INTO membership (user, company, is_admin, roles, is_active)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                user,
                member.company,
                member.is_admin,
                roles(member),
                member.is_active
            ],
        )?;
    }
    Ok(())
}

fn require_user_is_there(it: &Connection, id: &str) -> Result<(), Failed> {
    let found = is_there(it, "SELECT 1 FROM user WHERE id = ?1", [id])?;
    require_user(usize::from(found))
}

fn require_user(found: usize) -> Result<(), Failed> {
    match found {
        0 => Err(DirectoryError::Unknown("user").into()),
        _ => Ok(()),
    }
}

fn is_there(it: &Connection, statement: &str, values: impl Params) -> Result<bool, Failed> {
    Ok(it.prepare_cached(statement)?.exists(values)?)
}

fn run(it: &Connection, statement: &str, values: impl Params) -> Result<usize, Failed> {
    Ok(it.prepare_cached(statement)?.execute(values)?)
}

const ACTIVE: &str = "SELECT 1 FROM user WHERE id = ?1 AND is_active";

/// Rows of each kind that are deleted in one go: a few milliseconds, for which a sign-in may wait.
const PIECE: i64 = 500;

/// Ends those of somebody that end first, beyond the 50 that [`add_session`] leaves with the new one.
const END_OLDEST: &str = "
    DELETE FROM session WHERE id IN (
        SELECT id FROM session WHERE user = ?1 AND id <> ?2
        ORDER BY ends_at DESC, id LIMIT -1 OFFSET 49)";
