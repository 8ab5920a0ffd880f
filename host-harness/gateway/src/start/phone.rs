//! The phone line.

use std::sync::Arc;

use async_trait::async_trait;
use axum::http::Uri;
use countersign_host::sms::{
    Message, MessagePurpose, NoPhoneLine, Outbox, Outcome, Permission, PhoneLine, SmsError,
    SmsSender, Texts, Webhook,
};
use countersign_host::store::Database;

use super::StartError;
use crate::config::Config;
use crate::metrics::Metrics;

/// Makes the phone line: the webhook of the settings, the outbox of a demonstration, or none.
///
/// # Security
///
/// Without a carrier and a demonstration every number is refused: who waited for a code that goes to nobody would be let in
/// by nobody, and codes in memory are of use only to whoever should not have them.
pub(super) fn line(
    config: &Config,
    store: &Arc<dyn Database>,
    outbox: Option<&Outbox>,
    metrics: &Metrics,
) -> Result<Arc<dyn SmsSender>, StartError> {
    let Some(texts) = &config.texts else {
        return Ok(match outbox {
            Some(outbox) => guarded(config, store, outbox.clone(), &[], metrics)?,
            None => {
                tracing::warn!(
                    target: "countersign::start",
                    "no [texts]: there is NO PHONE LINE, and whoever has only a phone cannot get in"
                );
                Arc::new(NoPhoneLine)
            }
        });
    };
    let secret = texts.secret.read();
    let secret = secret.map_err(|why| StartError::new("texts.secret-file", why))?;
    let wording = Texts::new(&host(&config.public_url), &config.issuer).map_err(|error| {
        let key = match error.field() {
            "host" => "public-url",
            _ => "issuer",
        };
        StartError::new(key, format!("for text messages: {error}"))
    })?;
    let webhook = Webhook::new(&texts.webhook, &secret, wording).map_err(|error| {
        let key = match error.field() {
            "secret" => "texts.secret-file",
            _ => "texts.webhook",
        };
        StartError::new(key, error)
    })?;
    guarded(config, store, webhook, &texts.countries, metrics)
}

fn guarded(
    config: &Config,
    store: &Arc<dyn Database>,
    sender: impl SmsSender + 'static,
    countries: &[String],
    metrics: &Metrics,
) -> Result<Arc<dyn SmsSender>, StartError> {
    let mut line = PhoneLine::new(&config.realm, store.clone(), sender);
    if !countries.is_empty() {
        line = line
            .countries(countries.iter().cloned())
            .map_err(|error| StartError::new("texts.countries", error))?;
    }
    Ok(Arc::new(Counted {
        sender: line,
        metrics: metrics.clone(),
    }))
}

/// A sender whose messages are counted.
struct Counted<S> {
    sender: S,
    metrics: Metrics,
}

#[async_trait]
impl<S: SmsSender> SmsSender for Counted<S> {
    async fn check(
        &self,
        company: &str,
        number: &str,
        purpose: MessagePurpose,
    ) -> Result<Permission, SmsError> {
        self.sender.check(company, number, purpose).await
    }

    async fn send(&self, message: &Message) -> Outcome {
        let outcome = self.sender.send(message).await;
        self.metrics.text(&outcome);
        outcome
    }
}

fn host(url: &str) -> String {
    let uri: Option<Uri> = url.parse().ok();
    uri.and_then(|it| it.host().map(str::to_owned))
        .unwrap_or_default()
}
