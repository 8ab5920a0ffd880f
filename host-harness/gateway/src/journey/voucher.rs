//! Set-up codes: the word of an admin, or of a mailbox, where a policy wants one before a first factor is bound.

use axum::http::StatusCode;
use countersign_host::random::Random;
use data_encoding::{Encoding, Specification};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::visit::Visit;
use crate::directory::{User, Voucher};
use crate::gateway::Gateway;
use crate::mail::Mail;
use crate::refusal::Refusal;
use crate::seconds::DAY;

impl Gateway {
    /// Makes a set-up code that an admin hands to somebody. Good for a day, once; an earlier one of an admin ends.
    pub(crate) async fn issue_voucher(
        &self,
        user: &User,
        now: u64,
    ) -> Result<Zeroizing<String>, Refusal> {
        self.put_voucher(user, "admin", now.saturating_add(DAY))
            .await
    }

    /// Mails a set-up code to the mailbox of whoever has typed their password.
    pub(crate) async fn mail_voucher(&self, visit: &Visit) -> Result<(), Refusal> {
        let Some(to) = visit.user.email.clone() else {
            return Err(Refusal::new(
                StatusCode::CONFLICT,
                "no-mailbox",
                "We do not know a mailbox of yours. Ask your company's admin for a set-up code.",
            ));
        };
        self.count_voucher_mail(&visit.user.id, visit.now).await?;
        let ends_at = visit.now.saturating_add(MAIL_LASTS);
        let code = self.put_voucher(&visit.user, "mail", ends_at).await?;
        let mail = Mail {
            to,
            subject: format!("Your set-up code for {}", self.config.issuer),
            text: format!(
                "Your code to set up two-factor authentication: {}\n\nIt is good for 15 minutes, and once. Never share it. \
                 We will never ask for it.\n\nIf you did not just sign in to {}, somebody knows your password: change it.\n",
                *code, self.config.issuer
            ),
        };
        self.mailer
            .send(&mail)
            .await
            .map_err(|_| Refusal::unavailable())
    }

    async fn put_voucher(
        &self,
        user: &User,
        kind: &'static str,
        ends_at: u64,
    ) -> Result<Zeroizing<String>, Refusal> {
        let code = draw(&*self.random).ok_or_else(Refusal::unavailable)?;
        let voucher = Voucher {
            user: user.id.clone(),
            kind,
            digest: digest(&user.id, &code),
            ends_at,
        };
        self.directory.put_voucher(voucher).await?;
        Ok(code)
    }
}

/// Returns what a code of a user is kept as, however it is typed.
pub(super) fn digest(user: &str, code: &str) -> [u8; 32] {
    let typed = code.chars().filter(|it| it.is_ascii_alphanumeric());
    let meant = typed.map(|it| match it.to_ascii_lowercase() {
        'o' => '0',
        'i' | 'l' => '1',
        it => it,
    });
    let mut digest = Sha256::new();
    digest.update(b"countersign voucher ");
    digest.update(user.as_bytes());
    digest.update([0]);
    digest.update(Zeroizing::new(meant.collect::<String>()).as_bytes());
    digest.finalize().into()
}

/// Draws a code of 50 random bits, in two groups.
fn draw(random: &dyn Random) -> Option<Zeroizing<String>> {
    let mut bytes = Zeroizing::new([0; 10]);
    random.fill(&mut *bytes).ok()?;
    let text = Zeroizing::new(crockford()?.encode(&*bytes));
    let (first, second) = (text.get(..5)?, text.get(5..10)?);
    Some(Zeroizing::new(format!("{first}-{second}")))
}

fn crockford() -> Option<Encoding> {
    let mut symbols = Specification::new();
    symbols.symbols.push_str("0123456789abcdefghjkmnpqrstvwxyz");
    symbols.encoding().ok()
}

const MAIL_LASTS: u64 = 15 * 60;
