//! Hosts that lie, and what a plugin must make of it.
//!
//! What is tested here is the plugin: it goes through fixed journeys, each time with one use of one import answered by
//! a lie, or all from there on. Whatever the lie, nobody may get more than from an honest host, nothing may trap, no try
//! may be lost that was told, no code may be good twice; and once the host is honest again, the user gets in. Where the
//! contract says that this cannot be, the lie's entry says so. The lies are data, in `tests/hostile/hosts.toml`.

mod journey;
mod traveller;

use std::collections::BTreeSet;
use std::fmt;

use countersign_host::store::Kind;
use serde::Deserialize;

use self::journey::Journey;
pub use self::journey::Told;
use self::traveller::Traveller;
use crate::subject::Subject;
use crate::world::Lie;

/// A host that lies in one way.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct HostileHost {
    /// Its id.
    pub id: String,
    /// What it says that is not so.
    pub title: String,
    /// The lie.
    pub lie: Lie,
    /// Of which records it is told: `account`, `tickets` or `policy`; of all, unless said.
    pub record: Option<About>,
    /// What comes of it that no plugin can prevent.
    #[serde(default)]
    pub accepts: Vec<Accepted>,
    /// Why no plugin can, and what is given away.
    pub why: Option<String>,
}

/// Which records a lie is about.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    /// Accounts.
    Account,
    /// Tickets.
    Tickets,
    /// Policies.
    Policy,
}

/// What must not come of a lie.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub enum Harm {
    /// There was no answer of the contract's.
    Trap,
    /// Somebody was let in, or offered to enroll, whom an honest host would not have led to that.
    More,
    /// A wrong code was told, and is not counted.
    LostCount,
    /// A code was good twice.
    Twice,
    /// With an honest host again, the user does not get in.
    Broken,
}

/// Harm that no plugin can prevent, and where it comes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accepted {
    /// Which.
    pub harm: Harm,
    /// On which journeys; on any other it is not accepted.
    pub journeys: BTreeSet<String>,
}

/// Harm that came of a lie.
#[derive(Clone, Debug)]
pub struct Found {
    /// Which.
    pub harm: Harm,
    /// On which journey.
    pub journey: &'static str,
    /// At which use of the import, counted from 1, of which call of the journey, and whether the lie went on.
    pub told: Told,
    /// What was seen.
    pub why: String,
}

#[derive(Deserialize)]
struct File {
    host: Vec<HostileHost>,
}

impl HostileHost {
    /// Returns those of `tests/hostile/hosts.toml`, which are part of this library.
    ///
    /// # Errors
    ///
    /// Where the file is not as it must be.
    pub fn all() -> Result<Vec<Self>, String> {
        let file: File = toml::from_str(TABLE).map_err(|error| error.to_string())?;
        let silent = |it: &&Self| it.accepts.is_empty() != it.why.is_none();
        if let Some(it) = file.host.iter().find(silent) {
            return Err(format!(
                "{}: expected `why` with `accepts`, and only then",
                it.id
            ));
        }
        let no_journey = |(_, name): &(Harm, String)| Journey::ALL.iter().all(|it| it.name != name);
        for it in &file.host {
            if let Some((_, name)) = it.accepted().into_iter().find(no_journey) {
                return Err(format!("{}: no journey is called {name}", it.id));
            }
        }
        Ok(file.host)
    }

    /// Returns each harm that the entry accepts, with the journey on which it does.
    #[must_use]
    pub fn accepted(&self) -> BTreeSet<(Harm, String)> {
        let each = |it: &Accepted| {
            let harm = it.harm;
            let journeys = it.journeys.clone().into_iter();
            journeys.map(move |journey| (harm, journey))
        };
        self.accepts.iter().flat_map(each).collect()
    }

    /// Puts a plugin into this host, lets it make every journey with every use of the import being the lie, and returns
    /// all the harm that comes of it, also what the entry accepts.
    ///
    /// # Errors
    ///
    /// Why a journey cannot even be made in an honest host, or that none of them uses the import.
    pub async fn search(&self, subject: &dyn Subject) -> Result<Vec<Found>, String> {
        let mut found = Vec::new();
        let mut tried = 0_usize;
        for journey in Journey::ALL {
            let named = |why: String| format!("{}, in an honest host: {why}", journey.name);
            if journey.texts && !journey::is_extended(subject).await.map_err(named)? {
                continue;
            }
            let honest = journey::honest(subject, journey, self)
                .await
                .map_err(named)?;
            for (call, uses) in honest.uses.iter().enumerate() {
                for use_ in 1..=*uses {
                    for lasts in [false, true] {
                        // From a later use on is from the next use of the lie that is told once.
                        if lasts && use_ > 1 {
                            continue;
                        }
                        let told = Told { call, use_, lasts };
                        tried = tried.saturating_add(1);
                        let harm = Traveller::deceived(subject, journey, self, told, &honest).await;
                        found.extend(harm.into_iter().map(|(harm, why)| Found {
                            harm,
                            journey: journey.name,
                            told,
                            why,
                        }));
                    }
                }
            }
        }
        match tried {
            0 => Err("no journey uses this import".to_owned()),
            _ => Ok(found),
        }
    }

    /// As [`search`](Self::search), but what the entry accepts is no harm.
    ///
    /// # Errors
    ///
    /// The harm that came of it, or why a journey cannot be made.
    pub async fn run(&self, subject: &dyn Subject) -> Result<(), String> {
        let found = self.search(subject).await?;
        let accepted = self.accepted();
        let mut harm = found
            .iter()
            .filter(|it| !accepted.contains(&(it.harm, it.journey.to_owned())));
        match harm.next() {
            None => Ok(()),
            Some(first) => Err(format!("{first}; and {} more", harm.count())),
        }
    }

    fn kind(&self) -> Option<Kind> {
        self.record.map(|record| match record {
            About::Account => Kind::Account,
            About::Tickets => Kind::Tickets,
            About::Policy => Kind::Policy,
        })
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Told { call, use_, lasts } = self.told;
        let on = if lasts { " and on" } else { "" };
        let (harm, journey, why) = (self.harm, self.journey, &self.why);
        write!(
            f,
            "{harm:?}: {journey}, call {}, use {use_}{on}: {why}",
            call.saturating_add(1)
        )
    }
}

const TABLE: &str = include_str!("../../hostile/hosts.toml");
