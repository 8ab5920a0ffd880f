//! What each kind of event is called in a mail.

use crate::journey::administration::SET_UP_CODE_MADE;
use countersign_host::contract::Method;
use countersign_host::contract::event::{Binding, Bound, EventKind, Removal, Removed};

/// The words for a kind of event.
pub(super) struct Words {
    /// One line.
    pub(super) subject: &'static str,
    /// What happened.
    pub(super) what: String,
    /// What follows from it.
    pub(super) then: &'static str,
}

impl Words {
    /// Finds the words for a kind. What a kind carries besides method and manner, such as reasons and ids, is not for mails.
    pub(super) fn of(kind: &EventKind) -> Self {
        match kind {
            EventKind::EnrollmentConfirmed(it) => Self::of_bound(it),
            EventKind::FactorRemoved(it) => Self::of_removed(it),
            EventKind::FactorDisabled(it) => Self {
                subject: "A verification method was switched off",
                what: format!(
                    "{} was switched off for your account, because too many wrong codes were entered.",
                    capital(*it)
                ),
                then: "It cannot be used any more. Sign in with another method or your recovery code, and set it up anew. \
                       Somebody who enters codes has got past your password: change it.",
            },
            EventKind::FactorPreferred(it) => Self {
                subject: "Your preferred verification method was changed",
                what: format!("{} is now what you are asked for first.", capital(*it)),
                then: NOTHING_TO_DO,
            },
            EventKind::RecoveryIssued(_) => Self {
                subject: "You have a new recovery code",
                what: "A new recovery code was made for your account, and shown once.".to_owned(),
                then: "An earlier recovery code does not work any more. Keep the new one in a safe place.",
            },
            EventKind::RecoveryPresented(_) => Self {
                subject: "Your recovery code was entered",
                what: "The recovery code of your account was entered, and a new verification method can be set up with it."
                    .to_owned(),
                then: "Until that is done, your present methods work: sign in with one, and what the recovery code opened is ended.",
            },
            EventKind::RecoveryUsed(_) => Self {
                subject: "Your recovery code was used",
                what: "The recovery code of your account was used to set up a new verification method.".to_owned(),
                then: "It does not work any more. Save the new one that was shown.",
            },
            EventKind::RecoveryRevoked(_) => Self {
                subject: "Your recovery code was revoked",
                what: "The recovery code of your account was revoked.".to_owned(),
                then: "It does not work any more. You can have a new one made in your profile settings.",
            },
            EventKind::GuessingSuspected(it) => Self {
                subject: "Somebody may be guessing your codes",
                what: format!(
                    "Many wrong codes were entered for your account ({}), more than typing explains.",
                    method(it.method)
                ),
                then: "Somebody who enters codes has got past your password: change it now.",
            },
            EventKind::Locked(it) => Self {
                subject: "Sign-in to your account is paused",
                what: format!(
                    "Too many wrong codes were entered for your account ({}). No code is accepted until {}.",
                    method(it.method),
                    super::letter::utc(it.until)
                ),
                then: "If it was not you, somebody has got past your password: change it.",
            },
            EventKind::UserLocked(until) => Self {
                subject: "Sign-in to your account is paused",
                what: format!(
                    "Too many wrong codes were entered for your account. No code is accepted until {}.",
                    super::letter::utc(*until)
                ),
                then: "If it was not you, somebody has got past your password: change it.",
            },
            EventKind::Unlocked(it) => Self {
                subject: "Sign-in to your account goes on",
                what: format!("{} is accepted again.", capital(*it)),
                then: NOTHING_TO_DO,
            },
            EventKind::Reset(_) => Self {
                subject: "Your two-factor authentication was reset",
                what: "All verification methods of your account were removed, your recovery code too, and you were signed out \
                       everywhere."
                    .to_owned(),
                then: "When you sign in next, you can set up two-factor authentication anew.",
            },
            EventKind::Imported(it) => Self {
                subject: "Two-factor authentication was set up for you",
                what: format!("{} was taken over for your account from another system.", capital(*it)),
                then: "Use it as before. You can have a recovery code made in your profile settings.",
            },
            EventKind::DeviceTrusted(_) => Self {
                subject: "A device is trusted now",
                what: "Your account trusts one more device: on it you are not asked for a code for a while.".to_owned(),
                then: NOTHING_TO_DO,
            },
            EventKind::DeviceRevoked(_) => Self {
                subject: "A device is not trusted any more",
                what: "Devices of your account are not trusted any more: on them you are asked for a code again.".to_owned(),
                then: NOTHING_TO_DO,
            },
            EventKind::FirstFactorChanged => Self {
                subject: "Your password was changed",
                what: "The password of your account was changed.".to_owned(),
                then: NOTHING_TO_DO,
            },
            EventKind::Erased => Self {
                subject: "Your two-factor authentication was deleted",
                what: "All that was kept of your two-factor authentication was deleted. You cannot sign in with this account any \
                       more."
                    .to_owned(),
                then: "No mail of this kind will come again.",
            },
            EventKind::Other(it) if it == SET_UP_CODE_MADE => Self {
                subject: "A set-up code was made for you",
                what: "An admin made a code with which two-factor authentication can be set up for your account.".to_owned(),
                then: "If you did not ask for it, tell your company's admin: whoever has the code and your password could set \
                       it up in your place.",
            },
            // Not for users by the contract of today, or unknown to this version: a plugin that asks for a mail gets one.
            EventKind::PolicyChanged(_)
            | EventKind::DeadlineSet(_)
            | EventKind::EnrollmentOffered(_)
            | EventKind::EnrollmentBegun(_)
            | EventKind::EnrollmentCancelled(_)
            | EventKind::EnrollmentFailed(_)
            | EventKind::ChallengeIssued
            | EventKind::ChallengePassed(_)
            | EventKind::ChallengeFailed(_)
            | EventKind::SmsRequested
            | EventKind::SmsSent
            | EventKind::SmsFailed(_)
            | EventKind::SmsRefused(_)
            | EventKind::RecoveryAcknowledged(_)
            | EventKind::RecoveryAbandoned(_)
            | EventKind::RecoveryFailed
            | EventKind::TicketsRevoked
            | EventKind::Other(_) => Self {
                subject: "Something happened to your two-factor authentication",
                what: "Something happened to the two-factor authentication of your account.".to_owned(),
                then: "Your profile settings show what is set up now.",
            },
        }
    }

    fn of_bound(it: &Bound) -> Self {
        let which = capital(it.method);
        let (subject, what, then) = match it.binding {
            Binding::First => (
                "Two-factor authentication is set up",
                format!("{which} was added to your account. Two-factor authentication is on."),
                "From now on you are asked for a code when you sign in.",
            ),
            Binding::Second => (
                "A verification method was added",
                format!("{which} was added to your account, beside what you had."),
                "Either of them can be used to sign in.",
            ),
            Binding::Replacement => (
                "A verification method was replaced",
                format!("{which} was set up for your account in place of the one before."),
                "The one before does not work any more.",
            ),
            Binding::Recovery => (
                "A verification method was set up with your recovery code",
                format!("{which} was set up for your account with its recovery code."),
                "Use it to sign in from now on.",
            ),
        };
        Self {
            subject,
            what,
            then,
        }
    }

    fn of_removed(it: &Removed) -> Self {
        let which = capital(it.method);
        let (what, then) = match it.removal {
            Removal::Owner => (
                format!("{which} was removed from your account."),
                "It cannot be used to sign in any more.",
            ),
            Removal::Recovery => (
                format!(
                    "{which} was removed from your account, because a recovery put another method in its place."
                ),
                "It cannot be used to sign in any more.",
            ),
            Removal::Reset => (
                format!(
                    "{which} was removed from your account, because your two-factor authentication was reset."
                ),
                "When you sign in next, you can set up two-factor authentication anew.",
            ),
        };
        Self {
            subject: "A verification method was removed",
            what,
            then,
        }
    }
}

fn method(it: Method) -> &'static str {
    match it {
        Method::Totp => "authenticator app",
        Method::Sms => "text message",
    }
}

/// The same as the beginning of a sentence.
fn capital(it: Method) -> &'static str {
    match it {
        Method::Totp => "An authenticator app",
        Method::Sms => "A phone number for text messages",
    }
}

const NOTHING_TO_DO: &str = "If it was you, there is nothing to do.";
