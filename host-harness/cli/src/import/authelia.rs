//! What `authelia storage user totp export --file FILE` writes, as YAML.
//!
//! Shaped after authelia/authelia 4.39 (commit 2357203): `internal/model/totp_configuration.go` and
//! `internal/commands/storage_run.go`. The secret is base 64 of the text in base 32 that the app was given.
//!
//! `last_used_at` is when a sign-in was, which is not the step of its code; so there is no mark, and the plugin takes
//! the current step. What `… totp export csv` writes is for the CSV reader.

use data_encoding::BASE64;
use zeroize::Zeroizing;

use super::document::Node;
use super::key_uri::unknown_algorithm;
use super::row::{Refusal, Row, Rows, Unfit};
use super::token::{Algorithm, Secret, Token};
use super::yaml;

/// Reads an export.
pub(super) fn read(text: &str) -> Result<Vec<Row>, Refusal> {
    let document = yaml::parse(text)?;
    let list = document.root().need("totp_configurations", SHAPE)?;
    let mut rows = Rows::default();
    for configuration in list.items(SHAPE)? {
        if !configuration.is_object() {
            return Err(configuration.refused("a configuration"));
        }
        rows.push(Row {
            place: configuration.path().to_owned(),
            owner: configuration.path().to_owned(),
            user: name(&configuration.rooted()),
            token: read_configuration(&configuration.rooted()),
        })?;
    }
    Ok(rows.into_vec())
}

fn name(configuration: &Node<'_>) -> Result<String, Refusal> {
    let name = configuration.need("username", "a name")?.text("a name")?;
    Ok(name.to_owned())
}

fn read_configuration(configuration: &Node<'_>) -> Result<Token, Unfit> {
    let algorithm = configuration.need("algorithm", "a name")?.text("a name")?;
    let algorithm = Algorithm::parse(algorithm).ok_or_else(unknown_algorithm)?;
    let digits = configuration.need("digits", "6 or 8")?.number()?;
    let period = configuration.need("period", "seconds")?.number()?;
    let secret = configuration.need("secret", "a text")?.text("a text")?;
    let secret = from_base64_of_base32(secret)
        .ok_or_else(|| Refusal::expected("secret", "base 64 of a text in base 32"))?;
    Token::new(secret, algorithm, digits, period)
}

fn from_base64_of_base32(text: &str) -> Option<Secret> {
    let decoded = Zeroizing::new(BASE64.decode(text.as_bytes()).ok()?);
    Secret::from_base32(std::str::from_utf8(&decoded).ok()?)
}

const SHAPE: &str = "a list of configurations, as `authelia storage user totp export` writes it";
