//! What `kc.sh export --users realm_file` (or `same_file`, `different_files`) writes: a realm, a file of its users, or
//! a list of realms, as JSON.
//!
//! Shaped after keycloak/keycloak: `ExportUtils` (commit 110a624), `OTPCredentialModel` (35d264e), `OTPCredentialData`
//! (d437b03). A credential of the type `otp` carries `secretData` and `credentialData`, texts with JSON of their own.
//! The secret is the bytes of `value` itself, unless `secretEncoding` is `BASE32`. Of a user with several apps the
//! first in the file that can be taken is imported.
//!
//! An address is a name only where `emailVerified` says that its user reads its mail: they may have typed any.
//!
//! The last step that was accepted is not in the export. The admin API leaves `secretData` out.

use super::UserField;
use super::document::{Document, Node};
use super::row::{Refusal, Row, Rows, Skip, Unfit};
use super::token::{Algorithm, Secret, Token};

/// Reads an export.
pub(super) fn read(text: &str, field: UserField) -> Result<Vec<Row>, Refusal> {
    let document = Document::parse_json(text)?;
    let root = document.root();
    let mut rows = Rows::default();
    let mut has_users = false;
    match root.is_list() {
        true => {
            for realm in root.items(SHAPE)? {
                has_users |= read_realm(&realm, field, &mut rows)?;
            }
        }
        false => has_users = read_realm(&root, field, &mut rows)?,
    }
    match has_users {
        true => Ok(rows.into_vec()),
        false => Err(Refusal::expected("users", SHAPE)),
    }
}

/// Reads a realm, and says whether it has users.
fn read_realm(realm: &Node<'_>, field: UserField, rows: &mut Rows) -> Result<bool, Refusal> {
    let mut has_users = false;
    for list in ["users", "federatedUsers"] {
        if let Some(users) = realm.get(list) {
            has_users = true;
            for user in users.items("a list of users")? {
                read_user(&user, field, rows)?;
            }
        }
    }
    Ok(has_users)
}

fn read_user(user: &Node<'_>, field: UserField, rows: &mut Rows) -> Result<(), Refusal> {
    if !user.is_object() {
        return Err(user.refused("a user"));
    }
    // Also who has no app has a name, which nobody else's app is to be imported for.
    if let Ok(name) = name(&user.rooted(), field) {
        rows.push(Row {
            place: user.path().to_owned(),
            owner: user.path().to_owned(),
            user: Ok(name),
            token: Err(Unfit::Absent),
        })?;
    }
    let Some(credentials) = user.get("credentials") else {
        return Ok(());
    };
    for credential in credentials.items("a list of credentials")? {
        let kind = credential.need("type", "the type of the credential")?;
        let token = match kind.text("the type of the credential")? {
            "otp" => read_credential(&credential.rooted()),
            "totp" | "hotp" => Err(Refusal::expected(
                "type",
                "otp, as newer versions of Keycloak store apps: upgrade it before the export",
            )
            .into()),
            _ => continue,
        };
        let name = name(&user.rooted(), field);
        let token = match (field, &name) {
            (UserField::Email, Ok(_)) => {
                token.and_then(|it| require_verified(&user.rooted()).map(|()| it))
            }
            _ => token,
        };
        rows.push(Row {
            place: credential.path().to_owned(),
            owner: user.path().to_owned(),
            user: name,
            token,
        })?;
    }
    Ok(())
}

fn name(user: &Node<'_>, field: UserField) -> Result<String, Refusal> {
    let (field, expected) = match field {
        UserField::Username => ("username", "a name"),
        UserField::Id => ("id", "an id"),
        UserField::Email => ("email", "an e-mail address"),
    };
    let name = user.need(field, expected)?.text(expected)?;
    Ok(name.to_owned())
}

fn require_verified(user: &Node<'_>) -> Result<(), Unfit> {
    let verified = user.get("emailVerified");
    match verified.map_or(Ok(false), |it| it.flag())? {
        true => Ok(()),
        false => Err(Refusal::expected("emailVerified", VERIFIED).into()),
    }
}

fn read_credential(credential: &Node<'_>) -> Result<Token, Unfit> {
    let data = inner(credential, "credentialData", "a text with JSON")?;
    let of_data = |refusal| within("credentialData", refusal);
    let root = data.root();
    let text = |name| {
        let found = root.need(name, "text").and_then(|it| it.text("text"));
        found.map_err(of_data)
    };
    let number = |name| {
        let found = root.need(name, "a whole number").and_then(|it| it.number());
        found.map_err(of_data)
    };
    match text("subType")? {
        "totp" => {}
        "hotp" => return Err(Skip::Hotp.into()),
        _ => return Err(of_data(Refusal::expected("subType", "totp or hotp")).into()),
    }
    let algorithm = text("algorithm")?
        .strip_prefix("Hmac")
        .and_then(Algorithm::parse)
        .ok_or_else(|| {
            of_data(Refusal::expected(
                "algorithm",
                "HmacSHA1, HmacSHA256 or HmacSHA512",
            ))
        })?;
    let encoding = root
        .get("secretEncoding")
        .map(|it| it.text("BASE32, or nothing"));
    let encoding = encoding.transpose().map_err(of_data)?;

    let secret_data = inner(credential, "secretData", SECRET_DATA)?;
    let of_secret = |refusal| within("secretData", refusal);
    let value = secret_data
        .root()
        .need("value", "text")
        .and_then(|it| it.text("text"))
        .map_err(of_secret)?;
    let secret = match encoding {
        None => Secret::new(value.as_bytes().to_vec()),
        Some(name) if name.eq_ignore_ascii_case("BASE32") => Secret::from_base32(value)
            .ok_or_else(|| of_secret(Refusal::expected("value", "base 32")))?,
        Some(_) => {
            let refusal = Refusal::expected("secretEncoding", "BASE32, or nothing");
            return Err(of_data(refusal).into());
        }
    };
    Token::new(secret, algorithm, number("digits")?, number("period")?)
}

/// Parses the JSON in a text.
fn inner(credential: &Node<'_>, name: &str, expected: &str) -> Result<Document, Refusal> {
    let text = credential.need(name, expected)?.text(expected)?;
    Document::parse_json(text).map_err(|_| Refusal::expected(name, "a text with JSON"))
}

fn within(name: &str, refusal: Refusal) -> Refusal {
    Refusal {
        field: refusal.field.map(|field| format!("{name}.{field}")),
        ..refusal
    }
}

const SHAPE: &str = "a realm with `users`, as `kc.sh export --users realm_file` writes it; \
                     what the admin console exports has no credentials";

const VERIFIED: &str = "true: an address that is not verified may be somebody else's";

const SECRET_DATA: &str = "a text with JSON; the admin API leaves it out, `kc.sh export` does not";
