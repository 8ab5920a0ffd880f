//! Rows shown to the plugin, and what came of each.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use countersign_host::contract::{Actor, Failure, NotPermitted};
use countersign_host::printable::Printable;
use countersign_host::{Countersign, Error};
use zeroize::Zeroizing;

use super::row::{Refusal, Row, Skip, Unfit};
use crate::exit::Exit;
use crate::progress::Progress;
use crate::walk::together;

/// What came of a file.
#[derive(Debug, Default)]
pub(super) struct Rehearsal {
    pub(super) lines: Vec<Line>,
    /// The calls that imported something.
    pub(super) calls: Vec<Call>,
    /// Whose names differ only by case, in sentences.
    pub(super) alike: Vec<String>,
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
#[derive(Clone)]
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
    /// Imports every row that can be, and says what came of each in the order of the file. Rows of different people are
    /// imported at once.
    ///
    /// A row that is refused stops nothing, nor does one at which the plugin is stopped. A host that fails stops all,
    /// and so does a plugin that is stopped at one row after the other, or does what no row can make it do.
    pub(super) async fn of(
        rows: Vec<Row>,
        issuer: &str,
        mfa: &Countersign,
        actor: &Actor,
    ) -> Result<Self, Exit> {
        let people = People::of(&rows);
        let mut imported: BTreeMap<&str, &Row> = BTreeMap::new();
        let mut rehearsal = Self::default();
        let mut stops = 0_usize;
        let progress = Progress::of("rows", u64::try_from(rows.len()).ok());
        let mut rest = rows.as_slice();
        while !rest.is_empty() {
            let (some, others) = rest.split_at(people_apart(rest));
            rest = others;
            let each = some
                .iter()
                .map(|row| candidate(row, &people, &imported, issuer));
            let each: Vec<_> = each.collect();
            let calls = each.iter().filter_map(|it| it.as_ref().ok().cloned());
            let answers = together(calls.collect::<Vec<_>>(), |call| {
                import(mfa.clone(), call, actor.clone())
            });
            let mut answers = answers.await.into_iter();
            for (row, candidate) in some.iter().zip(each) {
                let (outcome, call) = match candidate {
                    Ok(call) => match answers.next().unwrap_or(Err(Error::Overloaded)) {
                        Ok(outcome) => {
                            stops = 0;
                            (outcome, Some(call))
                        }
                        Err(error @ (Error::Trap(_) | Error::Limit(_))) if stops < MOST_STOPS => {
                            stops = stops.saturating_add(1);
                            (Outcome::Refused(stopped(&error)), None)
                        }
                        Err(error) => return Err(Exit::from(error).at(&row.place)),
                    },
                    Err(Unfit::Absent) => continue,
                    Err(Unfit::Skipped(skip)) => (Outcome::Skipped(skip), None),
                    Err(Unfit::Refused(refusal)) => (Outcome::Refused(refusal), None),
                };
                if matches!(outcome, Outcome::Imported | Outcome::Same) {
                    imported.insert(&row.owner, row);
                }
                if let (Outcome::Imported, Some(call)) = (&outcome, call) {
                    rehearsal.calls.push(call);
                }
                rehearsal.lines.push(Line {
                    place: row.place.clone(),
                    user: row.name().filter(is_short).map(str::to_owned),
                    outcome,
                });
            }
            progress.add(u64::try_from(some.len()).unwrap_or(u64::MAX));
        }
        rehearsal.alike = alike(&rows, imported.into_values());
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

/// Which people have which name: of each name, the first row of its first two owners.
struct People<'a>(BTreeMap<&'a str, (&'a Row, Option<&'a Row>)>);

impl<'a> People<'a> {
    /// Looks at all rows. Somebody without an app, or with one that is disabled, would be given somebody else's.
    fn of(rows: &'a [Row]) -> Self {
        let mut people: BTreeMap<&str, (&Row, Option<&Row>)> = BTreeMap::new();
        for row in rows {
            let Some(name) = row.name() else {
                continue;
            };
            let (first, second) = people.entry(name).or_insert((row, None));
            if first.owner != row.owner {
                second.get_or_insert(row);
            }
        }
        Self(people)
    }

    /// Finds where somebody else of the same name stands.
    fn namesake(&self, user: &str, owner: &str) -> Option<&str> {
        let (first, second) = self.0.get(user)?;
        let other = match first.owner == owner {
            true => (*second)?,
            false => first,
        };
        Some(&other.place)
    }
}

fn candidate(
    row: &Row,
    people: &People<'_>,
    imported: &BTreeMap<&str, &Row>,
    issuer: &str,
) -> Result<Call, Unfit> {
    let token = match &row.token {
        Ok(token) => token,
        Err(Unfit::Absent) => return Err(Unfit::Absent),
        Err(Unfit::Skipped(skip)) => return Err(skip.clone().into()),
        Err(Unfit::Refused(refusal)) => return Err(refusal.clone().into()),
    };
    let user = row.user.as_ref().map_err(Refusal::clone)?;
    if user.is_empty() || user.len() > LONGEST_NAME || user.contains(char::is_control) {
        // The plugin would say the same, but a name may be longer than what it can be handed.
        return Err(Refusal::expected("user", NAME).into());
    }
    if let Some(other) = people.namesake(user, &row.owner) {
        // Which of the two is right is not for a program to guess.
        let why = format!(
            "once in the file; it stands at {} and at {other}",
            row.place
        );
        return Err(Refusal::expected("user", &why).into());
    }
    if let Some(first) = imported.get(row.owner.as_str()) {
        return Err(Skip::Second(first.place.clone()).into());
    }
    Ok(Call {
        user: user.clone(),
        uri: token.to_uri(issuer, user),
        mark: token.mark,
    })
}

fn is_short(name: &&str) -> bool {
    name.len() <= LONGEST_NAME
}

/// Says whose names are those of somebody who was imported but for their case.
fn alike<'a>(rows: &[Row], imported: impl Iterator<Item = &'a Row>) -> Vec<String> {
    let folded = |row: &'a Row| Some((row.name()?.to_lowercase(), row));
    let imported: BTreeMap<String, &Row> = imported.filter_map(folded).collect();
    let mut seen = BTreeSet::new();
    let mut alike = Vec::new();
    for row in rows {
        let Some(name) = row.name().filter(is_short) else {
            continue;
        };
        if let Some(other) = imported.get(&name.to_lowercase())
            && other.name() != Some(name)
            && seen.insert(name)
        {
            alike.push(format!(
                "{} and {} have names that differ only by case; nobody may sign in as the other",
                Printable(&other.place),
                Printable(&row.place),
            ));
        }
    }
    alike
}

/// Counts the first rows that are of different people, of whom none has an app yet that another row could follow.
fn people_apart(rows: &[Row]) -> usize {
    let mut seen = BTreeSet::new();
    let apart = rows.iter().take(ROWS_AT_ONCE);
    apart.take_while(|it| seen.insert(&it.owner)).count().max(1)
}

async fn import(mfa: Countersign, call: Call, actor: Actor) -> Result<Outcome, Error> {
    let administration = mfa.administration();
    let imported = async {
        let before = administration.status(&call.user).await?.epoch;
        let epoch = administration
            .add_totp(&call.user, &call.uri, call.mark, &actor)
            .await?;
        // Importing anew raises the epoch; the same app again changes nothing.
        Ok(match epoch == before {
            true => Outcome::Same,
            false => Outcome::Imported,
        })
    };
    match imported.await {
        Err(Error::Refused(failure)) => Ok(Outcome::Refused(refusal(failure))),
        other => other,
    }
}

/// What stopped the plugin is said without its words, which may repeat what it was handed.
fn stopped(error: &Error) -> Refusal {
    Refusal {
        field: None,
        why: match error {
            Error::Limit(limit) => format!("the plugin ran out of {limit}"),
            _ => "the plugin trapped".to_owned(),
        },
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

/// In bytes, as the contract has it.
const LONGEST_NAME: usize = 128;

const NAME: &str = "1 to 128 bytes without control characters";

/// Rows handed to the plugin before what came of them is looked at.
const ROWS_AT_ONCE: usize = 64;

/// At so many rows one after the other it is not the rows.
const MOST_STOPS: usize = 3;

#[cfg(test)]
mod tests {
    use countersign_host::contract::Actor;
    use countersign_host::keyring::LocalKeyring;
    use countersign_host::store::MemoryStore;
    use countersign_host::{Countersign, Limits, Plugin};

    use super::{Outcome, Rehearsal, Row, alike};
    use crate::exit::Exit;
    use crate::import::csv;
    use crate::import::row::Unfit;

    fn countersign(limits: Limits) -> Countersign {
        let plugin = Plugin::builder().limits(limits);
        let plugin = plugin.load(countersign_component::WASM).unwrap();
        Countersign::builder(plugin)
            .realm("import")
            .store(MemoryStore::new())
            .keyring(LocalKeyring::from_key([7; 32]))
            .build()
            .unwrap()
    }

    async fn rehearse(mfa: &Countersign, table: &str) -> Result<Vec<Outcome>, Exit> {
        let rows = csv::read(table).unwrap();
        let actor = Actor::Operator("import".to_owned());
        let done = Rehearsal::of(rows, "CSV", mfa, &actor).await?;
        Ok(done.lines.into_iter().map(|it| it.outcome).collect())
    }

    async fn outcomes(mfa: &Countersign, table: &str) -> Vec<Outcome> {
        rehearse(mfa, table).await.unwrap()
    }

    #[tokio::test]
    async fn importing_again_changes_nothing_and_another_app_is_refused() {
        let mfa = countersign(Limits::default());
        let first = "user,secret\nann,GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n";
        assert_eq!(outcomes(&mfa, first).await, [Outcome::Imported]);
        assert_eq!(outcomes(&mfa, first).await, [Outcome::Same]);
        let other = "user,secret\nann,MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK\n";
        let refused = outcomes(&mfa, other).await;
        assert!(matches!(&*refused, [Outcome::Refused(it)] if it.why.contains("another app")));
    }

    // A longer key makes a longer record, for which the plugin is not allowed enough.
    #[tokio::test]
    async fn a_plugin_that_is_stopped_at_a_row_goes_on_with_the_next_but_not_for_ever() {
        let mut limits = Limits::default();
        limits.transfer = TRANSFER;
        let mfa = countersign(limits);
        let table = |users: &str| {
            let row = |user: char| match user {
                'x' => "x,GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n".to_owned(),
                user => format!("{user},{}\n", "GEZDGNBV".repeat(25)),
            };
            let rows: String = users.chars().map(row).collect();
            format!("user,secret\n{rows}")
        };
        let done = outcomes(&mfa, &table("axbcd")).await;
        assert_eq!(done.get(1), Some(&Outcome::Imported), "{done:?}");
        for at in [0, 2, 3, 4] {
            let stopped = done.get(at);
            assert!(
                matches!(stopped, Some(Outcome::Refused(it)) if it.why.starts_with("the plugin ran out of")),
                "{stopped:?}"
            );
        }
        let exit = rehearse(&mfa, &table("abcd")).await.unwrap_err();
        let message = exit.message().unwrap();
        assert!(
            message.starts_with("line 5: the plugin ran out of"),
            "{message}"
        );
    }

    #[test]
    fn who_was_imported_is_told_from_everybody_whose_name_differs_by_case() {
        let row = |place: &str, user: &str| Row {
            place: place.to_owned(),
            owner: place.to_owned(),
            user: Ok(user.to_owned()),
            token: Err(Unfit::Absent),
        };
        let rows = [
            row("1", "Ann"),
            row("2", "ann"),
            row("3", "BEN"),
            row("4", "ben"),
        ];
        let told = alike(&rows, rows.get(1).into_iter());
        assert!(
            matches!(&*told, [it] if it.starts_with("2 and 1 have")),
            "{told:?}"
        );
        assert!(alike(&rows, std::iter::empty()).is_empty());
    }

    /// Enough for what a key of 20 bytes makes, and not for one of 125.
    const TRANSFER: usize = 540;
}
