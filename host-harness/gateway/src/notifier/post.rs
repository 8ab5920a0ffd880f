//! Mails that go out once, however often and from however many gateways they are asked for.

use sha2::{Digest, Sha256};

use crate::directory::{Counted, DirectoryError};
use crate::gateway::Gateway;
use crate::mail::{Mail, MailError, MailId};

/// What became of a mail.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Posted {
    /// It went out, just now.
    Sent,
    /// It went out before.
    Before,
    /// It was refused, and will not be tried again.
    Refused(MailError),
    /// It was not taken for now.
    Deferred(MailError),
    /// No mail is taken.
    Unavailable(MailError),
}

/// Sends a mail, unless one of this id was sent before; that is remembered until `ends_at`.
///
/// It is counted first, and no longer counted if it was not taken. So of two gateways one sends it; a process that is killed
/// in between loses it.
pub(crate) async fn once(
    gateway: &Gateway,
    id: &MailId,
    mail: &Mail,
    now: u64,
    ends_at: u64,
) -> Result<Posted, DirectoryError> {
    if let Counted::Full { .. } = gateway.directory.count(&id.0, now, ends_at, 1).await? {
        return Ok(Posted::Before);
    }
    let posted = match gateway.mailer.send_as(id, mail).await {
        Ok(()) => return Ok(Posted::Sent),
        Err(error @ MailError::Refused(_)) => return Ok(Posted::Refused(error)),
        Err(error @ MailError::Deferred(_)) => Posted::Deferred(error),
        Err(error @ MailError::Unavailable(_)) => Posted::Unavailable(error),
    };
    gateway.directory.uncount(&id.0).await?;
    Ok(posted)
}

/// Makes the id of what these parts, in this order, are about.
pub(crate) fn id(parts: &[&str]) -> MailId {
    let mut digest = Sha256::new();
    digest.update(b"countersign mail");
    for part in parts {
        // No part can reach into the next one: in none of them is there a zero byte that was not counted.
        digest.update(part.len().to_be_bytes());
        digest.update(part.as_bytes());
    }
    MailId(digest.finalize().into())
}
