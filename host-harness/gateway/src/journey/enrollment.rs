//! Setting up a factor.

use countersign_host::contract::enrollment::{ConfirmVerdict, Label};
use countersign_host::contract::{Method, Receipt};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use zeroize::Zeroizing;

use super::verification::rejected;
use super::visit::{Entrance, Visit};
use crate::gateway::Gateway;
use crate::metrics::SignInOutcome;
use crate::refusal::Refusal;
use crate::session::Aim;

/// What somebody takes to an authenticator app.
pub(crate) struct AppSetup {
    /// The key in groups of four, to be typed.
    pub(crate) grouped: Zeroizing<String>,
    /// The key as it is copied.
    pub(crate) key: Zeroizing<String>,
    /// The `otpauth:` address.
    pub(crate) uri: Zeroizing<String>,
    /// The address as a QR code: an SVG element.
    pub(crate) drawn: Zeroizing<String>,
    /// When all of it ends.
    pub(crate) expires_at: u64,
}

impl Gateway {
    /// Begins an authenticator app, or shows again what was begun.
    pub(crate) async fn begin_app(&self, visit: &Visit) -> Result<AppSetup, Refusal> {
        let mfa = visit.mfa(self);
        let ticket = visit.ticket()?;
        let view = mfa.sign_in().inspect(&visit.user.id, ticket).await?;
        let is_replacement = view.methods.iter().any(|it| it.method == Method::Totp);
        let label = Label {
            issuer: self.config.issuer.clone(),
            account_name: account_name(&visit.user.name, is_replacement, visit.now),
        };
        let begun = mfa
            .enrollment()
            .begin_totp(&visit.user.id, ticket, &label)
            .await;
        let setup = self.or_by_app(visit, begun).await?;
        let uri = Zeroizing::new(setup.uri);
        Ok(AppSetup {
            grouped: Zeroizing::new(setup.grouped_key),
            key: Zeroizing::new(setup.secret),
            drawn: draw(&uri)?,
            uri,
            expires_at: setup.expires_at,
        })
    }

    /// Begins a phone, and sends it a code.
    pub(crate) async fn begin_phone(&self, visit: &Visit, phone: &str) -> Result<Receipt, Refusal> {
        let mfa = visit.mfa(self);
        let ticket = visit.ticket()?;
        let begun = mfa
            .enrollment()
            .begin_sms(&visit.user.id, ticket, phone)
            .await;
        self.or_by_app(visit, begun).await
    }

    /// Sends the code of the pending phone again.
    pub(crate) async fn resend(&self, visit: &Visit) -> Result<Receipt, Refusal> {
        let mfa = visit.mfa(self);
        let ticket = visit.ticket()?;
        Ok(mfa.enrollment().resend(&visit.user.id, ticket).await?)
    }

    /// Discards what was begun of a method.
    pub(crate) async fn cancel(&self, visit: &Visit, method: Method) -> Result<(), Refusal> {
        let mfa = visit.mfa(self);
        let ticket = visit.ticket()?;
        Ok(mfa
            .enrollment()
            .cancel(&visit.user.id, ticket, method)
            .await?)
    }

    /// Takes the code that makes what was begun a factor. Where it was right the session gets a new token, the user's other
    /// sessions end, and the new recovery code, if there is one, is kept in the session to be shown.
    pub(crate) async fn confirm(
        &self,
        mut visit: Visit,
        method: Method,
        code: &str,
    ) -> Result<Entrance, Refusal> {
        let mfa = visit.mfa(self);
        let verdict = mfa
            .enrollment()
            .confirm(&visit.user.id, visit.ticket()?, method, code)
            .await?;
        match verdict {
            ConfirmVerdict::Accepted(confirmation) => {
                if visit.aim()? == &Aim::SignIn {
                    self.metrics.sign_in(SignInOutcome::Enrolled);
                }
                visit.believe(&confirmation.assertion)?;
                if let Some(code) = confirmation.recovery_code {
                    visit.keep_code(code.id, code.code);
                }
                // The factor is there, whatever happens now. Should one of these fail, the epoch ends the other sessions, and
                // the courier of events remembers that the user was enrolled.
                let (user, own) = (&visit.user.id, visit.token.id());
                self.directory.note_enrolled(user).await?;
                self.directory.end_sessions(user, Some(&own)).await?;
                self.rotate(&mut visit).await
            }
            ConfirmVerdict::Rejected(rejection) if rejection.attempts_left == 0 => {
                Err(Refusal::field(
                    "code",
                    "That was the fifth wrong code, so that this set-up was discarded. Begin it again.",
                ))
            }
            ConfirmVerdict::Rejected(rejection) => Err(rejected(&rejection)),
        }
    }
}

/// Returns the account's name for an app: of a replacement another than before, since some apps overwrite an entry of the
/// same name before the new one is confirmed.
fn account_name(name: &str, is_replacement: bool, now: u64) -> String {
    let name: String = name
        .chars()
        .map(|it| if it == ':' { '.' } else { it })
        .take(100)
        .collect();
    let day = i64::try_from(now)
        .ok()
        .and_then(|it| jiff::Timestamp::from_second(it).ok())
        .map(|it| it.strftime("%Y-%m-%d").to_string());
    match day.filter(|_| is_replacement) {
        Some(day) => format!("{name} {day}"),
        None => name,
    }
}

/// Draws an address as a QR code, with no more of SVG in it than a path.
fn draw(uri: &str) -> Result<Zeroizing<String>, Refusal> {
    let code =
        QrCode::with_error_correction_level(uri, EcLevel::M).map_err(|_| Refusal::unavailable())?;
    let drawn = code
        .render::<svg::Color<'_>>()
        .min_dimensions(240, 240)
        .quiet_zone(true)
        .build();
    // Of the document the element alone, to stand in a page.
    let element = drawn.find("<svg").and_then(|at| drawn.get(at..));
    element
        .map(|it| Zeroizing::new(it.to_owned()))
        .ok_or_else(Refusal::unavailable)
}
