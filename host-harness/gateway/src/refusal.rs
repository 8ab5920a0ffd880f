//! Why somebody did not get what they asked for, for people and for programs.

use axum::http::StatusCode;
use countersign_host::Error;
use countersign_host::contract::{Failure, NotPermitted, TicketFault};

use crate::directory::DirectoryError;

/// Why somebody did not get what they asked for. Pages show its message, beside the field if it names one; the API sends
/// all of it.
///
/// No text in it repeats what was typed, or says more to a stranger than that it was refused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refusal {
    /// The status of the answer.
    pub status: StatusCode,
    /// What programs tell refusals by: kebab-case, never changed.
    pub code: &'static str,
    /// The field of the form that it is about.
    pub field: Option<&'static str>,
    /// For people.
    pub message: String,
    /// When to try again, in seconds since 1970.
    pub retry_at: Option<u64>,
}

impl Refusal {
    /// Makes one that is about no field.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            field: None,
            message: message.into(),
            retry_at: None,
        }
    }

    /// Makes one about a field that does not fit.
    pub fn field(field: &'static str, message: impl Into<String>) -> Self {
        Self {
            field: Some(field),
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input", message)
        }
    }

    /// Makes the one for whoever has to sign in anew.
    pub fn sign_in_again(message: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, SIGN_IN_AGAIN, message)
    }

    /// Makes the one for whatever cannot be had at present: nobody is let in for it.
    pub fn unavailable() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "This is not available right now. Please try again in a minute.",
        )
    }

    /// Says that it is not for this person.
    pub fn forbidden() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "You do not have access to this.",
        )
    }

    /// Has it name a field.
    #[must_use]
    pub fn about(mut self, field: &'static str) -> Self {
        self.field = Some(field);
        self
    }

    /// Has it name a time to try again.
    #[must_use]
    pub fn until(mut self, at: u64) -> Self {
        self.retry_at = Some(at);
        self
    }

    /// Says whether there is nothing left but to sign in anew.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.code == SIGN_IN_AGAIN
    }

    /// Says whether what is to be done about it stands on another page than the one that it was met on, or the page cannot
    /// be shown either.
    #[must_use]
    pub fn is_elsewhere(&self) -> bool {
        self.is_over()
            || matches!(
                self.code,
                "wrong-stage"
                    | "start-too-late"
                    | "app-required"
                    | "binding-not-attested"
                    | "unavailable"
            )
    }
}

impl From<DirectoryError> for Refusal {
    fn from(error: DirectoryError) -> Self {
        match error {
            DirectoryError::Unavailable(why) => {
                tracing::error!(target: "countersign::directory", why, "the directory is not available");
                Self::unavailable()
            }
            DirectoryError::Taken(what) => Self::new(
                StatusCode::CONFLICT,
                "taken",
                format!("This {what} is taken."),
            ),
            DirectoryError::Unknown(what) => Self::new(
                StatusCode::NOT_FOUND,
                "unknown",
                format!("There is no such {what}."),
            ),
            DirectoryError::Invalid(field, expected) => {
                Self::field(field, format!("Please enter {expected}."))
            }
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(failure) => Self::from(failure),
            Error::Overloaded => Self::busy(),
            // The host has told its operator why.
            _ => Self::unavailable(),
        }
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::InvalidInput(input) => match field_of(&input.field) {
                Some((field, message)) => Self::field(field, message),
                None => {
                    // What the gateway itself told the plugin does not fit: nothing that this person could mend.
                    tracing::error!(
                        target: "countersign::gateway",
                        field = input.field,
                        expected = input.expected,
                        "the plugin does not take what the gateway tells it: is there a policy for every company, or for *?"
                    );
                    Self::new(
                        StatusCode::SERVICE_UNAVAILABLE,
                        "not-set-up",
                        "Something is not set up for your account yet. Please tell your company's admin.",
                    )
                }
            },
            Failure::Ticket(TicketFault::WrongStage) => Self::new(
                StatusCode::CONFLICT,
                "wrong-stage",
                "You have already completed this step.",
            ),
            Failure::Ticket(TicketFault::Expired) => {
                Self::sign_in_again("You took too long for this step. Please sign in again.")
            }
            Failure::Ticket(_) => {
                Self::sign_in_again("This step is over. Please sign in again.")
            }
            Failure::Locked(until) => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "locked",
                "Too many wrong codes. No code will be accepted, even a correct one, until the wait is over.",
            )
            .about("code")
            .until(until),
            Failure::NotPermitted(reason) => Self::from(reason),
            Failure::RevisionConflict => Self::new(
                StatusCode::CONFLICT,
                "revision-conflict",
                "Somebody else changed these settings meanwhile. Look at them again, then save.",
            ),
            Failure::Busy => Self::busy(),
            Failure::Unavailable(_) | Failure::Other(_) => Self::unavailable(),
        }
    }
}

impl From<NotPermitted> for Refusal {
    fn from(reason: NotPermitted) -> Self {
        let (code, message) = match reason {
            NotPermitted::FactorDisabled => (
                "factor-disabled",
                "This method was switched off after too many wrong codes. Use another method, or your recovery code.",
            ),
            NotPermitted::NoSuchFactor => ("no-such-factor", "You have not set up this method."),
            NotPermitted::MethodNotAllowed => (
                "method-not-allowed",
                "Your company does not allow this method here. Use your authenticator app.",
            ),
            NotPermitted::NotPending => (
                "not-pending",
                "This set-up was cancelled, or its five attempts were used up. Please start again.",
            ),
            NotPermitted::LastFactor => (
                "last-factor",
                "Your company requires two-factor authentication, so you cannot remove your last method.",
            ),
            NotPermitted::StartTooLate => (
                "start-too-late",
                "You can start a change only within five minutes of verifying. Please verify again.",
            ),
            NotPermitted::NoCodeSent => ("no-code-sent", "Request a code first."),
            NotPermitted::SendLimit(until) => {
                return Self::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "send-limit",
                    "No more text messages can be sent just now.",
                )
                .until(until);
            }
            NotPermitted::NoRecoveryCode => (
                "no-recovery-code",
                "No recovery code can be used here. Ask your company's admin to reset your two-factor authentication.",
            ),
            NotPermitted::Oneself => ("oneself", "You cannot reset yourself."),
            NotPermitted::OtherCompany => (
                "other-company",
                "Another company of this user requires two-factor authentication. Ask an operator.",
            ),
            NotPermitted::FirstFactorTooOld => {
                return Self::new(
                    StatusCode::FORBIDDEN,
                    "first-factor-too-old",
                    "You typed your password too long ago for this. Please type it again.",
                );
            }
            NotPermitted::NotVerified => (
                "not-verified",
                "Confirm that you have verified the user's request.",
            ),
            NotPermitted::OperatorOnly => ("operator-only", "Only an operator can do this."),
            NotPermitted::AlreadyEnrolled => ("already-enrolled", "This method is already set up."),
            NotPermitted::Erased => ("erased", "This user was erased."),
            NotPermitted::DeadlineNotInFuture => {
                return Self::field(
                    "date",
                    "This date is today or in the past. Choose a later date, or confirm that MFA should be required at once.",
                );
            }
            NotPermitted::Other(reason) if reason == "number-refused" => {
                return Self::field(
                    "phone",
                    "Text messages cannot be sent to this number. Check it, or use an authenticator app.",
                );
            }
            NotPermitted::Other(reason) if reason == "country-not-allowed" => {
                return Self::field(
                    "phone",
                    "Your company does not send text messages to this country. Use an authenticator app.",
                );
            }
            NotPermitted::Other(_) => ("not-permitted", "This is not permitted."),
        };
        Self::new(StatusCode::FORBIDDEN, code, message)
    }
}

impl Refusal {
    pub(crate) fn busy() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "We are very busy right now. Please try again in a moment.",
        )
    }
}

/// Returns the field of a form that the contract's field is typed into, with what to type.
fn field_of(field: &str) -> Option<(&'static str, &'static str)> {
    Some(match field {
        "code" => ("code", "Type the 6 digits of the code."),
        "phone" => (
            "phone",
            "Type the whole number with its country, such as +34 600 123 456.",
        ),
        "reason" => ("reason", "Say why, in at most 200 characters."),
        _ => return None,
    })
}

/// The code of a refusal after which there is nothing left but to sign in anew.
const SIGN_IN_AGAIN: &str = "sign-in-again";
