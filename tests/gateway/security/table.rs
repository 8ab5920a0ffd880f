//! Every route of the pages, and what each kind of visitor gets there.
//!
//! In a row stand the answers to [`EVERYBODY`](super::stage::EVERYBODY) in its order: a status, or where it leads to. A form
//! is sent with the right mark and empty fields, so that 422 says that its guard let the visitor through.

/// A route with its answers. A path begins below `/countersign`; `{company}` is Acme, `{user}` is Ben, `{name}` is a style
/// sheet.
pub(crate) struct Row {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) answers: [&'static str; 7],
}

#[rustfmt::skip]
pub(crate) const PAGES: &[Row] = &[
    row("GET", "/", [">/sign-in", ">/verify", ">/enroll", ">/vouch", "200", "200", "200"]),
    row("GET", "/sign-in", ["200", ">/verify", ">/enroll", ">/vouch", ">/", ">/", ">/"]),
    row("POST", "/sign-in", ["422", "422", "422", "422", "422", "422", "422"]),
    row("POST", "/sign-out", [">/sign-in", ">/sign-in", ">/sign-in", ">/sign-in", ">/sign-in", ">/sign-in", ">/sign-in"]),
    row("GET", "/verify", [">/sign-in", "200", ">/enroll", ">/vouch", ">/", ">/", ">/"]),
    row("POST", "/verify", [">/sign-in", "422", ">/", ">/vouch", ">/", ">/", ">/"]),
    row("POST", "/verify/send", [">/sign-in", "403", ">/", ">/vouch", ">/", ">/", ">/"]),
    row("GET", "/recover", [">/sign-in", "200", ">/enroll", ">/vouch", ">/", ">/", ">/"]),
    row("POST", "/recover", [">/sign-in", "403", ">/", ">/vouch", ">/", ">/", ">/"]),
    row("GET", "/vouch", [">/sign-in", ">/verify", ">/enroll", "200", "200", "200", "200"]),
    row("POST", "/vouch", [">/sign-in", ">/verify", ">/enroll", "422", "422", "422", "422"]),
    row("POST", "/vouch/send", [">/sign-in", ">/verify", ">/enroll", ">/vouch", ">/vouch", ">/vouch", ">/vouch"]),
    row("GET", "/notice", [">/sign-in", ">/verify", ">/enroll", ">/vouch", ">/", ">/", ">/"]),
    row("POST", "/notice", [">/sign-in", ">/verify", ">/enroll", ">/vouch", ">/", ">/", ">/"]),
    row("GET", "/enroll", [">/sign-in", ">/verify", "200", ">/vouch", ">/", ">/", ">/"]),
    row("GET", "/enroll/app", [">/sign-in", ">/verify", "200", ">/vouch", ">/", ">/", ">/"]),
    row("POST", "/enroll/app", [">/sign-in", ">/verify", "403", ">/vouch", ">/", ">/", ">/"]),
    row("GET", "/enroll/phone", [">/sign-in", ">/verify", "200", ">/vouch", ">/", ">/", ">/"]),
    row("POST", "/enroll/phone", [">/sign-in", ">/verify", "422", ">/vouch", ">/", ">/", ">/"]),
    row("GET", "/enroll/phone/code", [">/sign-in", ">/verify", ">/enroll/phone", ">/vouch", ">/", ">/", ">/"]),
    row("POST", "/enroll/phone/code", [">/sign-in", ">/verify", "403", ">/vouch", ">/", ">/", ">/"]),
    row("POST", "/enroll/phone/send", [">/sign-in", ">/verify", "403", ">/vouch", ">/", ">/", ">/"]),
    row("POST", "/enroll/cancel", [">/sign-in", ">/verify", ">/enroll", ">/vouch", ">/", ">/", ">/"]),
    row("GET", "/recovery-code", [">/sign-in", ">/verify", ">/enroll", ">/vouch", ">/", ">/", ">/"]),
    row("POST", "/recovery-code", [">/sign-in", ">/verify", ">/enroll", ">/vouch", ">/", ">/", ">/"]),
    row("GET", "/recovery-code.txt", [">/sign-in", ">/verify", ">/enroll", ">/vouch", ">/", ">/", ">/"]),
    row("GET", "/outbox", ["200", "200", "200", "200", "200", "200", "200"]),
    row("GET", "/static/{name}", ["200", "200", "200", "200", "200", "200", "200"]),
    row("GET", "/profile/security", [">/sign-in", ">/verify", ">/enroll", ">/vouch", "200", "200", "200"]),
    row("POST", "/profile/security/change", [">/sign-in", ">/verify", ">/enroll", ">/vouch", "422", "422", "422"]),
    row("POST", "/profile/security/leave", [">/sign-in", ">/verify", ">/enroll", ">/vouch", ">/profile/security", ">/profile/security", ">/profile/security"]),
    row("GET", "/profile/security/password", [">/sign-in", ">/verify", ">/enroll", ">/vouch", "200", "200", "200"]),
    row("POST", "/profile/security/password", [">/sign-in", ">/verify", ">/enroll", ">/vouch", "422", "422", "422"]),
    row("GET", "/profile/security/remove", [">/sign-in", ">/verify", ">/enroll", ">/vouch", ">/profile/security/password", ">/profile/security/password", ">/profile/security/password"]),
    row("POST", "/profile/security/remove", [">/sign-in", ">/verify", ">/enroll", ">/vouch", ">/profile/security/password", ">/profile/security/password", ">/profile/security/password"]),
    row("GET", "/profile/security/prefer", [">/sign-in", ">/verify", ">/enroll", ">/vouch", ">/profile/security/password", ">/profile/security/password", ">/profile/security/password"]),
    row("POST", "/profile/security/prefer", [">/sign-in", ">/verify", ">/enroll", ">/vouch", ">/profile/security/password", ">/profile/security/password", ">/profile/security/password"]),
    row("GET", "/profile/security/recovery-code", [">/sign-in", ">/verify", ">/enroll", ">/vouch", ">/profile/security/password", ">/profile/security/password", ">/profile/security/password"]),
    row("POST", "/profile/security/recovery-code", [">/sign-in", ">/verify", ">/enroll", ">/vouch", ">/profile/security/password", ">/profile/security/password", ">/profile/security/password"]),
    row("POST", "/profile/security/devices", [">/sign-in", ">/verify", ">/enroll", ">/vouch", ">/profile/security", ">/profile/security", ">/profile/security"]),
    row("GET", "/profile/password", [">/sign-in", ">/verify", ">/enroll", ">/vouch", "200", "200", "200"]),
    row("POST", "/profile/password", [">/sign-in", ">/verify", ">/enroll", ">/vouch", "422", "422", "422"]),
    row("GET", "/not-me", ["200", "200", "200", "200", "200", "200", "200"]),
    row("POST", "/not-me/sign-out", [">/sign-in", ">/verify", ">/enroll", ">/vouch", ">/sign-in", ">/sign-in", ">/sign-in"]),
    row("GET", "/admin", [">/sign-in", ">/verify", ">/enroll", ">/vouch", "403", "200", "200"]),
    row("GET", "/admin/{company}/mfa", [">/sign-in", ">/verify", ">/enroll", ">/vouch", "404", "200", "200"]),
    row("POST", "/admin/{company}/mfa", [">/sign-in", ">/verify", ">/enroll", ">/vouch", "404", "409", "409"]),
    row("POST", "/admin/{company}/mfa/save", [">/sign-in", ">/verify", ">/enroll", ">/vouch", "404", "409", "409"]),
    row("GET", "/admin/{company}/mfa/preview", [">/sign-in", ">/verify", ">/enroll", ">/vouch", "404", "200", "200"]),
    row("GET", "/admin/{company}/people", [">/sign-in", ">/verify", ">/enroll", ">/vouch", "404", "200", "200"]),
    row("GET", "/admin/{company}/people.csv", [">/sign-in", ">/verify", ">/enroll", ">/vouch", "404", "200", "200"]),
    row("GET", "/admin/{company}/people/{user}", [">/sign-in", ">/verify", ">/enroll", ">/vouch", "404", "200", "200"]),
    row("POST", "/admin/{company}/people/{user}/reset", [">/sign-in", ">/verify", ">/enroll", ">/vouch", "404", "422", "422"]),
    row("POST", "/admin/{company}/people/{user}/unlock", [">/sign-in", ">/verify", ">/enroll", ">/vouch", "404", "403", "403"]),
    row("POST", "/admin/{company}/people/{user}/set-up-code", [">/sign-in", ">/verify", ">/enroll", ">/vouch", "404", "403", "403"]),
    row("GET", "/admin/{company}/audit", [">/sign-in", ">/verify", ">/enroll", ">/vouch", "404", "200", "200"]),
    row("GET", "/auth-request", ["401", "401", "401", "401", "200", "200", "200"]),
    row("GET", "/forward-auth", [">/sign-in", ">/sign-in", ">/sign-in", ">/sign-in", "200", "200", "200"]),
];

/// The same for the API, below `/countersign/api/v1`; a body fits and is wrong in what it says. A refusal is told with its code.
#[rustfmt::skip]
pub(crate) const API: &[Row] = &[
    row("POST", "/enrollment/app", ["401 no-token", "409 wrong-stage", "200", "403 factor-required", "409 nothing-under-way", "409 nothing-under-way", "409 nothing-under-way"]),
    row("POST", "/enrollment/app/confirm", ["401 no-token", "409 wrong-stage", "403 not-pending", "403 factor-required", "409 nothing-under-way", "409 nothing-under-way", "409 nothing-under-way"]),
    row("POST", "/enrollment/phone", ["401 no-token", "409 wrong-stage", "200", "403 factor-required", "409 nothing-under-way", "409 nothing-under-way", "409 nothing-under-way"]),
    row("POST", "/enrollment/phone/resend", ["401 no-token", "409 wrong-stage", "403 not-pending", "403 factor-required", "409 nothing-under-way", "409 nothing-under-way", "409 nothing-under-way"]),
    row("POST", "/enrollment/phone/confirm", ["401 no-token", "409 wrong-stage", "403 not-pending", "403 factor-required", "409 nothing-under-way", "409 nothing-under-way", "409 nothing-under-way"]),
    row("DELETE", "/enrollment/{method}", ["401 no-token", "409 wrong-stage", "204", "403 factor-required", "409 nothing-under-way", "409 nothing-under-way", "409 nothing-under-way"]),
    row("POST", "/verify", ["401 no-token", "422 wrong-code", "409 wrong-stage", "403 factor-required", "409 nothing-under-way", "409 nothing-under-way", "409 nothing-under-way"]),
    row("POST", "/verify/send", ["401 no-token", "403 no-such-factor", "409 wrong-stage", "403 factor-required", "409 nothing-under-way", "409 nothing-under-way", "409 nothing-under-way"]),
    row("POST", "/recover", ["401 no-token", "403 no-recovery-code", "409 wrong-stage", "403 factor-required", "409 nothing-under-way", "409 nothing-under-way", "409 nothing-under-way"]),
    row("POST", "/vouch", ["401 no-token", "409 wrong-stage", "409 wrong-stage", "422 invalid-input", "409 wrong-stage", "409 wrong-stage", "409 wrong-stage"]),
    row("POST", "/vouch/send", ["401 no-token", "409 wrong-stage", "409 wrong-stage", "204", "409 wrong-stage", "409 wrong-stage", "409 wrong-stage"]),
    row("POST", "/manage", ["401 no-token", "403 factor-required", "403 factor-required", "403 factor-required", "422 wrong-password", "422 wrong-password", "422 wrong-password"]),
    row("GET", "/status", ["401 no-token", "403 factor-required", "403 factor-required", "403 factor-required", "200", "200", "200"]),
    row("PUT", "/factors/preferred", ["401 no-token", "409 wrong-stage", "409 wrong-stage", "403 factor-required", "409 nothing-under-way", "409 nothing-under-way", "409 nothing-under-way"]),
    row("DELETE", "/factors/{method}", ["401 no-token", "409 wrong-stage", "409 wrong-stage", "403 factor-required", "409 nothing-under-way", "409 nothing-under-way", "409 nothing-under-way"]),
    row("GET", "/recovery-code", ["401 no-token", "403 factor-required", "403 factor-required", "403 factor-required", "404 nothing-to-show", "404 nothing-to-show", "404 nothing-to-show"]),
    row("POST", "/recovery-code", ["401 no-token", "403 factor-required", "403 factor-required", "403 factor-required", "204", "204", "204"]),
    row("POST", "/recovery-code/new", ["401 no-token", "409 wrong-stage", "409 wrong-stage", "403 factor-required", "409 nothing-under-way", "409 nothing-under-way", "409 nothing-under-way"]),
    row("PUT", "/password", ["401 no-token", "403 factor-required", "403 factor-required", "403 factor-required", "422 wrong-password", "422 wrong-password", "422 wrong-password"]),
    row("POST", "/sign-in", ["401 wrong-credentials", "401 wrong-credentials", "401 wrong-credentials", "401 wrong-credentials", "401 wrong-credentials", "401 wrong-credentials", "401 wrong-credentials"]),
    row("GET", "/session", ["401 no-token", "200", "200", "200", "200", "200", "200"]),
    row("DELETE", "/session", ["401 no-token", "204", "204", "204", "204", "204", "204"]),
    row("POST", "/notice/later", ["401 no-token", "403 factor-required", "403 factor-required", "403 factor-required", "200", "200", "200"]),
    row("POST", "/step-up", ["401 no-token", "403 factor-required", "403 factor-required", "403 factor-required", "200", "200", "200"]),
];

const fn row(method: &'static str, path: &'static str, answers: [&'static str; 7]) -> Row {
    Row {
        method,
        path,
        answers,
    }
}
