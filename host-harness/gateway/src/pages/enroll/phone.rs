//! Setting up text messages.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use countersign_host::contract::sign_in::TicketView;
use countersign_host::contract::{Method, SendState};
use countersign_host::sms::NOTICE;
use serde::Deserialize;

use super::enrolling;
use crate::gateway::Gateway;
use crate::journey::Visit;
use crate::pages::answer::enter;
use crate::pages::verify::Sent;
use crate::pages::{Alert, Answer, Answered, Frame, Person, Posted, go, page};
use crate::refusal::Refusal;

#[derive(Template)]
#[template(path = "enroll_phone.html")]
struct PhonePage {
    frame: Frame,
    countries: &'static [Country],
    chosen: String,
    number: String,
    notice: &'static str,
}

#[derive(Template)]
#[template(path = "enroll_phone_code.html")]
struct CodePage {
    frame: Frame,
    hint: String,
    sent: Option<Sent>,
}

/// A country to choose, with what its numbers begin with.
pub(crate) struct Country {
    name: &'static str,
    code: &'static str,
}

/// Whether a message went out just now.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    sent: String,
}

/// Shows the fields for country and number.
pub(crate) async fn show(State(gateway): State<Gateway>, person: Person) -> Answered {
    let (visit, view) = enrolling(&gateway, &person).await?;
    if pending(&view).is_some() {
        return Ok(go("/enroll/phone/code"));
    }
    Ok(form(&gateway, &visit, StatusCode::OK, None, "", ""))
}

/// Takes the number, and has a code sent to it.
pub(crate) async fn begin(State(gateway): State<Gateway>, posted: Posted) -> Answered {
    let (visit, _) = enrolling(&gateway, &posted.person).await?;
    let (country, number) = (posted.text("country"), posted.text("number"));
    if country.is_empty() && !number.starts_with('+') {
        let refusal = Refusal::field(
            "phone",
            "Choose your country, or type the whole number with its +.",
        );
        let alert = Some(Alert::from(&refusal));
        let status = refusal.status;
        return Ok(form(&gateway, &visit, status, alert, country, number));
    }
    let phone = match number.starts_with('+') {
        true => number.to_owned(),
        false => format!("{country}{}", number.trim_start_matches('0')),
    };
    match gateway.begin_phone(&visit, &phone).await {
        Ok(receipt) => Ok(awaiting(receipt.state)),
        Err(refusal) if refusal.is_elsewhere() => Err(refusal.into()),
        Err(refusal) => {
            let alert = Some(Alert::from(&refusal));
            let status = refusal.status;
            Ok(form(&gateway, &visit, status, alert, country, number))
        }
    }
}

/// Shows the field for the code that was sent.
pub(crate) async fn awaited(
    State(gateway): State<Gateway>,
    Query(asked): Query<Asked>,
    person: Person,
) -> Answered {
    let (visit, view) = enrolling(&gateway, &person).await?;
    let alert = match asked.sent.as_str() {
        "yes" => Some(Alert::good("A text message with a code is on its way.")),
        "failed" => Some(Alert::from(&not_sent())),
        _ => None,
    };
    code_form(&gateway, &visit, &view, StatusCode::OK, alert)
}

/// Takes the code.
pub(crate) async fn submit(State(gateway): State<Gateway>, posted: Posted) -> Answered {
    let (visit, _) = enrolling(&gateway, &posted.person).await?;
    match gateway
        .confirm(visit, Method::Sms, posted.text("code"))
        .await
    {
        Ok(entrance) => Ok(enter(&entrance)),
        Err(refusal) if refusal.is_elsewhere() => Err(refusal.into()),
        Err(refusal) => {
            let (visit, view) = enrolling(&gateway, &posted.person).await?;
            let alert = Some(Alert::from(&refusal));
            code_form(&gateway, &visit, &view, refusal.status, alert)
        }
    }
}

/// Sends the code again.
pub(crate) async fn send(State(gateway): State<Gateway>, posted: Posted) -> Answered {
    let (visit, view) = enrolling(&gateway, &posted.person).await?;
    match gateway.resend(&visit).await {
        Ok(receipt) => Ok(awaiting(receipt.state)),
        Err(refusal) if refusal.is_elsewhere() => Err(refusal.into()),
        Err(refusal) => {
            let alert = Some(Alert::from(&refusal));
            code_form(&gateway, &visit, &view, refusal.status, alert)
        }
    }
}

fn awaiting(state: SendState) -> Response {
    match state {
        SendState::Failed => go("/enroll/phone/code?sent=failed"),
        _ => go("/enroll/phone/code?sent=yes"),
    }
}

fn form(
    gateway: &Gateway,
    visit: &Visit,
    status: StatusCode,
    alert: Option<Alert>,
    country: &str,
    number: &str,
) -> Response {
    let template = PhonePage {
        frame: Frame::of(gateway, visit, "Set up text messages").with(alert),
        countries: COUNTRIES,
        chosen: country.to_owned(),
        number: number.to_owned(),
        notice: NOTICE,
    };
    page(status, &template)
}

fn code_form(
    gateway: &Gateway,
    visit: &Visit,
    view: &TicketView,
    status: StatusCode,
    alert: Option<Alert>,
) -> Answered {
    let Some(pending) = pending(view) else {
        // Discarded: what went wrong is said where it begins anew.
        return match alert {
            Some(alert) => Ok(form(gateway, visit, status, Some(alert), "", "")),
            None => Err(Answer::go("/enroll/phone")),
        };
    };
    let template = CodePage {
        frame: Frame::of(gateway, visit, "Type the code from the text message").with(alert),
        hint: pending.hint.clone().unwrap_or_default(),
        sent: pending.sent.as_ref().map(Sent::of),
    };
    Ok(page(status, &template))
}

fn pending(view: &TicketView) -> Option<&countersign_host::contract::sign_in::Pending> {
    view.pending.iter().find(|it| it.method == Method::Sms)
}

fn not_sent() -> Refusal {
    Refusal::new(
        StatusCode::OK,
        "not-sent",
        "The text message could not be sent. Ask for another, or check the number.",
    )
}

/// Calling codes of the ITU (E.164). A number of any other country is typed with its `+`.
const COUNTRIES: &[Country] = &[
    Country {
        name: "Australia",
        code: "+61",
    },
    Country {
        name: "Canada",
        code: "+1",
    },
    Country {
        name: "France",
        code: "+33",
    },
    Country {
        name: "Germany",
        code: "+49",
    },
    Country {
        name: "Hong Kong",
        code: "+852",
    },
    Country {
        name: "Ireland",
        code: "+353",
    },
    Country {
        name: "Italy",
        code: "+39",
    },
    Country {
        name: "Mexico",
        code: "+52",
    },
    Country {
        name: "New Zealand",
        code: "+64",
    },
    Country {
        name: "Singapore",
        code: "+65",
    },
    Country {
        name: "Spain",
        code: "+34",
    },
    Country {
        name: "United Kingdom",
        code: "+44",
    },
    Country {
        name: "United States",
        code: "+1",
    },
];
