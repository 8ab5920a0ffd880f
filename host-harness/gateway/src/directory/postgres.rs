//! A directory on a PostgreSQL server, for many gateways.

mod connection;
mod reading;
mod schema;
mod writing;

use std::fmt;

use async_trait::async_trait;

use self::connection::Server;
use self::reading::{column, people};
use super::bounds::{self, folded};
use super::kept::{limit, signed, unsigned};
use super::{
    Company, Counted, Directory, DirectoryError, Member, NewUser, OpenError, PasswordHash,
    SessionId, StoredSession, User, Voucher,
};

/// A directory on a PostgreSQL server; its clones share their connections.
///
/// Its tables begin with `gateway_`, so that it may share a database with the plugin's store. It connects again by
/// itself after the server was away. A write whose fate is not known is [`Unavailable`](DirectoryError::Unavailable),
/// and never sent again.
///
/// # Security
///
/// The connection to any host but this one is encrypted, and the server's name verified, unless the address says
/// `sslmode=disable`. No error repeats the address, a name or a value.
#[derive(Clone)]
pub struct PostgresDirectory {
    server: Server,
}

impl PostgresDirectory {
    /// Connects, and makes the tables that are not there yet, however many gateways start at once.
    ///
    /// # Errors
    ///
    /// [`OpenError`]; it repeats no part of the address.
    pub async fn connect(address: &str) -> Result<Self, OpenError> {
        let server = Server::new(address)?;
        schema::migrate(&server).await?;
        Ok(Self { server })
    }
}

/// Does something in one transaction.
macro_rules! transact {
    ($server:expr, |$session:ident| $work:expr) => {
        $server
            .within(async {
                let $session = $server.session().await?;
                $session.begin().await?;
                let done = $work.await;
                $session.end(done).await
            })
            .await
    };
}

#[async_trait]
impl Directory for PostgresDirectory {
    async fn add_user(&self, user: NewUser) -> Result<(), DirectoryError> {
        bounds::require_user(&user)?;
        transact!(self.server, |it| writing::add_user(&it, &user))
    }

    async fn user(&self, id: &str) -> Result<Option<User>, DirectoryError> {
        if !bounds::is_id(id) {
            return Ok(None);
        }
        let rows = self.server.read(reading::BY_ID, &[&id]).await?;
        Ok(people(&rows)?.into_user())
    }

    async fn user_named(&self, name: &str) -> Result<Option<User>, DirectoryError> {
        if !bounds::is_name(name) {
            return Ok(None);
        }
        let folded = folded(name);
        let rows = self.server.read(reading::BY_NAME, &[&folded]).await?;
        Ok(people(&rows)?.into_user())
    }

    async fn users(
        &self,
        company: Option<&str>,
        after: Option<&str>,
        most: usize,
    ) -> Result<Vec<User>, DirectoryError> {
        if company.is_some_and(|it| !bounds::is_id(it)) {
            return Ok(Vec::new());
        }
        let (after, limit) = (after.unwrap_or(""), limit(most));
        let rows = match company {
            Some(company) => {
                let values: [connection::Parameter<'_>; 3] = [&after, &limit, &company];
                self.server.read(reading::OF_COMPANY, &values).await?
            }
            None => self.server.read(reading::ALL, &[&after, &limit]).await?,
        };
        Ok(people(&rows)?.into_users())
    }

    async fn set_password(
        &self,
        id: &str,
        password: PasswordHash,
        except: Option<&SessionId>,
    ) -> Result<(), DirectoryError> {
        require_known(id)?;
        bounds::require_password(&password)?;
        transact!(self.server, |it| writing::set_password(
            &it, id, &password, except
        ))
    }

    async fn set_memberships(&self, id: &str, of: Vec<Member>) -> Result<(), DirectoryError> {
        require_known(id)?;
        bounds::require_members(&of)?;
        transact!(self.server, |it| writing::set_memberships(&it, id, &of))
    }

    async fn set_active(&self, id: &str, is_active: bool) -> Result<(), DirectoryError> {
        require_known(id)?;
        transact!(self.server, |it| writing::set_active(&it, id, is_active))
    }

    async fn note_enrolled(&self, id: &str) -> Result<(), DirectoryError> {
        if bounds::is_id(id) {
            self.server.write(NOTE_ENROLLED, &[&id]).await?;
        }
        Ok(())
    }

    async fn put_company(&self, company: Company) -> Result<(), DirectoryError> {
        bounds::require_company(&company)?;
        let values: [connection::Parameter<'_>; 2] = [&company.id, &company.name];
        self.server.write(PUT_COMPANY, &values).await?;
        Ok(())
    }

    async fn companies(&self) -> Result<Vec<Company>, DirectoryError> {
        let rows = self.server.read(reading::COMPANIES, &[]).await?;
        let company = |row| {
            Ok(Company {
                id: column(row, 0)?,
                name: column(row, 1)?,
            })
        };
        rows.iter().map(company).collect()
    }

    async fn add_session(&self, session: StoredSession) -> Result<(), DirectoryError> {
        require_known(&session.user)?;
        bounds::require_session(&session)?;
        transact!(self.server, |it| writing::add_session(&it, &session))
    }

    async fn session(
        &self,
        id: &SessionId,
        now: u64,
    ) -> Result<Option<StoredSession>, DirectoryError> {
        let (key, now) = (id.0.as_slice(), signed(now));
        let rows = self.server.read(reading::SESSION, &[&key, &now]).await?;
        let session = rows.first().map(|row| reading::session(id, row));
        session.transpose()
    }

    async fn replace_session(&self, session: &StoredSession) -> Result<bool, DirectoryError> {
        bounds::require_session(session)?;
        if !bounds::is_id(&session.user) {
            return Ok(false);
        }
        let (version, ends_at) = (signed(session.version), signed(session.ends_at));
        let (id, level) = (session.id.0.as_slice(), session.level.as_str());
        let values: [connection::Parameter<'_>; 6] = [
            &id,
            &session.user,
            &version,
            &level,
            &session.sealed,
            &ends_at,
        ];
        let replaced = self.server.write(REPLACE_SESSION, &values).await?;
        Ok(!replaced.is_empty())
    }

    async fn rotate_session(
        &self,
        old: &SessionId,
        version: u64,
        new: StoredSession,
    ) -> Result<bool, DirectoryError> {
        bounds::require_session(&new)?;
        if !bounds::is_id(&new.user) {
            return Ok(false);
        }
        transact!(self.server, |it| writing::rotate_session(
            &it, old, version, &new
        ))
    }

    async fn end_session(&self, id: &SessionId) -> Result<(), DirectoryError> {
        let id = id.0.as_slice();
        let end = "DELETE FROM gateway_session WHERE id = $1";
        self.server.write(end, &[&id]).await?;
        Ok(())
    }

    async fn end_sessions(
        &self,
        user: &str,
        except: Option<&SessionId>,
    ) -> Result<(), DirectoryError> {
        if !bounds::is_id(user) {
            return Ok(());
        }
        transact!(self.server, |it| writing::end_sessions(&it, user, except))
    }

    async fn put_voucher(&self, voucher: Voucher) -> Result<(), DirectoryError> {
        require_known(&voucher.user)?;
        transact!(self.server, |it| writing::put_voucher(&it, &voucher))
    }

    async fn spend_voucher(
        &self,
        user: &str,
        digest: &[u8; 32],
        now: u64,
    ) -> Result<bool, DirectoryError> {
        if !bounds::is_id(user) {
            return Ok(false);
        }
        let (digest, now) = (digest.as_slice(), signed(now));
        let values: [connection::Parameter<'_>; 3] = [&user, &digest, &now];
        let spent = self.server.write(SPEND_VOUCHER, &values).await?;
        Ok(!spent.is_empty())
    }

    async fn count(
        &self,
        key: &[u8; 32],
        now: u64,
        ends_at: u64,
        ceiling: u32,
    ) -> Result<Counted, DirectoryError> {
        let (key, now) = (key.as_slice(), signed(now));
        let (ends, most) = (signed(ends_at), i64::from(ceiling));
        for _ in 0..COUNT_TRIES {
            if ceiling > 0 {
                let values: [connection::Parameter<'_>; 4] = [&key, &now, &ends, &most];
                let counted = self.server.write(COUNT, &values).await?;
                if let Some(row) = counted.first() {
                    let nth = u32::try_from(column::<i64>(row, 0)?).unwrap_or(u32::MAX);
                    return Ok(Counted::Nth(nth));
                }
            }
            let values: [connection::Parameter<'_>; 3] = [&key, &now, &most];
            let full = self.server.read(FULL, &values).await?;
            match full.first() {
                Some(row) => {
                    let ends_at = unsigned(column(row, 0)?);
                    return Ok(Counted::Full { ends_at });
                }
                None if ceiling == 0 => return Ok(Counted::Full { ends_at }),
                // It was forgotten between the two statements.
                None => {}
            }
        }
        Err(DirectoryError::Unavailable(
            "a count changes faster than it is read".to_owned(),
        ))
    }

    async fn uncount(&self, key: &[u8; 32]) -> Result<(), DirectoryError> {
        let key = key.as_slice();
        let take = "UPDATE gateway_count SET counted = counted - 1 WHERE key = $1 AND counted > 0";
        self.server.write(take, &[&key]).await?;
        Ok(())
    }

    async fn collect(&self, now: u64) -> Result<u64, DirectoryError> {
        let now = signed(now);
        let rows = self.server.write(COLLECT, &[&now, &PIECE]).await?;
        let collected = rows.first().map(|row| column(row, 0)).transpose()?;
        Ok(unsigned(collected.unwrap_or(0)))
    }

    async fn ping(&self) -> Result<(), DirectoryError> {
        let ping = "SELECT version FROM gateway_schema WHERE id = 1";
        self.server.read(ping, &[]).await.map(drop)
    }

    async fn close(&self) -> Result<(), DirectoryError> {
        self.server.close();
        Ok(())
    }
}

impl fmt::Debug for PostgresDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostgresDirectory(..)")
    }
}

/// Refuses what cannot be anybody's id, and what the server would not even compare.
fn require_known(id: &str) -> Result<(), DirectoryError> {
    match bounds::is_id(id) {
        true => Ok(()),
        false => Err(DirectoryError::Unknown("user")),
    }
}

const NOTE_ENROLLED: &str =
    "UPDATE gateway_user SET was_enrolled = true WHERE id = $1 AND NOT was_enrolled";

const PUT_COMPANY: &str = "
INSERT INTO gateway_company (id, name) VALUES ($1, $2)
ON CONFLICT (id) DO UPDATE SET name = excluded.name";

const REPLACE_SESSION: &str = "
UPDATE gateway_session SET level = $4, sealed = $5, ends_at = $6, version = version + 1
WHERE id = $1 AND user_id = $2 AND version = $3
RETURNING 1";

const SPEND_VOUCHER: &str = "
DELETE FROM gateway_voucher WHERE user_id = $1 AND digest = $2 AND ends_at > $3 RETURNING 1";

/// Answers nothing if the ceiling was reached before.
const COUNT: &str = "
INSERT INTO gateway_count AS c (key, counted, ends_at) VALUES ($1, 1, $3)
ON CONFLICT (key) DO UPDATE SET
    counted = CASE WHEN c.ends_at <= $2 THEN 1 ELSE c.counted + 1 END,
    ends_at = CASE WHEN c.ends_at <= $2 THEN excluded.ends_at ELSE c.ends_at END
WHERE c.ends_at <= $2 OR c.counted < $4
RETURNING c.counted";

const FULL: &str =
    "SELECT ends_at FROM gateway_count WHERE key = $1 AND ends_at > $2 AND counted >= $3";

/// Passes by what somebody else has in hand.
const COLLECT: &str = "
WITH s AS (DELETE FROM gateway_session WHERE id IN (
    SELECT id FROM gateway_session WHERE ends_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING 1),
v AS (DELETE FROM gateway_voucher WHERE (user_id, kind) IN (
    SELECT user_id, kind FROM gateway_voucher WHERE ends_at < $1 LIMIT $2
    FOR UPDATE SKIP LOCKED) RETURNING 1),
c AS (DELETE FROM gateway_count WHERE key IN (
    SELECT key FROM gateway_count WHERE ends_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING 1)
SELECT (SELECT count(*) FROM s) + (SELECT count(*) FROM v) + (SELECT count(*) FROM c)";

/// Rows of each kind that are taked in one go.
const PIECE: i64 = 500;

const COUNT_TRIES: usize = 8;
