//! Rows shown to the plugin, and what came of each.

use std::collections::BTreeMap;
use std::fmt;

use countersign_host::contract::{Actor, Failure, NotPermitted};
use countersign_host::{Countersign, Error};
use zeroize::Zeroizing;

use super::row::{Refusal, Row, Skip, Unfit};
use crate::exit::Exit;

/// What came of a file.
#[derive(Debug, Default)]
pub(super) struct Rehearsal {
    pub(super) lines: Vec<Line>,
    /// The calls that imported something.
    pub(super) calls: Vec<Call>,
}

/// What came of a row.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) place: String,
    /// The user, if the row names one.
    pub(super) user: Option<String>,
    pub(super) outcome: Outcome,
}

#[derive(Debug, Eq, PartialEq)]
pub(super) enum Outcome {
    Imported,
    /// The user has this very app.
    Same,
    Refused(Refusal),
    Skipped(Skip),
}

/// One `administration.add-totp`.
pub(super) struct Call {
    pub(super) user: String,
    pub(super) uri: Zeroizing<String>,
    pub(super) mark: Option<u64>,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Call({}, ..)", self.user)
    }
}

impl Rehearsal {
    /// Imports every row that can be, in the order of the file.
    ///
    /// A row that is refused stops nothing. A plugin or host that fails stops all.
    pub(super) async fn of(
        rows: Vec<Row>,
        issuer: &str,
        mfa: &Countersign,
        actor: &Actor,
    ) -> Result<Self, Exit> {
        let people = People::of(&rows);
        let mut imported: BTreeMap<String, String> = BTreeMap::new();
        let mut rehearsal = Self::default();
        for row in rows {
            let (outcome, call) = match candidate(&row, &people, &imported, issuer) {
                Ok(call) => (import(mfa, &call, actor, &row.place).await?, Some(call)),
                Err(Unfit::Skipped(skip)) => (Outcome::Skipped(skip), None),
                Err(Unfit::Refused(refusal)) => (Outcome::Refused(refusal), None),
            };
            if matches!(outcome, Outcome::Imported | Outcome::Same) {
                imported.insert(row.owner, row.place.clone());
            }
            if let (Outcome::Imported, Some(call)) = (&outcome, call) {
                rehearsal.calls.push(call);
            }
            rehearsal.lines.push(Line {
                place: row.place,
                user: row.user.ok().filter(|it| !it.is_empty()),
                outcome,
            });
        }
        Ok(rehearsal)
    }

    /// Counts what was imported, the same again, refused and skipped.
    pub(super) fn totals(&self) -> [(&'static str, usize); 4] {
        let count = |name| {
            let lines = self.lines.iter();
            (name, lines.filter(|it| it.outcome.name() == name).count())
        };
        [
            count("imported"),
            count("same"),
            count("refused"),
            count("skipped"),
        ]
    }
}

impl Outcome {
    /// Names it for machines.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Imported => "imported",
            Self::Same => "same",
            Self::Refused(_) => "refused",
            Self::Skipped(_) => "skipped",
        }
    }
}

/// Which people have which name, and where each of them stands first.
struct People(BTreeMap<String, Vec<(String, String)>>);

impl People {
    /// Looks at the rows that could be imported: a disabled token is in nobody's way.
    fn of(rows: &[Row]) -> Self {
        let mut people: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for row in rows {
            if let (Ok(user), Ok(_)) = (&row.user, &row.token) {
                let owners = people.entry(user.clone()).or_default();
                if !owners.iter().any(|(owner, _)| *owner == row.owner) {
                    owners.push((row.owner.clone(), row.place.clone()));
                }
            }
        }
        Self(people)
    }

    /// Finds where somebody else of the same name stands.
    fn namesake(&self, user: &str, owner: &str) -> Option<&str> {
        let mut owners = self.0.get(user)?.iter();
        let (_, place) = owners.find(|(other, _)| other != owner)?;
        Some(place)
    }
}

fn candidate(
    row: &Row,
    people: &People,
    imported: &BTreeMap<String, String>,
    issuer: &str,
) -> Result<Call, Unfit> {
    let token = match &row.token {
        Ok(token) => token,
        Err(Unfit::Skipped(skip)) => return Err(skip.clone().into()),
        Err(Unfit::Refused(refusal)) => return Err(refusal.clone().into()),
    };
    let user = row.user.as_ref().map_err(Refusal::clone)?;
    if let Some(other) = people.namesake(user, &row.owner) {
        // Which of the two is right is not for a program to guess.
        let why = format!(
            "once in the file; it stands at {} and at {other}",
            row.place
        );
        return Err(Refusal::expected("user", &why).into());
    }
    if let Some(place) = imported.get(&row.owner) {
        return Err(Skip::Second(place.clone()).into());
    }
    Ok(Call {
        user: user.clone(),
        uri: token.to_uri(issuer, user),
        mark: token.mark,
    })
}

async fn import(
    mfa: &Countersign,
    call: &Call,
    actor: &Actor,
    place: &str,
) -> Result<Outcome, Exit> {
    let administration = mfa.administration();
    let imported = async {
        let before = administration.status(&call.user).await?.epoch;
        let epoch = administration
            .add_totp(&call.user, &call.uri, call.mark, actor)
            .await?;
        // Importing anew raises the epoch; the same app again changes nothing.
        Ok(match epoch == before {
            true => Outcome::Same,
            false => Outcome::Imported,
        })
    };
    match imported.await {
        Ok(outcome) => Ok(outcome),
        Err(Error::Refused(failure)) => Ok(Outcome::Refused(refusal(failure))),
        Err(error) => Err(Exit::from(error).at(place)),
    }
}

fn refusal(failure: Failure) -> Refusal {
    match failure {
        Failure::InvalidInput(it) => Refusal::expected(it.field, &it.expected),
        Failure::NotPermitted(NotPermitted::AlreadyEnrolled) => Refusal {
            field: None,
            why: "the user has another app already".to_owned(),
        },
        other => Refusal {
            field: None,
            why: Error::Refused(other).to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use countersign_host::contract::Actor;
    use countersign_host::keyring::LocalKeyring;
    use countersign_host::store::MemoryStore;
    use countersign_host::{Countersign, Plugin};

    use super::{Outcome, Rehearsal};
    use crate::import::csv;

    async fn outcomes(mfa: &Countersign, table: &str) -> Vec<Outcome> {
        let rows = csv::read(table).unwrap();
        let actor = Actor::Operator("import".to_owned());
        let done = Rehearsal::of(rows, "CSV", mfa, &actor).await.unwrap();
        done.lines.into_iter().map(|it| it.outcome).collect()
    }

    #[tokio::test]
    async fn importing_again_changes_nothing_and_another_app_is_refused() {
        let plugin = Plugin::builder().load(countersign_component::WASM).unwrap();
        let mfa = Countersign::builder(plugin)
            .realm("import")
            .store(MemoryStore::new())
            .keyring(LocalKeyring::from_key([7; 32]))
            .build()
            .unwrap();
        let first = "user,secret\nann,GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n";
        assert_eq!(outcomes(&mfa, first).await, [Outcome::Imported]);
        assert_eq!(outcomes(&mfa, first).await, [Outcome::Same]);
        let other = "user,secret\nann,MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK\n";
        let refused = outcomes(&mfa, other).await;
        assert!(matches!(&*refused, [Outcome::Refused(it)] if it.why.contains("another app")));
    }
}
