//! Sessions as they are found, written, and given new tokens.

use super::visit::{Client, Entrance, Visit};
use crate::directory::{StoredSession, User};
use crate::gateway::Gateway;
use crate::refusal::Refusal;
use crate::seconds::HOUR;
use crate::session::{Session, Standing, Token};

impl Gateway {
    /// Finds the session of a token; none if there is none, it has ended, or its user is switched off.
    pub(crate) async fn visit(
        &self,
        token: Token,
        client: Client,
    ) -> Result<Option<Visit>, Refusal> {
        let now = self.now()?;
        let Some(stored) = self.directory.session(&token.id(), now).await? else {
            return Ok(None);
        };
        let Some(session) = Session::open(&token, &stored) else {
            return Ok(None);
        };
        let user = self.directory.user(&stored.user).await?;
        let Some(user) = user.filter(|it| it.is_active) else {
            return Ok(None);
        };
        client.note_user(&user.id);
        let mut visit = Visit {
            token,
            user,
            read: session.clone(),
            session,
            client,
            now,
            version: stored.version,
        };
        // A code that nobody saved is not left lying about for whoever finds the session.
        let kept = visit.session.recovery.as_ref();
        let is_lapsed = kept.is_some_and(|it| now.saturating_sub(it.at) > CODE_LASTS);
        if is_lapsed {
            visit.session.recovery = None;
        }
        // Written seldom, so that looking at pages costs no commit each.
        let is_long_seen =
            self.ends_at(&visit.session, now) > stored.ends_at.saturating_add(SEEN_EVERY);
        if is_lapsed || is_long_seen {
            self.save(&mut visit).await?;
        }
        Ok(Some(visit))
    }

    /// Writes what a session holds now.
    ///
    /// Of two requests of one session neither loses what the other wrote: a recovery code, for one, is shown once and
    /// exists nowhere else.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] to sign in again if the session was ended meanwhile.
    pub(crate) async fn save(&self, visit: &mut Visit) -> Result<(), Refusal> {
        for _ in 0..MOST_TRIES {
            if self.save_first(visit).await? {
                return Ok(());
            }
        }
        Err(Refusal::busy())
    }

    /// Writes what a session holds now, unless another request of the same session came first: then what that one wrote
    /// is taken over. Says whether it was written.
    pub(super) async fn save_first(&self, visit: &mut Visit) -> Result<bool, Refusal> {
        let ends_at = self.ends_at(&visit.session, visit.now);
        let (user, version) = (&visit.user.id, visit.version);
        let sealed = visit
            .session
            .seal(&visit.token, user, version, ends_at, &*self.random);
        let stored = sealed.map_err(|_| Refusal::unavailable())?;
        if self.directory.replace_session(&stored).await? {
            visit.version = visit.version.saturating_add(1);
            visit.read = visit.session.clone();
            return Ok(true);
        }
        self.catch_up(visit).await?;
        Ok(false)
    }

    /// Opens a session for somebody.
    pub(crate) async fn open_session(
        &self,
        user: &User,
        session: &Session,
        now: u64,
    ) -> Result<Token, Refusal> {
        let (token, stored) = self.mint(user, session, now)?;
        self.directory.add_session(stored).await?;
        Ok(token)
    }

    /// Gives a session a new token, and ends the old one: at every change of what it is good for.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] to sign in again if the session was ended meanwhile, or given a new token by another request.
    pub(crate) async fn rotate(&self, visit: &mut Visit) -> Result<Entrance, Refusal> {
        for _ in 0..MOST_TRIES {
            let step = self.step(visit).await?;
            let before = visit.session.clone();
            let return_to = visit.arrive(step);
            let (token, stored) = self.mint(&visit.user, &visit.session, visit.now)?;
            let old = visit.token.id();
            if self
                .directory
                .rotate_session(&old, visit.version, stored)
                .await?
            {
                return Ok(Entrance {
                    token,
                    standing: visit.session.level,
                    step,
                    device_token: None,
                    return_to,
                });
            }
            visit.session = before;
            self.catch_up(visit).await?;
        }
        Err(Refusal::busy())
    }

    /// Draws a new token, and seals a session under it.
    fn mint(
        &self,
        user: &User,
        session: &Session,
        now: u64,
    ) -> Result<(Token, StoredSession), Refusal> {
        let token = Token::draw(&*self.random).map_err(|_| Refusal::unavailable())?;
        let ends_at = self.ends_at(session, now);
        let sealed = session.seal(&token, &user.id, 0, ends_at, &*self.random);
        let stored = sealed.map_err(|_| Refusal::unavailable())?;
        Ok((token, stored))
    }

    /// Takes over what another request of the same session wrote meanwhile, except for what this one changed.
    async fn catch_up(&self, visit: &mut Visit) -> Result<(), Refusal> {
        let stored = self.directory.session(&visit.token.id(), visit.now).await?;
        let theirs = stored
            .as_ref()
            .and_then(|it| Some((Session::open(&visit.token, it)?, it.version)));
        let Some((theirs, version)) = theirs else {
            return Err(Refusal::sign_in_again(
                "This session was used or ended elsewhere. Please sign in again.",
            ));
        };
        visit.session = Session::merged(&visit.read, &visit.session, &theirs);
        visit.read = theirs;
        visit.version = version;
        Ok(())
    }

    /// Ends a session.
    pub(crate) async fn sign_out(&self, token: &Token) -> Result<(), Refusal> {
        Ok(self.directory.end_session(&token.id()).await?)
    }

    /// Returns when a session ends if nobody comes any more.
    pub(crate) fn ends_at(&self, session: &Session, now: u64) -> u64 {
        let settings = &self.config.sessions;
        let minutes = |minutes: u32| u64::from(minutes).saturating_mul(60);
        match session.level {
            Standing::Pending => session
                .opened_at
                .max(session.password_at)
                .saturating_add(minutes(settings.pending_minutes)),
            Standing::Open => {
                let last = session
                    .opened_at
                    .saturating_add(u64::from(settings.hours).saturating_mul(HOUR));
                now.saturating_add(minutes(settings.idle_minutes)).min(last)
            }
        }
    }
}

/// How many seconds a session may have been used for before that is noted.
const SEEN_EVERY: u64 = 60;

/// How many seconds a recovery code is shown for, if nobody says to have saved it.
const CODE_LASTS: u64 = 30 * 60;

/// How often another request of the same session may come first.
pub(super) const MOST_TRIES: usize = 8;
