//! The outbox of a demonstration: messages that went to nobody.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use countersign_host::sms::{Message, Texts};

use super::{Answered, Frame, Person, page};
use crate::gateway::Gateway;

#[derive(Template)]
#[template(path = "outbox.html")]
struct OutboxPage {
    frame: Frame,
    texts: Vec<Text>,
    mails: Vec<crate::mail::Mail>,
    /// The host in the texts' last line, where it stands for one that no text can name.
    stand_in: Option<&'static str>,
}

struct Text {
    number: String,
    text: String,
}

/// Shows text messages and mails, the newest first; there is no such page where they go out.
///
/// # Security
///
/// Whoever can reach it reads everybody's codes: it takes the place of the phones and mailboxes of a demonstration, and
/// asks for no session, as whoever waits for a code has none yet.
pub(super) async fn show(State(gateway): State<Gateway>, person: Person) -> Answered {
    let Some(outbox) = &gateway.outbox else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    let (writer, stand_in) = writer(&gateway);
    let texts = outbox.texts.messages();
    let mails = outbox.mails.mails();
    let template = OutboxPage {
        frame: Frame::of_anybody(&gateway, &person, "Outbox").await?,
        texts: texts
            .iter()
            .rev()
            .take(MOST_SHOWN)
            .map(|it| Text {
                number: it.number.clone(),
                text: written(writer.as_ref(), it),
            })
            .collect(),
        mails: mails.into_iter().rev().take(MOST_SHOWN).collect(),
        stand_in,
    };
    Ok(page(StatusCode::OK, &template))
}

/// Returns what writes the texts, as it does where they go out, with a host in place of one that no text can name.
fn writer(gateway: &Gateway) -> (Option<Texts>, Option<&'static str>) {
    let public = gateway.config.public_url.as_str();
    let authority = public.split_once("://").map_or(public, |(_, it)| it);
    let host = authority.split(':').next().unwrap_or_default();
    let issuer = gateway.config.issuer.as_str();
    match Texts::new(host, issuer) {
        Ok(texts) => (Some(texts), None),
        Err(_) => (Texts::new(STAND_IN, issuer).ok(), Some(STAND_IN)),
    }
}

fn written(writer: Option<&Texts>, message: &Message) -> String {
    let written = writer.and_then(|it| it.write(message).ok());
    written.unwrap_or_else(|| format!("{} is your code.", message.code))
}

/// What stands for `localhost` and addresses in numbers: a name that is nobody's (RFC 2606).
const STAND_IN: &str = "app.example";

/// More than one person tries out in a sitting.
const MOST_SHOWN: usize = 50;
