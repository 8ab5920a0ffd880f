//! Events in words.

use countersign_host::contract::Method;
use countersign_host::contract::event::{Binding, ChallengeFailure, EventKind, Removal};

use super::deadline::in_words;
use crate::pages::when;

/// Says what happened.
pub(super) fn told(kind: &EventKind) -> String {
    match kind {
        EventKind::PolicyChanged(revision) => {
            format!("The MFA settings were changed (revision {revision})")
        }
        EventKind::DeadlineSet(deadline) => {
            format!("MFA is to be required from {}", in_words(deadline))
        }
        EventKind::EnrollmentOffered(true) => "Had to enroll before anything else".to_owned(),
        EventKind::EnrollmentConfirmed(bound) => {
            let how = match bound.binding {
                Binding::First => "as the first method",
                Binding::Second => "as a second method",
                Binding::Replacement => "in place of the one before",
                Binding::Recovery => "with the recovery code",
            };
            format!("Set up {} {how}", method(bound.method))
        }
        EventKind::EnrollmentBegun(it) => format!("Began to set up {}", method(*it)),
        EventKind::EnrollmentCancelled(it) => format!("Left the set-up of {}", method(*it)),
        EventKind::EnrollmentFailed(_) => "Typed a wrong code while setting up".to_owned(),
        EventKind::FactorRemoved(removed) => {
            let why = match removed.removal {
                Removal::Owner => "by the user",
                Removal::Recovery => "after a recovery",
                Removal::Reset => "by a reset",
            };
            format!("Removed {}, {why}", method(removed.method))
        }
        EventKind::FactorDisabled(it) => {
            format!("Switched {} off after too many wrong codes", method(*it))
        }
        EventKind::FactorPreferred(it) => format!("Prefers {}", method(*it)),
        EventKind::ChallengePassed(it) => format!("Showed {}", method(*it)),
        EventKind::ChallengeFailed(failed) => {
            let why = match failed.reason {
                ChallengeFailure::Wrong => "a wrong code",
                ChallengeFailure::Replayed => "a code that was used before",
                ChallengeFailure::Expired => "a code that was too old",
            };
            format!("Typed {why} of {}", method(failed.method))
        }
        EventKind::Locked(lock) => format!(
            "{} waits until {} after {} wrong codes",
            method(lock.method),
            when(lock.until, "UTC"),
            lock.streak
        ),
        EventKind::UserLocked(until) => {
            format!("Everything waits until {}", when(*until, "UTC"))
        }
        EventKind::Unlocked(it) => format!("The wait of {} was ended", method(*it)),
        EventKind::GuessingSuspected(suspicion) => format!(
            "Somebody may be guessing codes of {}: {} wrong ones",
            method(suspicion.method),
            suspicion.unredeemed
        ),
        EventKind::Reset(reason) => format!("All methods were reset: {reason}"),
        EventKind::Imported(it) => format!("Imported {} from another system", method(*it)),
        EventKind::SmsFailed(why) => format!("A text message failed: {why}"),
        EventKind::SmsRefused(why) => format!("A text message was refused: {why}"),
        EventKind::Other(what) if what == "set-up-code-made" => "A set-up code was made".to_owned(),
        EventKind::Other(what) => what.clone(),
        plain => plainly(plain).to_owned(),
    }
}

/// Says what happened where nothing more is known than that.
fn plainly(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::EnrollmentOffered(_) => "Was asked to enroll",
        EventKind::ChallengeIssued => "Was asked for a code",
        EventKind::SmsRequested => "Asked for a text message",
        EventKind::SmsSent => "A text message went out",
        EventKind::RecoveryIssued(_) => "Got a recovery code",
        EventKind::RecoveryAcknowledged(_) => "Said to have saved the recovery code",
        EventKind::RecoveryPresented(_) => "Used the recovery code to set up a new device",
        EventKind::RecoveryAbandoned(_) => "A recovery was ended by a right code",
        EventKind::RecoveryUsed(_) => "The recovery code was used up",
        EventKind::RecoveryFailed => "Typed a wrong recovery code",
        EventKind::RecoveryRevoked(_) => "The recovery code was revoked",
        EventKind::TicketsRevoked => "Everything under way was ended",
        EventKind::DeviceTrusted(_) => "A device is trusted",
        EventKind::DeviceRevoked(_) => "A device is not trusted any more",
        EventKind::FirstFactorChanged => "The password was changed",
        EventKind::Erased => "Erased",
        _ => "Something else happened",
    }
}

fn method(method: Method) -> &'static str {
    match method {
        Method::Totp => "the authenticator app",
        Method::Sms => "text messages",
    }
}
