//! "Password & security": what is set up, and what can be changed.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use countersign_host::contract::administration::{
    FactorStatus, Outlook, PreviewReport, UserStatus,
};
use countersign_host::contract::sign_in::DenyReason;
use countersign_host::contract::{Deadline, Method, MethodState};
use serde::Deserialize;

use crate::gateway::Gateway;
use crate::journey::Changing;
use crate::pages::frame::{clock, day};
use crate::pages::{Alert, Answered, Frame, Person, Posted, go, page, when};

#[derive(Template)]
#[template(path = "security.html")]
struct SecurityPage {
    frame: Frame,
    /// What the company asks, in a sentence.
    asks: String,
    /// Until when changes can be begun without typing the password again.
    until: Option<String>,
    app: Option<Factor>,
    phone: Option<Factor>,
    may_app: bool,
    may_phone: bool,
    /// The method that is asked for first, where there is a choice, and the word for asking for the other one.
    preferred: Option<(&'static str, &'static str)>,
    recovery: Option<Recovery>,
    devices: Vec<Device>,
}

/// A factor, as its owner sees it.
struct Factor {
    hint: String,
    since: String,
    used: Option<String>,
    /// Why it cannot be used just now.
    trouble: Option<String>,
}

struct Recovery {
    issued: String,
    is_saved: bool,
}

struct Device {
    since: String,
    until: String,
}

/// What was done just now, or why somebody is back here.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    done: String,
    why: String,
}

/// Shows what is set up. No factor is asked for: there is nothing here that helps anybody to sign in.
pub(crate) async fn show(
    State(gateway): State<Gateway>,
    Query(asked): Query<Asked>,
    person: Person,
) -> Answered {
    let mut visit = person.inside(&gateway).await?;
    if visit.session.recovery.is_some() {
        return Ok(go("/recovery-code"));
    }
    // Whoever is back at the overview is led nowhere any more.
    gateway.wish(&mut visit, None).await?;
    let status = gateway.own_status(&visit).await?;
    let (report, deadline) = gateway.outlook(&visit).await?;
    let until = match gateway.changing(&visit).await? {
        Changing::Until(at) => Some(clock(at)),
        Changing::Asked | Changing::No => None,
    };
    let alert = done(&asked.done).or_else(|| why(&asked.why));
    let template = SecurityPage {
        frame: Frame::of(&gateway, &visit, "Password & security").with(alert),
        asks: asks(&report, deadline.as_ref(), visit.now),
        until,
        app: factor(&status, Method::Totp),
        phone: factor(&status, Method::Sms),
        may_app: report.methods.contains(&Method::Totp),
        may_phone: report.methods.contains(&Method::Sms),
        preferred: preferred(&status.factors),
        recovery: status.recovery.map(|it| Recovery {
            issued: day(it.issued_at, "UTC"),
            is_saved: it.acknowledged,
        }),
        devices: status
            .devices
            .iter()
            .map(|it| Device {
                since: when(it.trusted_at, "UTC"),
                until: day(it.expires_at, "UTC"),
            })
            .collect(),
    };
    Ok(page(StatusCode::OK, &template))
}

/// Forgets the trusted devices. Nothing is asked for first: it only closes doors.
pub(crate) async fn forget_devices(State(gateway): State<Gateway>, posted: Posted) -> Answered {
    let visit = posted.person.inside(&gateway).await?;
    gateway.forget_devices(&visit).await?;
    Ok(go("/profile/security?done=devices"))
}

/// Says what the user's companies ask, in a sentence.
fn asks(report: &PreviewReport, deadline: Option<&Deadline>, now: u64) -> String {
    if matches!(report.outlook, Outlook::Deny(DenyReason::ModeOff)) {
        return "Your company has not turned two-factor authentication on, so that there is nothing to set up."
            .to_owned();
    }
    match deadline {
        Some(it) if it.at <= now => format!(
            "Your company requires two-factor authentication since {}.",
            day(it.at, &it.zone)
        ),
        Some(it) => format!(
            "Your company requires two-factor authentication from {}.",
            day(it.at, &it.zone)
        ),
        None if report.companies.iter().any(|it| it.counts) => {
            "Your company leaves it to you whether you use two-factor authentication.".to_owned()
        }
        None => "Two-factor authentication is off for your company. What you have set up rests until it is on again."
            .to_owned(),
    }
}

fn factor(status: &UserStatus, method: Method) -> Option<Factor> {
    let found = status.factors.iter().find(|it| it.method == method)?;
    Some(Factor {
        hint: found.hint.clone().unwrap_or_default(),
        since: day(found.confirmed_at, "UTC"),
        used: found.used_at.map(|at| when(at, "UTC")),
        trouble: match found.state {
            MethodState::WaitUntil(at) => Some(format!(
                "There were too many wrong codes. It can be used again at {}.",
                when(at, "UTC")
            )),
            MethodState::Disabled => Some(
                "It was switched off after too many wrong codes. Set it up anew to use it again."
                    .to_owned(),
            ),
            MethodState::NotOffered => Some("Your company does not allow it any more.".to_owned()),
            MethodState::Usable => None,
        },
    })
}

/// Returns the method that is asked for first and the word for asking for the other one, where there are two.
fn preferred(factors: &[FactorStatus]) -> Option<(&'static str, &'static str)> {
    if factors.len() < 2 {
        return None;
    }
    let first = factors.iter().find(|it| it.preferred)?;
    Some(match first.method {
        Method::Totp => ("Authenticator app", "prefer-phone"),
        Method::Sms => ("Text messages", "prefer-app"),
    })
}

/// Says what was done.
fn done(word: &str) -> Option<Alert> {
    let message = match word {
        "removed" => "It was removed. Your other sessions were ended.",
        "preferred" => "It is asked for first from now on.",
        "devices" => "No device is trusted any more: a code is asked for at the next sign-in.",
        "password" => "Your password was changed. Your other sessions were ended.",
        _ => return None,
    };
    Some(Alert::good(message))
}

/// Says why somebody is back here.
fn why(word: &str) -> Option<Alert> {
    let message = match word {
        "over" => {
            "That step is over: it took too long, was finished in another tab, or had too many wrong codes. Nothing was \
             changed by it. You can begin again."
        }
        _ => return None,
    };
    Some(Alert::bad(message))
}
