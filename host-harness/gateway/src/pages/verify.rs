//! "How do you want to verify your identity?"

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use countersign_host::contract::sign_in::{Stage, TicketView};
use countersign_host::contract::{Method, MethodState, SendState};
use serde::Deserialize;

use super::answer::{enter, enter_at};
use super::{Alert, Answer, Answered, Frame, Person, Posted, go, page, when};
use crate::gateway::Gateway;
use crate::journey::{Step, Visit};
use crate::refusal::Refusal;
use crate::session::{Aim, Wish};

#[derive(Template)]
#[template(path = "verify.html")]
struct VerifyPage {
    frame: Frame,
    /// What they may choose from.
    choices: Vec<Choice>,
    /// What is asked for: `totp` or `sms`; empty if nothing can be used at present.
    asked: &'static str,
    /// The phone's last digits.
    hint: String,
    sent: Option<Sent>,
    can_recover: bool,
    can_remember: bool,
    /// Whether there is a way to leave this, since it is a change within a session.
    can_leave: bool,
}

/// A method to choose.
struct Choice {
    word: &'static str,
    label: String,
    /// Why it cannot be used just now.
    trouble: Option<String>,
}

/// A text message that went out.
pub(super) struct Sent {
    pub(super) expires_at: String,
    pub(super) resend_at: String,
    /// Seconds since 1970, for the count-down.
    pub(super) resend_at_seconds: u64,
    pub(super) sends_left: u32,
}

/// Which method a page is asked for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    method: String,
    sent: String,
}

/// Shows what to verify by.
pub(super) async fn show(
    State(gateway): State<Gateway>,
    Query(asked): Query<Asked>,
    person: Person,
) -> Answered {
    let visit = person.underway(&gateway).await?;
    let alert = match asked.sent.as_str() {
        "yes" => Some(Alert::good("A text message with a code is on its way.")),
        "failed" => Some(Alert::from(&Refusal::new(
            StatusCode::OK,
            "not-sent",
            "The text message could not be sent. Ask for another, or choose another way.",
        ))),
        _ => None,
    };
    form(&gateway, &visit, StatusCode::OK, alert, &asked.method).await
}

/// Takes a code.
pub(super) async fn submit(State(gateway): State<Gateway>, posted: Posted) -> Answered {
    let visit = posted.person.underway(&gateway).await?;
    let word = posted.text("method").to_owned();
    let Some(method) = method(&word) else {
        return Err(Refusal::field("method", "Choose how to verify.").into());
    };
    let remember = posted.is_ticked("remember");
    let is_change = visit.aim()? == &Aim::ManageFactors;
    let wish = visit.session.wish;
    match gateway
        .verify(visit, method, posted.text("code"), remember)
        .await
    {
        Ok(entrance) if is_change && entrance.step == Step::Inside => {
            let path = wish.map_or("/profile/security", Wish::path);
            Ok(enter_at(&entrance, path))
        }
        Ok(entrance) => Ok(enter(&entrance)),
        Err(refusal) if refusal.is_elsewhere() => Err(refusal.into()),
        Err(refusal) => {
            let visit = posted.person.underway(&gateway).await?;
            let alert = Some(Alert::from(&refusal));
            form(&gateway, &visit, refusal.status, alert, &word).await
        }
    }
}

/// Sends a code to the phone, or sends it again.
pub(super) async fn send(State(gateway): State<Gateway>, posted: Posted) -> Answered {
    let visit = posted.person.underway(&gateway).await?;
    match gateway.send_code(&visit).await {
        Ok(receipt) => Ok(match receipt.state {
            SendState::Failed => go("/verify?method=sms&sent=failed"),
            _ => go("/verify?method=sms&sent=yes"),
        }),
        Err(refusal) if refusal.is_elsewhere() => Err(refusal.into()),
        Err(refusal) => {
            let alert = Some(Alert::from(&refusal));
            form(&gateway, &visit, refusal.status, alert, "sms").await
        }
    }
}

async fn form(
    gateway: &Gateway,
    visit: &Visit,
    status: StatusCode,
    alert: Option<Alert>,
    wanted: &str,
) -> Answered {
    let view = gateway.view(visit).await?;
    if view.stage != Stage::Challenged {
        return Err(Answer::go(match view.stage {
            Stage::Verified => "/profile/security",
            _ => "/enroll",
        }));
    }
    let asked = asked(&view, wanted);
    let hint = view
        .methods
        .iter()
        .find(|it| it.method == Method::Sms)
        .and_then(|it| it.hint.clone());
    let template = VerifyPage {
        frame: Frame::of(gateway, visit, "How do you want to verify your identity?").with(alert),
        choices: choices(&view),
        asked,
        hint: hint.unwrap_or_default(),
        sent: view.sent.as_ref().map(Sent::of),
        can_recover: view.recovery_available,
        can_remember: visit.aim()? == &Aim::SignIn,
        can_leave: visit.is_open(),
    };
    Ok(page(status, &template))
}

/// Returns the method to ask for: the one that was chosen, else the preferred one, else one that can be used.
fn asked(view: &TicketView, wanted: &str) -> &'static str {
    let is_usable =
        |state: &MethodState| !matches!(state, MethodState::Disabled | MethodState::NotOffered);
    let usable = || view.methods.iter().filter(|it| is_usable(&it.state));
    let chosen = usable()
        .find(|it| word(it.method) == wanted)
        .or_else(|| usable().find(|it| it.preferred))
        .or_else(|| usable().next());
    chosen.map_or("", |it| word(it.method))
}

fn choices(view: &TicketView) -> Vec<Choice> {
    let each = view.methods.iter();
    each.filter(|it| !matches!(it.state, MethodState::NotOffered))
        .map(|it| Choice {
            word: word(it.method),
            label: match it.method {
                Method::Totp => "Authenticator app".to_owned(),
                Method::Sms => format!(
                    "Text message to {}",
                    it.hint.as_deref().unwrap_or("your phone")
                ),
            },
            trouble: match it.state {
                MethodState::WaitUntil(at) => Some(format!(
                    "Too many wrong codes. It can be used again at {}.",
                    when(at, "UTC")
                )),
                MethodState::Disabled => {
                    Some("Switched off after too many wrong codes.".to_owned())
                }
                _ => None,
            },
        })
        .collect()
}

impl Sent {
    pub(super) fn of(sent: &countersign_host::contract::sign_in::SentCode) -> Self {
        Self {
            expires_at: when(sent.expires_at, "UTC"),
            resend_at: when(sent.resend_at, "UTC"),
            resend_at_seconds: sent.resend_at,
            sends_left: sent.sends_left,
        }
    }
}

/// Reads the word for a method.
pub(crate) fn method(word: &str) -> Option<Method> {
    match word {
        "totp" => Some(Method::Totp),
        "sms" => Some(Method::Sms),
        _ => None,
    }
}

/// Writes the word for a method.
pub(crate) fn word(method: Method) -> &'static str {
    match method {
        Method::Totp => "totp",
        Method::Sms => "sms",
    }
}
