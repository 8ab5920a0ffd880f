//! What a gateway does with an assertion before it believes it.

use crate::contract::{Assertion, Purpose};

impl Assertion {
    /// Says whether this is the word for `user` and `purpose`, which are the session's own (ASSERT-3).
    ///
    /// # Security
    ///
    /// An assertion of somebody else, or for something else, is genuine too: a gateway that does not compare opens one
    /// person's session for another, or lets a sign-in pass for the step-up of a payment. Take both from the session,
    /// never from what the browser sent. A session keeps the `epoch` of its assertion, and `assess` ends those of an older one.
    ///
    /// # Examples
    ///
    /// ```
    /// # use countersign_host::contract::{Assertion, Method, Proof, Purpose, RecoveryState};
    /// # fn answered() -> Assertion {
    /// #     Assertion {
    /// #         user: "ana".into(), purpose: Purpose::StepUp("invoice 7".into()), method: Method::Totp,
    /// #         proof: Proof::Factor, amr: vec![], factor_at: 0, epoch: 1, valid_until: 0,
    /// #         recovery: RecoveryState::None, device_token: None, fresh_binding: None, next_ticket: None,
    /// #     }
    /// # }
    /// let assertion = answered();
    /// assert!(assertion.is_for("ana", &Purpose::StepUp("invoice 7".into())));
    /// assert!(!assertion.is_for("ana", &Purpose::StepUp("invoice 8".into())));
    /// assert!(!assertion.is_for("ana", &Purpose::SignIn));
    /// assert!(!assertion.is_for("bea", &Purpose::StepUp("invoice 7".into())));
    /// ```
    #[must_use]
    pub fn is_for(&self, user: &str, purpose: &Purpose) -> bool {
        self.user == user && self.purpose == *purpose
    }
}
