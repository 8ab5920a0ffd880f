//! What the admin API of Ory Kratos answers to `GET /admin/identities?include_credential=totp`, and to the same for one
//! identity, as JSON. Several pages may follow one another in one file.
//!
//! Shaped after ory/kratos 26.2 (commit b86338d): `identity/handler.go`, `identity/credentials_totp.go` and the
//! fixtures of its migrations. An app is `credentials.totp.config.totp_url`, an address as a QR code holds it.
//!
//! An address is a name only where `verifiable_addresses` says that its identity reads its mail. Kratos keeps those in
//! lower case, and traits as they were typed.
//!
//! The last step that was accepted is not stored by Kratos.

use super::UserField;
use super::document::{Document, Node};
use super::key_uri;
use super::row::{Refusal, Row, Rows, Unfit};
use super::token::Token;

/// Reads identities.
pub(super) fn read(text: &str, field: UserField) -> Result<Vec<Row>, Refusal> {
    let pages = Document::parse_all_json(text)?;
    if pages.is_empty() {
        return Err(Refusal::expected("the file", SHAPE));
    }
    let mut found = Found::default();
    for (number, page) in (1..).zip(&pages) {
        let root = page.root();
        let place = |identity: &Node<'_>| place(number, pages.len(), identity.path());
        let list = match root.is_list() {
            true => Some(root.clone()),
            false => root.get("identities"),
        };
        match list {
            Some(list) => {
                for identity in list.items(SHAPE)? {
                    found.read(&identity, place(&identity), field)?;
                }
            }
            None => found.read(&root, place(&root), field)?,
        }
    }
    match (found.identities, found.with_credentials) {
        (1.., 0) => Err(Refusal::expected("credentials", SHAPE)),
        _ => Ok(found.rows.into_vec()),
    }
}

/// What has been read so far.
#[derive(Default)]
struct Found {
    rows: Rows,
    identities: usize,
    with_credentials: usize,
}

impl Found {
    fn read(&mut self, identity: &Node<'_>, place: String, by: UserField) -> Result<(), Refusal> {
        if identity.get("id").is_none() {
            return Err(Refusal::expected(place, SHAPE));
        }
        self.identities = self.identities.saturating_add(1);
        let identity = identity.rooted();
        let credentials = identity.get("credentials");
        if credentials.is_some() {
            self.with_credentials = self.with_credentials.saturating_add(1);
        }
        let user = name(&identity, by);
        let token = match credentials.and_then(|it| it.get("totp")) {
            Some(totp) => read_url(&totp).and_then(|token| match (by, &user) {
                (UserField::Email, Ok(email)) => {
                    require_verified(&identity, email)?;
                    Ok(token)
                }
                _ => Ok(token),
            }),
            // Also who has no app has a name, which nobody else's app is to be imported for.
            None => Err(Unfit::Absent),
        };
        match (&user, &token) {
            (Err(_), Err(Unfit::Absent)) => Ok(()),
            _ => self.rows.push(Row {
                owner: place.clone(),
                place,
                user,
                token,
            }),
        }
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

fn require_verified(identity: &Node<'_>, email: &str) -> Result<(), Refusal> {
    if let Some(addresses) = identity.get("verifiable_addresses") {
        for address in addresses.items("a list of addresses")? {
            let is = |name, value: &str| {
                let text = address.get(name).and_then(|it| it.text("").ok());
                text.is_some_and(|it| it.eq_ignore_ascii_case(value))
            };
            let verified = address.get("verified").map_or(Ok(false), |it| it.flag())?;
            if verified && is("via", "email") && is("value", email) {
                return Ok(());
            }
        }
    }
    Err(Refusal::expected("verifiable_addresses", VERIFIED))
}

fn read_url(totp: &Node<'_>) -> Result<Token, Unfit> {
    let expected = "an address; without include_credential=totp Kratos leaves it out";
    let config = totp.need("config", expected)?;
    let url = config.need("totp_url", expected)?.text(expected)?;
    key_uri::parse(url)
}

const SHAPE: &str = "identities with `id` and `credentials`, as \
                     `GET /admin/identities?include_credential=totp` answers";

const VERIFIED: &str = "the address, verified: one that is not may be somebody else's";
