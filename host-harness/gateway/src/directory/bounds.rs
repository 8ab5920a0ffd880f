//! What a directory takes, whichever it is.

use std::collections::BTreeSet;

use super::{Company, DirectoryError, Member, NewUser, PasswordHash, StoredSession};

/// Folds a name, so that names which differ in the case of their letters alone are the same.
///
/// By way of capitals, so that letters with two small forms (σ and ς) come to one; and letter by letter, so that no
/// letter depends on its neighbours. What is kept was folded once, when the person was added.
pub(crate) fn folded(name: &str) -> String {
    let capitals = name.chars().flat_map(char::to_uppercase);
    capitals.flat_map(char::to_lowercase).collect()
}

/// Says whether it can be the id of a person or company. What cannot be is nobody's.
pub(super) fn is_id(id: &str) -> bool {
    (1..=MOST_ID_BYTES).contains(&id.len()) && !id.contains(char::is_control)
}

pub(super) fn is_name(name: &str) -> bool {
    (1..=MOST_NAME_CHARS).contains(&name.chars().count()) && !name.contains(char::is_control)
}

pub(super) fn require_user(user: &NewUser) -> Result<(), DirectoryError> {
    if !is_id(&user.id) {
        return Err(DirectoryError::Invalid("id", ID));
    }
    if !is_name(&user.name) {
        return Err(DirectoryError::Invalid("name", NAME));
    }
    if user.email.as_deref().is_some_and(|it| !is_email(it)) {
        return Err(DirectoryError::Invalid("email", EMAIL));
    }
    if let Some(password) = &user.password {
        require_password(password)?;
    }
    require_members(&user.memberships)
}

pub(super) fn require_members(members: &[Member]) -> Result<(), DirectoryError> {
    if members.len() > MOST_MEMBERSHIPS {
        return Err(DirectoryError::Invalid(
            "memberships",
            "at most 16 companies",
        ));
    }
    let companies: BTreeSet<&str> = members.iter().map(|it| &*it.company).collect();
    if companies.len() < members.len() {
        return Err(DirectoryError::Invalid("memberships", "each company once"));
    }
    for member in members {
        require_company_id(&member.company)?;
        let fits = |role: &String| {
            (1..=MOST_ROLE_BYTES).contains(&role.len()) && !role.contains(char::is_control)
        };
        if member.roles.len() > MOST_ROLES || !member.roles.iter().all(fits) {
            return Err(DirectoryError::Invalid("roles", ROLES));
        }
    }
    Ok(())
}

pub(super) fn require_company(company: &Company) -> Result<(), DirectoryError> {
    require_company_id(&company.id)?;
    match is_name(&company.name) {
        true => Ok(()),
        false => Err(DirectoryError::Invalid("name", NAME)),
    }
}

pub(super) fn require_password(password: &PasswordHash) -> Result<(), DirectoryError> {
    let PasswordHash(text) = password;
    let fits = (1..=MOST_HASH_BYTES).contains(&text.len()) && !text.contains(char::is_control);
    match fits {
        true => Ok(()),
        false => Err(DirectoryError::Invalid(
            "password",
            "a hash in the PHC form, of at most 512 bytes",
        )),
    }
}

pub(super) fn require_session(session: &StoredSession) -> Result<(), DirectoryError> {
    match session.sealed.len() <= MOST_SEALED_BYTES {
        true => Ok(()),
        false => Err(DirectoryError::Invalid("session", "at most 65536 bytes")),
    }
}

/// The company `*` is the plugin's word for all of them, and `*none*` the gateway's for those who have none.
fn require_company_id(id: &str) -> Result<(), DirectoryError> {
    match is_id(id) && !id.starts_with('*') {
        true => Ok(()),
        false => Err(DirectoryError::Invalid("company", COMPANY_ID)),
    }
}

/// Says whether it may be an address. Whether mail arrives there only mail tells.
fn is_email(email: &str) -> bool {
    let is_out_of_place = |it: char| it.is_control() || it.is_whitespace();
    let mut halves = email.split('@');
    let whole = (halves.next(), halves.next(), halves.next());
    email.len() <= MOST_EMAIL_BYTES
        && !email.contains(is_out_of_place)
        && matches!(whole, (Some(of), Some(at), None) if !of.is_empty() && !at.is_empty())
}

const ID: &str = "1 to 128 bytes without control characters";
const NAME: &str = "1 to 128 characters without control characters";
const EMAIL: &str = "one address such as mia@example.com, of at most 254 bytes";
const COMPANY_ID: &str = "1 to 128 bytes without control characters, and no * at the start";
const ROLES: &str = "at most 8 roles of 1 to 64 bytes, without control characters";

/// What the contract takes for a user or company.
const MOST_ID_BYTES: usize = 128;
const MOST_NAME_CHARS: usize = 128;
/// RFC 5321, section 4.5.3.1.3, less the angle brackets.
const MOST_EMAIL_BYTES: usize = 254;
const MOST_MEMBERSHIPS: usize = 16;
const MOST_ROLES: usize = 8;
const MOST_ROLE_BYTES: usize = 64;
/// One of argon2id has about a hundred.
const MOST_HASH_BYTES: usize = 512;
/// A session has some hundreds.
const MOST_SEALED_BYTES: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_whatever_the_case_of_their_letters() {
        for (one, other) in [
            ("Mia", "mIA"),
            ("ÅSA", "åsa"),
            ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
            ("straße", "STRASSE"),
        ] {
            assert_eq!(folded(one), folded(other), "{one}");
        }
        assert_ne!(folded("mia"), folded("mía"));
    }

    #[test]
    fn an_address_has_one_at_sign_and_two_sides() {
        for good in ["mia@example.com", "ñ@exämple.test", "a@b"] {
            assert!(is_email(good), "{good}");
        }
        let long = format!("{}@example.com", "a".repeat(250));
        for bad in [
            "",
            "mia",
            "@",
            "mia@",
            "@b",
            "a@b@c",
            "a b@c",
            "a@b\r\nBcc: c@d",
            &long,
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
