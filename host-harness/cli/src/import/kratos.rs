//! What the admin API of Ory Kratos answers to `GET /admin/identities?include_credential=totp`, and to the same for one
//! identity, as JSON. Several pages may follow one another in one file.
//!
//! Shaped after ory/kratos 26.2 (commit b86338d): `identity/handler.go`, `identity/credentials_totp.go` and the
//! fixtures of its migrations. An app is `credentials.totp.config.totp_url`, an address as a QR code holds it.
//!
//! The last step that was accepted is not stored by Kratos.

use super::UserField;
use super::document::{Document, Node};
use super::key_uri;
use super::row::{Refusal, Row, Unfit};
use super::token::Token;

/// Reads identities.
pub(super) fn read(text: &str, field: UserField) -> Result<Vec<Row>, Refusal> {
    let pages = Document::parse_all_json(text)?;
    if pages.is_empty() {
        return Err(Refusal::expected("the file", SHAPE));
    }
    let mut rows = Vec::new();
    let (mut identities, mut with_credentials) = (0_usize, 0_usize);
    for (number, page) in (1..).zip(&pages) {
        let root = page.root();
        let found = match (root.is_list(), root.get("identities")) {
            (true, _) => root.items(SHAPE)?,
            (false, Some(list)) => list.items(SHAPE)?,
            (false, None) => vec![root],
        };
        for identity in found {
            let place = place(number, pages.len(), identity.path());
            if identity.get("id").is_none() {
                return Err(Refusal::expected(place, SHAPE));
            }
            identities = identities.saturating_add(1);
            let identity = identity.rooted();
            let Some(credentials) = identity.get("credentials") else {
                continue;
            };
            with_credentials = with_credentials.saturating_add(1);
            if let Some(totp) = credentials.get("totp") {
                rows.push(Row {
                    owner: place.clone(),
                    place,
                    user: name(&identity, field),
                    token: read_url(&totp),
                });
            }
        }
    }
    match (identities, with_credentials) {
        (1.., 0) => Err(Refusal::expected("credentials", SHAPE)),
        _ => Ok(rows),
    }
}

/// Says where an identity stands; of a file with several pages, on which.
fn place(page: usize, pages: usize, path: &str) -> String {
    let path = match path {
        "" => "the identity",
        path => path,
    };
    match pages {
        1 => path.to_owned(),
        _ => format!("page {page}: {path}"),
    }
}

fn name(identity: &Node<'_>, field: UserField) -> Result<String, Refusal> {
    let name = match field {
        UserField::Id => identity.need("id", "an id")?.text("an id")?,
        UserField::Username => trait_of(identity, "username")?,
        UserField::Email => trait_of(identity, "email")?,
    };
    Ok(name.to_owned())
}

fn trait_of<'a>(identity: &Node<'a>, name: &str) -> Result<&'a str, Refusal> {
    let traits = identity.need("traits", "an object")?;
    traits.need(name, "text")?.text("text")
}

fn read_url(totp: &Node<'_>) -> Result<Token, Unfit> {
    let expected = "an address; without include_credential=totp Kratos leaves it out";
    let config = totp.need("config", expected)?;
    let url = config.need("totp_url", expected)?.text(expected)?;
    key_uri::parse(url)
}

const SHAPE: &str = "identities with `id` and `credentials`, as \
                     `GET /admin/identities?include_credential=totp` answers";
