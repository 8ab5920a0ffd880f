//! Whoever sent a request, by the cookies that came with it.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use cookie::{Cookie, SameSite};

use super::answer::{Answer, go_to};
use crate::directory::User;
use crate::gateway::Gateway;
use crate::journey::{Admission, Client, Entrance, Visit};
use crate::refusal::Refusal;
use crate::session::{Standing, Token};

/// Whoever sent a request to a page.
pub(crate) struct Person {
    pub(crate) client: Client,
    open: Option<Token>,
    pending: Option<Token>,
    form: Option<Token>,
    device: Option<String>,
}

impl Person {
    /// Returns the session of somebody who was let in, and who is still: the plugin is asked. Whoever was not is led to
    /// sign in, or to the step that they are at.
    pub(crate) async fn inside(&self, gateway: &Gateway) -> Result<Visit, Answer> {
        let visit = self.visit(gateway).await?;
        let Some(visit) = visit else {
            return Err(self.nowhere());
        };
        match gateway.admit(&visit, None).await? {
            Admission::Until(_) => Ok(visit),
            Admission::Over => {
                gateway.sign_out(&visit.token).await?;
                Err(Answer::go("/sign-in?why=ended"))
            }
            Admission::Resume if visit.is_open() => Err(resume(gateway, visit).await),
            Admission::Resume => Err(go_to(gateway.step(&visit).await?, None).into()),
        }
    }

    /// Returns a session that has a ticket: on the way in, or in the middle of a change. An open one is asked about, as it
    /// is for any page.
    pub(crate) async fn underway(&self, gateway: &Gateway) -> Result<Visit, Answer> {
        let visit = match self.visit(gateway).await? {
            Some(visit) if visit.is_open() => self.inside(gateway).await?,
            Some(visit) => visit,
            None => return Err(self.nowhere()),
        };
        match visit.session.held {
            Some(_) => Ok(visit),
            None => Err(go_to(gateway.step(&visit).await?, None).into()),
        }
    }

    /// Leads whoever has no session to sign in. Whoever had one is told so, rather than that all they typed is gone.
    fn nowhere(&self) -> Answer {
        Answer::go(match (&self.open, &self.pending) {
            (Some(_), _) => "/sign-in?why=gone",
            (None, Some(_)) => "/sign-in?why=over",
            (None, None) => "/sign-in",
        })
    }

    /// Returns the session, however far it got: the one of whoever is in, or else of whoever is on the way.
    pub(crate) async fn visit(&self, gateway: &Gateway) -> Result<Option<Visit>, Refusal> {
        for (token, standing) in [
            (&self.open, Standing::Open),
            (&self.pending, Standing::Pending),
        ] {
            let Some(token) = token else { continue };
            let visit = gateway.visit(token.clone(), self.client.clone()).await?;
            // A session counts only under the cookie of its level.
            if let Some(visit) = visit.filter(|it| it.session.level == standing) {
                return Ok(Some(visit));
            }
        }
        Ok(None)
    }

    /// Returns the tokens that a form may carry the mark of.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = &Token> {
        [&self.open, &self.pending, &self.form]
            .into_iter()
            .flatten()
    }

    /// Returns the sessions that signing in or out ends.
    pub(crate) fn sessions(&self) -> impl Iterator<Item = &Token> {
        [&self.open, &self.pending].into_iter().flatten()
    }

    /// Returns the token of forms that need no session.
    pub(crate) fn form(&self) -> Option<&Token> {
        self.form.as_ref()
    }

    /// Returns the token of a trusted device, and whose it is said to be.
    pub(crate) fn device(&self) -> Option<String> {
        self.device.clone()
    }
}

/// Leads an open session that the plugin wants a factor of to where it is shown.
async fn resume(gateway: &Gateway, visit: Visit) -> Answer {
    let token = visit.token.clone();
    match gateway.resume(visit).await {
        Ok(entrance) => super::answer::enter(&entrance).into(),
        Err(refusal) if refusal.code == "first-factor-too-old" => {
            if let Err(refusal) = gateway.sign_out(&token).await {
                return refusal.into();
            }
            Answer::go("/sign-in?why=again")
        }
        Err(refusal) => refusal.into(),
    }
}

impl FromRequestParts<Gateway> for Person {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, StatusCode> {
        let client = Client::from_request_parts(parts, gateway).await?;
        let sent = |name| cookie(&parts.headers, name);
        let token = |name| sent(name).and_then(Token::parse);
        Ok(Self {
            client,
            open: token(OPEN),
            pending: token(PENDING),
            form: token(FORM),
            device: sent(DEVICE).map(str::to_owned),
        })
    }
}

/// Returns the value of a cookie that a browser sent, just as it stands there.
///
/// # Security
///
/// A browser sets a name that begins with `__Host-` for the host itself alone. It does not know `__Host%2D` for the same: any
/// other host of the domain can set that. So nothing is decoded here, as `CookieJar` would.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).into_iter();
    let cookies = lines
        .filter_map(|it| it.to_str().ok())
        .flat_map(|it| it.split(';'));
    let mut pairs = cookies.filter_map(|it| it.trim().split_once('='));
    pairs.find(|(it, _)| *it == name).map(|(_, value)| value)
}

/// Returns the cookies of a session that was opened or changed: one is set, and that of the other level goes.
pub(super) fn cookies_of(entrance: &Entrance) -> Vec<Cookie<'static>> {
    let (name, other) = match entrance.standing {
        Standing::Open => (OPEN, PENDING),
        Standing::Pending => (PENDING, OPEN),
    };
    let mut cookies = vec![
        session_cookie(name, entrance.token.reveal().to_owned()),
        gone(other),
    ];
    if let Some(device) = &entrance.device_token {
        let mut cookie = session_cookie(DEVICE, device.clone());
        cookie.make_permanent();
        cookies.push(cookie);
    }
    cookies
}

/// Returns the cookie of forms that need no session.
pub(super) fn form_cookie(token: &Token) -> Cookie<'static> {
    session_cookie(FORM, token.reveal().to_owned())
}

/// Returns what takes the cookies of sessions away.
pub(super) fn no_sessions() -> [Cookie<'static>; 2] {
    [gone(OPEN), gone(PENDING)]
}

/// Returns a cookie that goes to this host alone, over TLS alone, and to no script.
fn session_cookie(name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build((name, value))
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .build()
}

fn gone(name: &'static str) -> Cookie<'static> {
    let mut cookie = session_cookie(name, String::new());
    cookie.make_removal();
    cookie
}

/// Says whether a user administers anything.
pub(crate) fn administers(user: &User) -> bool {
    user.is_operator
        || user
            .memberships
            .iter()
            .any(|it| it.is_admin && it.is_active)
}

/// The session of whoever was let in.
pub(crate) const OPEN: &str = "__Host-countersign";

/// The session of whoever typed a right password, and was not let in.
pub(crate) const PENDING: &str = "__Host-countersign-pending";

/// What forms without a session are marked with.
const FORM: &str = "__Host-countersign-form";

/// What a trusted device has.
const DEVICE: &str = "__Host-countersign-device";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_name_of_a_cookie_is_read() {
        for (line, expected) in [
            ("__Host-countersign=a", Some("a")),
            ("x=1;__Host-countersign=a; y=2", Some("a")),
            ("__Host-countersign-pending=a", None),
            ("__Host%2Dcountersign=a", None),
            ("__host-countersign=a", None),
            ("__Host-countersign =a", None),
            ("__Host-countersign=%61", Some("%61")),
            ("__Host%2Dcountersign=a; __Host-countersign=b", Some("b")),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, line.parse().expect("it fits"));
            assert_eq!(cookie(&headers, OPEN), expected, "{line}");
        }
    }
}
