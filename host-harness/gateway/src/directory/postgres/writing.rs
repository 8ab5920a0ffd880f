//! What takes more than one statement. Each function is called within a transaction.
//!
//! Whatever opens or ends sessions of a person locks that person's row first: who opens one shares it, who ends them all
//! has it alone. So no session is opened beside the end of all of them, and everybody locks in the same order.

use tokio_postgres::error::SqlState;

use super::super::bounds::folded;
use super::super::kept::{roles, signed};
use super::super::{
    DirectoryError, Member, NewUser, PasswordHash, SessionId, StoredSession, Voucher,
};
use super::connection::{Failed, Parameter, Session};

pub(super) async fn add_user(it: &Session, user: &NewUser) -> Result<(), Failed> {
    let (folded, password) = (folded(&user.name), user.password.as_ref().map(|it| &it.0));
    let values: [Parameter<'_>; 6] = [
        &user.id,
        &user.name,
        &folded,
        &user.email,
        &password,
        &user.is_operator,
    ];
    it.query(ADD_USER, &values).await.map_err(|failed| {
        match failed.is(&SqlState::UNIQUE_VIOLATION) {
            true if failed.constraint() == Some("gateway_user_folded") => taken("name"),
            true => taken("id"),
            false => failed,
        }
    })?;
    add_members(it, &user.id, &user.memberships).await
}

pub(super) async fn set_password(
    it: &Session,
    id: &str,
    password: &PasswordHash,
    except: Option<&SessionId>,
) -> Result<(), Failed> {
    let update = "UPDATE gateway_user SET password = $2 WHERE id = $1 RETURNING 1";
    require_user(it, update, &[&id, &password.0]).await?;
    end_sessions(it, id, except).await
}

pub(super) async fn set_memberships(it: &Session, id: &str, of: &[Member]) -> Result<(), Failed> {
    require_user(it, LOCK_ALONE, &[&id]).await?;
    let delete = "DELETE FROM gateway_membership WHERE user_id = $1";
    it.query(delete, &[&id]).await?;
    add_members(it, id, of).await
}

pub(super) async fn set_active(it: &Session, id: &str, is_active: bool) -> Result<(), Failed> {
    let update = "UPDATE gateway_user SET is_active = $2 WHERE id = $1 RETURNING 1";
    require_user(it, update, &[&id, &is_active]).await?;
    match is_active {
        true => Ok(()),
        false => end_sessions(it, id, None).await,
    }
}

pub(super) async fn add_session(it: &Session, session: &StoredSession) -> Result<(), Failed> {
    require_user(it, LOCK_ACTIVE, &[&session.user]).await?;
    let (version, ends_at) = (signed(session.version), signed(session.ends_at));
    let (id, level) = (session.id.0.as_slice(), session.level.as_str());
    let values: [Parameter<'_>; 6] = [
        &id,
        &session.user,
        &level,
        &session.sealed,
        &version,
        &ends_at,
    ];
    match it.query(ADD_SESSION, &values).await {
        Err(failed) if failed.is(&SqlState::UNIQUE_VIOLATION) => return Err(taken("session")),
        answer => answer?,
    };
    it.query(END_OLDEST, &[&session.user, &id]).await.map(drop)
}

pub(super) async fn rotate_session(
    it: &Session,
    old: &SessionId,
    version: u64,
    new: &StoredSession,
) -> Result<bool, Failed> {
    if it.query(LOCK_ACTIVE, &[&new.user]).await?.is_empty() {
        return Ok(false);
    }
    let end =
        "DELETE FROM gateway_session WHERE id = $1 AND user_id = $2 AND version = $3 RETURNING 1";
    let version = signed(version);
    let ended = it
        .query(end, &[&old.0.as_slice(), &new.user, &version])
        .await?;
    if ended.is_empty() {
        return Ok(false);
    }
    add_session(it, new).await?;
    Ok(true)
}

pub(super) async fn end_sessions(
    it: &Session,
    user: &str,
    except: Option<&SessionId>,
) -> Result<(), Failed> {
    it.query(LOCK_ALONE, &[&user]).await?;
    let end = "DELETE FROM gateway_session WHERE user_id = $1 AND id IS DISTINCT FROM $2";
    let except = except.map(|it| it.0.as_slice());
    it.query(end, &[&user, &except]).await?;
    Ok(())
}

pub(super) async fn put_voucher(it: &Session, voucher: &Voucher) -> Result<(), Failed> {
    require_user(it, LOCK_SHARED, &[&voucher.user]).await?;
    let digest = voucher.digest.as_slice();
    let ends_at = signed(voucher.ends_at);
    let values: [Parameter<'_>; 4] = [&voucher.user, &voucher.kind, &digest, &ends_at];
    it.query(PUT_VOUCHER, &values).await?;
    Ok(())
}

async fn add_members(it: &Session, user: &str, members: &[Member]) -> Result<(), Failed> {
    if members.is_empty() {
        return Ok(());
    }
    let companies: Vec<&str> = members.iter().map(|it| &*it.company).collect();
    let are_admins: Vec<bool> = members.iter().map(|it| it.is_admin).collect();
    let roles: Vec<String> = members.iter().map(roles).collect();
    let are_active: Vec<bool> = members.iter().map(|it| it.is_active).collect();
    let values: [Parameter<'_>; 5] = [&user, &companies, &are_admins, &roles, &are_active];
    match it.query(ADD_MEMBERS, &values).await {
        Err(failed) if failed.is(&SqlState::FOREIGN_KEY_VIOLATION) => {
            Err(DirectoryError::Unknown("company").into())
        }
        answer => answer.map(drop),
    }
}

async fn require_user(
    it: &Session,
    statement: &str,
    values: &[Parameter<'_>],
) -> Result<(), Failed> {
    match it.query(statement, values).await?.is_empty() {
        true => Err(DirectoryError::Unknown("user").into()),
        false => Ok(()),
    }
}

fn taken(what: &'static str) -> Failed {
    DirectoryError::Taken(what).into()
}

const LOCK_ALONE: &str = "SELECT 1 FROM gateway_user WHERE id = $1 FOR NO KEY UPDATE";

const LOCK_SHARED: &str = "SELECT 1 FROM gateway_user WHERE id = $1 FOR SHARE";

const LOCK_ACTIVE: &str = "SELECT 1 FROM gateway_user WHERE id = $1 AND is_active FOR SHARE";

const ADD_USER: &str = "
INSERT INTO gateway_user
    (id, name, folded, email, password, is_operator, is_active, was_enrolled)
VALUES ($1, $2, $3, $4, $5, $6, true, false)";

const ADD_MEMBERS: &str = "
INSERT INTO gateway_membership (user_id, company, is_admin, roles, is_active)
SELECT $1, m.company, m.is_admin, m.roles, m.is_active
FROM unnest($2::text[], $3::boolean[], $4::text[], $5::boolean[])
    AS m (company, is_admin, roles, is_active)
ORDER BY m.company";

const ADD_SESSION: &str = "
INSERT INTO gateway_session (id, user_id, level, sealed, version, ends_at)
VALUES ($1, $2, $3, $4, $5, $6)";

const PUT_VOUCHER: &str = "
INSERT INTO gateway_voucher (user_id, kind, digest, ends_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (user_id, kind) DO UPDATE SET digest = excluded.digest, ends_at = excluded.ends_at";

/// Ends those of somebody that end first, beyond the 50 that [`add_session`] leaves with the new one. Passes by what
/// somebody else has in hand.
const END_OLDEST: &str = "
DELETE FROM gateway_session WHERE id IN (
    SELECT id FROM gateway_session WHERE user_id = $1 AND id <> $2
    ORDER BY ends_at DESC, id OFFSET 49 FOR UPDATE SKIP LOCKED)";
