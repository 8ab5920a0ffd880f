//! `countersign import`.

mod authelia;
mod csv;
mod document;
mod key_uri;
mod keycloak;
mod kratos;
mod privacyidea;
mod rehearsal;
mod report;
mod row;
mod script;
mod token;
mod yaml;

use std::io::Write;
use std::path::Path;

use clap::{Args, ValueEnum};
use countersign_host::contract::Actor;
use countersign_host::keyring::LocalKeyring;
use countersign_host::random::{Random, SystemRandom};
use countersign_host::store::MemoryStore;
use countersign_host::{Countersign, Plugin};

use self::rehearsal::Rehearsal;
use self::row::{Refusal, Row};
use self::script::Script;
use crate::database::{Access, GatewayArgs};
use crate::exit::Exit;
use crate::input;
use crate::json::pretty;

/// Imports authenticator apps from another system, or rehearses it
///
/// Reads what the other system exports, hands every app to the plugin as its operator would, and says row by row what came
/// of it, without secrets. Without --store, and with --dry-run or --script, it is a rehearsal on an empty store in
/// memory. An import can be stopped and begun again: an app that is there already changes nothing.
#[derive(Args, Debug)]
#[command(after_long_help = LONG_HELP)]
pub(crate) struct Import {
    /// Which system wrote the file
    #[arg(long, value_enum)]
    from: System,
    /// The file; - is the standard input
    file: String,
    /// What the gateway knows users by, which must never change and never be used again; without it, the id in
    /// Kratos, the user name elsewhere
    #[arg(long, value_enum)]
    user_field: Option<UserField>,
    /// Who imports, for the audit events
    #[arg(long, value_name = "NAME", default_value = "import")]
    operator: String,
    /// Rehearse it, whatever store is named
    #[arg(long)]
    dry_run: bool,
    /// Rehearse it, and write the calls that import, with their secrets, to a new file for `countersign call --script`; - is the
    /// standard output, and the report then goes to the error stream
    #[arg(long, value_name = "FILE")]
    script: Option<String>,
    /// Print JSON in place of a table
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    gateway: GatewayArgs,
}

/// A system whose export can be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum System {
    /// A realm export, as JSON
    Keycloak,
    /// Identities of Ory Kratos's admin API, as JSON
    Kratos,
    /// The TOTP export of the storage command, as YAML
    Authelia,
    /// A token export, as JSON or YAML
    Privacyidea,
    /// A table with a heading
    Csv,
}

/// What a gateway knows users by.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum UserField {
    /// The name they sign in with; take it only if it never changes and is never given to somebody else
    Username,
    /// The other system's own id, which stays a person's own
    Id,
    /// The e-mail address, where it is verified; take it only as a name that signs in
    Email,
}

impl Import {
    pub(crate) async fn run(self, cache: Option<&Path>, out: &mut dyn Write) -> Result<(), Exit> {
        let field = self.from.user_field(self.user_field)?;
        let rows = {
            let text = input::read(&self.file)?;
            let rows = self.from.rows(&text, field);
            rows.map_err(|it| Exit::Usage(it.to_string()).at(&self.file))?
        };
        let script = self.script.as_deref().map(Script::create).transpose()?;
        let mfa = match self.is_rehearsed() {
            true => rehearsed(self.gateway.plugin(cache)?)?,
            false => self.gateway.open(Access::Create, cache).await?.mfa,
        };
        let is_rehearsed = self.is_rehearsed();
        let actor = Actor::Operator(self.operator.clone());
        let rehearsal = tokio::select! {
            rehearsal = Rehearsal::of(rows, self.from.issuer(), &mfa, &actor) => rehearsal?,
            _ = tokio::signal::ctrl_c() => {
                if !is_rehearsed {
                    anstream::eprintln!("stopped; what was imported stays, so run it again for the rest");
                }
                return Err(Exit::Interrupted);
            }
        };

        let beside = script.as_ref().is_some_and(Script::is_out);
        if let Some(script) = script {
            script.write(&rehearsal.calls, &self.operator, out)?;
        }
        let mut stderr = anstream::stderr();
        let out: &mut dyn Write = if beside { &mut stderr } else { out };
        match self.json {
            true => {
                let json = report::to_json(&rehearsal, &typed(self.from), is_rehearsed);
                writeln!(out, "{}", pretty(&json))?;
            }
            false => report::write(&rehearsal, is_rehearsed, out)?,
        }
        match rehearsal.totals() {
            [.., ("refused", 0), _] => Ok(()),
            [.., (_, refused), _] => Err(Exit::AnsweredNo(format!(
                "rows refused: {refused} of {}",
                rehearsal.lines.len()
            ))),
        }
    }
}

impl Import {
    /// Says whether nothing is imported in earnest.
    fn is_rehearsed(&self) -> bool {
        self.dry_run || self.script.is_some() || !self.gateway.store().is_given()
    }
}

/// Puts a plugin on an empty store in memory.
fn rehearsed(plugin: Plugin) -> Result<Countersign, Exit> {
    let mut key = [0; 32];
    SystemRandom
        .fill(&mut key)
        .map_err(|error| Exit::Fault(error.to_string()))?;
    let builder = Countersign::builder(plugin)
        .realm("import")
        .store(MemoryStore::new())
        .keyring(LocalKeyring::from_key(key));
    Ok(builder.build()?)
}

impl System {
    fn rows(self, text: &str, field: UserField) -> Result<Vec<Row>, Refusal> {
        match self {
            Self::Keycloak => keycloak::read(text, field),
            Self::Kratos => kratos::read(text, field),
            Self::Authelia => authelia::read(text),
            Self::Privacyidea => privacyidea::read(text, field),
            Self::Csv => csv::read(text),
        }
    }

    /// What users are known by, if the system has it.
    fn user_field(self, wanted: Option<UserField>) -> Result<UserField, Exit> {
        use UserField::{Email, Id, Username};
        let (default, known): (UserField, &[UserField]) = match self {
            Self::Keycloak => (Username, &[Username, Id, Email]),
            Self::Kratos => (Id, &[Username, Id, Email]),
            Self::Privacyidea => (Username, &[Username, Id]),
            Self::Authelia | Self::Csv => (Username, &[Username]),
        };
        let field = wanted.unwrap_or(default);
        match known.contains(&field) {
            true => Ok(field),
            false => {
                let known: Vec<String> = known.iter().map(|it| typed(*it)).collect();
                Err(Exit::Usage(format!(
                    "--user-field: a file from {} has no {}, expected {}",
                    typed(self),
                    typed(field),
                    known.join(" or ")
                )))
            }
        }
    }

    /// Who stands as the issuer in an address.
    fn issuer(self) -> &'static str {
        match self {
            Self::Keycloak => "Keycloak",
            Self::Kratos => "Kratos",
            Self::Authelia => "Authelia",
            Self::Privacyidea => "privacyIDEA",
            Self::Csv => "Import",
        }
    }
}

/// Names a value as it is typed on the command line.
fn typed(value: impl ValueEnum) -> String {
    let known = value.to_possible_value();
    known.map_or_else(String::new, |it| it.get_name().to_owned())
}

const LONG_HELP: &str = r"Where the file comes from:
  keycloak     kc.sh export --realm REALM --users realm_file --file FILE
  kratos       GET /admin/identities?include_credential=totp, of the admin API; pages may follow
               one another
  authelia     authelia storage user totp export --file FILE
  privacyidea  pi-tokenjanitor find export --format pi --file FILE, which encrypts; so:
               python3 -c 'import sys; from cryptography.fernet import Fernet; print(
               Fernet(open(sys.argv[1]).read().strip()).decrypt(
               open(sys.argv[2]).read()).decode())' KEYFILE FILE |
               countersign import --from privacyidea -
               One realm in a file: pi-tokenjanitor find --tokenowner 'realm=^REALM$' export ...
  csv          user,uri or user,secret,algorithm,digits,period, with a heading; mark may be added:
               the last time step that was accepted

Whom an app is imported for:
  The app is bound to the id that the gateway will hand over at every sign-in. It must be
  immutable and never used again. User names and addresses often are neither: who changes theirs
  to another's, or is given one that was somebody's, would have that person's second factor. Where
  there is a choice, take --user-field id. A name that two people of the file have is refused, also
  if one of them has no app; so give the whole file. An address that is not verified is refused.

What comes of a row:
  imported     the plugin takes it, or took it
  the same     the user has this very app
  refused      a field is out of bounds, an address is not verified, the user stands in the file
               twice, or the plugin was stopped; the rest goes on
  skipped      no TOTP, disabled, a secret below 16 bytes, or a second app: a user has one here
Users without an authenticator app are not listed.

Exit codes:
  0    no row was refused
  1    the command could not do its work; what was imported stays, so run it again
  2    the command line, the file, the store or the keys cannot be used
  3    a host would refuse the plugin
  4    a row was refused
  5    the plugin broke the contract, or was stopped at four rows running
  130  Ctrl-C; what was imported stays";

#[cfg(test)]
mod tests {
    use super::{System, UserField};

    /// Each file with the beginning of its keys, in the spelling that it has.
    const FILES: [(System, &str, &str); 7] = [
        (
            System::Keycloak,
            include_str!("../tests/cli/import/keycloak.json"),
            "AnnAnn",
        ),
        (
            System::Kratos,
            include_str!("../tests/cli/import/kratos.json"),
            "MFXG4Y",
        ),
        (
            System::Authelia,
            include_str!("../tests/cli/import/authelia.yml"),
            "TUZYRz",
        ),
        (
            System::Csv,
            include_str!("../tests/cli/import/authelia.csv"),
            "MFXG4Y",
        ),
        (
            System::Privacyidea,
            include_str!("../tests/cli/import/privacyidea.json"),
            "616e6e",
        ),
        (
            System::Privacyidea,
            include_str!("../tests/cli/import/privacyidea.yml"),
            "616e6e",
        ),
        (
            System::Csv,
            include_str!("../tests/cli/import/users.csv"),
            "MFXG4Y",
        ),
    ];

    // Whole, cut off or with a quote out of place, and read as its own or as another system's.
    #[test]
    fn no_file_makes_a_reader_panic_or_repeat_a_key() {
        for (_, text, key) in FILES {
            assert!(text.contains(key));
            for end in (0..text.len()).step_by(53).chain([text.len()]) {
                let mut broken = text.as_bytes().to_vec();
                if let Some(byte) = broken.get_mut(end) {
                    *byte = b'"';
                }
                let broken = String::from_utf8(broken).unwrap();
                for (system, _, _) in FILES {
                    for text in [&text[..end], &broken] {
                        let said = match system.rows(text, UserField::Username) {
                            Ok(rows) => format!("{rows:?}"),
                            Err(refusal) => format!("{refusal} {refusal:?}"),
                        };
                        assert!(!said.contains(key), "{system:?}: {said}");
                    }
                }
            }
        }
    }
}
