//! What `pi-tokenjanitor find export` of privacyIDEA writes: in the format `pi`, decrypted, as JSON; or in the format
//! `yaml`.
//!
//! Shaped after privacyidea/privacyidea 3.14dev2 (commit 5541000): `cli/pitokenjanitor/utils/findtokens.py`, and
//! `_to_dict` and `export_token` of `lib/tokenclass.py`. The secret is hexadecimal, or base 32 where YAML was exported
//! with `--b32`. In YAML the user is `owner`, login and realm with an `@` between.
//!
//! A login is a person within a realm only, and the gateway is told the login alone. So a file has one realm.
//!
//! Not read: the format `pskc`, since it names no users, and `csv`, since it does not say which hash a token has.
//! `counter` is taken as the mark. A token whose clock is further off than one step is refused, because its codes would
//! never be accepted: the plugin does not learn how far off a clock is.

use data_encoding::HEXLOWER;

use super::UserField;
use super::document::{Document, Node};
use super::row::{Refusal, Row, Rows, Skip, Unfit};
use super::token::{Algorithm, Secret, Token};
use super::yaml;

/// Reads an export.
pub(super) fn read(text: &str, field: UserField) -> Result<Vec<Row>, Refusal> {
    let document = match text.trim_start() {
        // A Fernet token: its first byte is 0x80, then come the seconds since 1970.
        text if text.starts_with("gAAAA") => return Err(Refusal::expected("the file", ENCRYPTED)),
        text if text.starts_with('<') => return Err(Refusal::expected("the file", PSKC)),
        text if text.starts_with(['[', '{']) => Document::parse_json(text)?,
        text => yaml::parse(text)?,
    };
    let mut rows = Rows::default();
    let mut first: Option<(String, String)> = None;
    for token in document.root().items(SHAPE)? {
        let serial = token.need("serial", SHAPE)?.text(SHAPE)?;
        let place = match serial.len() {
            ..=LONGEST_SERIAL => format!("{} {serial}", token.path()),
            _ => token.path().to_owned(),
        };
        let token = token.rooted();
        let owner = Owner::of(&token);
        if let Some(realm) = owner.as_ref().map(Owner::realm) {
            let (other, first_place) = first.get_or_insert_with(|| (realm.clone(), place.clone()));
            if *other != realm {
                let expected = format!("{ONE_REALM}; {first_place} and {place} have two");
                return Err(Refusal::expected("the realm of the owners", &expected));
            }
        }
        rows.push(Row {
            owner: owner.as_ref().map_or_else(|| place.clone(), Owner::key),
            place,
            token: match &owner {
                Some(_) => read_token(&token),
                None => Err(Skip::Unassigned.into()),
            },
            user: owner.map_or(Ok(String::new()), |it| it.name(field)),
        })?;
    }
    Ok(rows.into_vec())
}

/// Who has a token.
enum Owner<'a> {
    /// As the format `pi` has it.
    User(Node<'a>),
    /// As YAML has it.
    LoginAtRealm(&'a str),
}

impl<'a> Owner<'a> {
    fn of(token: &Node<'a>) -> Option<Self> {
        if let Some(user) = token.get("user") {
            return Some(Self::User(user));
        }
        let owner = token.get("owner")?.text("").ok()?;
        (owner != "n/a").then_some(Self::LoginAtRealm(owner))
    }

    /// Tells people apart: a login is unique within a realm only, and a realm may have several resolvers, which each
    /// have their own.
    fn key(&self) -> String {
        match self {
            Self::User(user) => {
                let parts = ["login", "realm", "resolver", "uid"].map(|it| part(user, it));
                // With quotes, so that none of them can pass for two.
                format!("{parts:?}")
            }
            Self::LoginAtRealm(owner) => (*owner).to_owned(),
        }
    }

    /// The realm; nothing where there is none.
    fn realm(&self) -> String {
        match self {
            Self::User(user) => part(user, "realm"),
            Self::LoginAtRealm(owner) => {
                let parts = owner.rsplit_once('@');
                parts.map_or("", |(_, realm)| realm).to_owned()
            }
        }
    }

    fn name(&self, field: UserField) -> Result<String, Refusal> {
        let name = match (self, field) {
            (Self::User(user), UserField::Id) => user.need("uid", "an id")?.text("an id")?,
            (Self::User(user), _) => user.need("login", "a name")?.text("a name")?,
            (Self::LoginAtRealm(_), UserField::Id) => {
                let expected = "an id; YAML has only `owner`, so use --user-field username";
                return Err(Refusal::expected("user.uid", expected));
            }
            // A login may be an e-mail address.
            (Self::LoginAtRealm(owner), _) => {
                let parts = owner.rsplit_once('@');
                parts
                    .ok_or_else(|| Refusal::expected("owner", "login@realm"))?
                    .0
            }
        };
        Ok(name.to_owned())
    }
}

/// Gets a part of an owner, which may be a number where it is an id.
fn part(user: &Node<'_>, name: &str) -> String {
    let Some(part) = user.get(name) else {
        return String::new();
    };
    match (part.text(""), part.number()) {
        (Ok(text), _) => text.to_owned(),
        (_, Ok(number)) => number.to_string(),
        _ => String::new(),
    }
}

fn read_token(token: &Node<'_>) -> Result<Token, Unfit> {
    let kind = token.need("type", "a type")?.text("a type")?;
    match kind.to_ascii_lowercase().as_str() {
        "totp" => {}
        "hotp" => return Err(Skip::Hotp.into()),
        _ => return Err(Skip::OtherType.into()),
    }
    let flag = |name| token.get(name).map_or(Ok(false), |it| it.flag());
    if !token.need("active", "true or false")?.flag()? || flag("revoked")? || flag("locked")? {
        return Err(Skip::Disabled.into());
    }
    if let Some(state) = token.get("rollout_state")
        && !matches!(state.text("a state")?, "" | "enrolled")
    {
        return Err(Skip::Unfinished.into());
    }
    let info = token.need("info_list", "an object")?;
    let algorithm = info.need("hashlib", HASHES)?;
    let algorithm =
        Algorithm::parse(algorithm.text(HASHES)?).ok_or_else(|| algorithm.refused(HASHES))?;
    let digits = token.need("otplen", "6 or 8")?.number()?;
    let period = info.need("timeStep", "seconds")?.number()?;
    let secret = token.need("otpkey", SECRET)?;
    let secret = read_secret(secret.text(SECRET)?).ok_or_else(|| secret.refused(SECRET))?;
    let mut read = Token::new(secret, algorithm, digits, period)?;
    require_clock(&info, period)?;
    let counter = token.get("counter").map(|it| it.number()).transpose()?;
    read.mark = counter.filter(|it| *it > 0);
    Ok(read)
}

/// Refuses a text that could be either, though chance does not make one.
fn read_secret(text: &str) -> Option<Secret> {
    let hex = HEXLOWER.decode(text.as_bytes()).ok().map(Secret::new);
    match (hex, Secret::from_base32(text)) {
        (Some(secret), None) => Some(secret),
        (None, Some(secret)) if !text.contains(|it: char| it.is_ascii_lowercase()) => Some(secret),
        _ => None,
    }
}

/// `timeShift` is the beginning of the accepted step less the time it was accepted at, in seconds: for a clock that is
/// right, up to one period back.
fn require_clock(info: &Node<'_>, period: u64) -> Result<(), Refusal> {
    let Some(shift) = info.get("timeShift") else {
        return Ok(());
    };
    // At most 120: `Token::new` has refused what is more.
    let period = u32::try_from(period).map_or(0.0, f64::from);
    match (-2.0 * period..=period).contains(&shift.fraction()?) {
        true => Ok(()),
        false => Err(shift.refused("a clock at most one step off, or no code would be accepted")),
    }
}

const SHAPE: &str =
    "a list of tokens, as `pi-tokenjanitor find export` writes it in the format pi or yaml";

const ENCRYPTED: &str =
    "a decrypted export: `countersign import --help` says how, with the key that it showed";

const PSKC: &str = "the format pi or yaml of `pi-tokenjanitor find export`; PSKC names no users";

const ONE_REALM: &str = "one realm in a file, as `pi-tokenjanitor find --tokenowner 'realm=^REALM$' export` \
                         writes it";

/// In bytes; privacyIDEA keeps no longer ones.
const LONGEST_SERIAL: usize = 40;

const HASHES: &str = "sha1, sha256 or sha512";

const SECRET: &str = "hexadecimal, or base 32";

#[cfg(test)]
mod tests {
    use super::read_secret;

    #[test]
    fn a_secret_is_read_in_the_only_way_it_can_be() {
        let hex = "3132333435363738393031323334353637383930";
        let base32 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        assert!(read_secret(hex).is_some());
        assert!(read_secret(base32).is_some());
        assert!(read_secret(&hex.replace('0', "a")).is_some());
        for neither_or_both in ["2345672345672345", "gezdgnbv", "31323", "", "x1"] {
            assert!(read_secret(neither_or_both).is_none(), "{neither_or_both}");
        }
    }
}
