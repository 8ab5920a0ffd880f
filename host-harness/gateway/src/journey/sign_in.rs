//! Signing in: the password, then whatever the plugin says.

use axum::http::StatusCode;
use zeroize::Zeroizing;

use super::visit::{Client, Entrance, Step, Visit};
use super::voucher;
use crate::directory::User;
use crate::gateway::Gateway;
use crate::metrics::SignInOutcome;
use crate::refusal::Refusal;
use crate::session::{Aim, Session, Token};

/// What somebody types to sign in.
pub(crate) struct Credentials {
    pub(crate) name: String,
    pub(crate) password: Zeroizing<String>,
    /// Where to go in the end: a path of this host.
    pub(crate) return_to: Option<String>,
    /// The token that this device was given when it was trusted.
    pub(crate) device_token: Option<String>,
}

impl Gateway {
    /// Checks a name and a password, and opens a session as far as the plugin lets it.
    ///
    /// # Security
    ///
    /// Tries are counted before the password is looked at. A name that nobody has costs as much time as one that somebody
    /// has, and is refused with the same words.
    pub(crate) async fn sign_in(
        &self,
        typed: Credentials,
        client: Client,
    ) -> Result<Entrance, Refusal> {
        let now = self.now()?;
        let user = self.directory.user_named(&typed.name).await?;
        // By the name as it is kept, where somebody has it: however it is spelt, it is one count.
        let counted = user.as_ref().map_or(&typed.name, |it| &it.name).clone();
        let active = user.filter(|it| it.is_active);
        let kept = active.as_ref().and_then(|it| it.password.as_ref());
        let is_right = self
            .try_password(&counted, &typed.password, kept, &client, now)
            .await?;
        let Some(user) = active.filter(|_| is_right) else {
            return Err(wrong_credentials());
        };
        client.note_user(&user.id);
        let mut session = Session::pending(now);
        session.return_to = typed.return_to.filter(|it| is_local(it));
        let mut visit = Visit::new(
            Token::draw(&*self.random).map_err(|_| Refusal::unavailable())?,
            user,
            session,
            client,
            now,
        );
        match self
            .begin(&mut visit, Aim::SignIn, typed.device_token, false)
            .await
        {
            // They stay at the password's level until somebody vouches.
            Err(refusal) if refusal.code == "binding-not-attested" => {}
            other => other.inspect_err(|_| self.metrics.sign_in(SignInOutcome::Refused))?,
        }
        let step = self.step(&visit).await?;
        let return_to = visit.arrive(step);
        let opened = self.open_session(&visit.user, &visit.session, now).await;
        let token = opened.map_err(|refusal| match refusal.status {
            // They were switched off just now.
            StatusCode::NOT_FOUND => wrong_credentials(),
            _ => refusal,
        })?;
        self.still_holds(&visit.user, &token).await?;
        self.metrics.sign_in(match step {
            Step::Verify => SignInOutcome::Challenged,
            Step::Enroll | Step::Vouch | Step::SaveCode => SignInOutcome::ToEnroll,
            Step::Nudge | Step::Inside if visit.session.device_at.is_some() => {
                SignInOutcome::Device
            }
            Step::Nudge | Step::Inside => SignInOutcome::Allowed,
        });
        Ok(Entrance {
            token,
            standing: visit.session.level,
            step,
            device_token: None,
            return_to,
        })
    }

    /// Requires, once a session is there to be ended by whoever changes it, that its user's password is still the one that
    /// was looked at, and that they may still sign in.
    ///
    /// # Security
    ///
    /// A change of password ends the sessions that there are. One that was added just after, on the password before, would
    /// outlive it.
    async fn still_holds(&self, user: &User, token: &Token) -> Result<(), Refusal> {
        let holds = match self.directory.user(&user.id).await {
            Ok(now) => now.is_some_and(|it| it.is_active && it.password == user.password),
            Err(error) => {
                self.sign_out(token).await?;
                return Err(error.into());
            }
        };
        if holds {
            return Ok(());
        }
        self.sign_out(token).await?;
        Err(wrong_credentials())
    }

    /// Answers the nudge: later. Returns where they wanted to get.
    pub(crate) async fn later(&self, visit: &mut Visit) -> Result<Option<String>, Refusal> {
        visit.session.nudge = None;
        let return_to = visit.arrive(Step::Inside);
        self.save(visit).await?;
        Ok(return_to)
    }

    /// Answers the nudge: now. They get where they wanted to once that is done.
    pub(crate) async fn enroll_early(&self, visit: &mut Visit) -> Result<(), Refusal> {
        visit.session.nudge = None;
        self.begin_change(visit).await
    }

    /// Takes the password once more, in a session that goes on: for what asks for a fresh one.
    pub(crate) async fn retype(&self, visit: &mut Visit, password: &str) -> Result<(), Refusal> {
        let kept = visit.user.password.as_ref();
        let is_right = self
            .try_password(&visit.user.name, password, kept, &visit.client, visit.now)
            .await?;
        if !is_right {
            return Err(Refusal::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "wrong-password",
                "This is not your password.",
            )
            .about("password"));
        }
        visit.session.password_at = visit.now;
        Ok(())
    }

    /// Begins a step-up: a fresh factor, for something in particular; then they are led to `return_to`, a path of this
    /// host.
    pub(crate) async fn step_up(
        &self,
        visit: &mut Visit,
        what: &str,
        return_to: Option<&str>,
    ) -> Result<Step, Refusal> {
        let aim = Aim::StepUp(what.to_owned());
        self.begin(visit, aim, None, false).await?;
        visit.session.return_to = return_to.filter(|it| is_local(it)).map(str::to_owned);
        self.save(visit).await?;
        Ok(match visit.session.held {
            // Whoever has no factor is led on from there to set one up.
            Some(_) => Step::Verify,
            None => Step::Inside,
        })
    }

    /// Takes a set-up code, of an admin or from the user's mailbox, as the word of a second channel. `password` is asked for
    /// where it was typed too long ago.
    ///
    /// # Security
    ///
    /// Each code is good once, and tries are counted. What it opens is the set-up of a first factor, nothing else.
    pub(crate) async fn vouch(
        &self,
        mut visit: Visit,
        code: &str,
        password: Option<&str>,
    ) -> Result<Entrance, Refusal> {
        if let Some(password) = password {
            self.retype(&mut visit, password).await?;
        }
        if visit.password_age() > PASSWORD_LASTS {
            return Err(Refusal::field(
                "password",
                "You typed your password some minutes ago. Please type it again.",
            ));
        }
        let tries = self.count_voucher(&visit.user.id, visit.now).await?;
        let digest = voucher::digest(&visit.user.id, code);
        let now = visit.now;
        if !self
            .directory
            .spend_voucher(&visit.user.id, &digest, now)
            .await?
        {
            return Err(Refusal::field(
                "code",
                "This is not your set-up code, or it is over. Check it, or ask for a new one.",
            ));
        }
        self.forgive(tries).await?;
        let aim = match visit.is_open() {
            true => Aim::ManageFactors,
            false => Aim::SignIn,
        };
        self.begin(&mut visit, aim, None, true).await?;
        self.rotate(&mut visit).await
    }
}

fn wrong_credentials() -> Refusal {
    Refusal::new(
        StatusCode::UNAUTHORIZED,
        "wrong-credentials",
        "The user name or the password is wrong.",
    )
    .about("password")
}

/// Says whether an address to return to is one of this host: a path, and nothing that a browser takes for another host.
pub(crate) fn is_local(address: &str) -> bool {
    let is_path = address.starts_with('/')
        && !address.starts_with("//")
        && !address.starts_with("/\\")
        && address.len() <= MOST_RETURN;
    is_path
        && address
            .bytes()
            .all(|it| it.is_ascii_graphic() && it != b'\\')
}

/// Bytes of an address to return to.
const MOST_RETURN: usize = 1_024;

/// Seconds that a password counts as typed just now: a little less than the plugin's 300, for what is done meanwhile.
pub(crate) const PASSWORD_LASTS: u64 = 280;
