//! A commit as one statement.

use std::fmt::Write as _;

use super::super::{Change, Commit, CommitError, Key, Kind};
use super::clamped;
use super::session::Parameter;

/// What a commit wants, as rows.
#[derive(Default)]
pub(super) struct Parts<'a> {
    /// All records of the commit, to be locked before any is changed.
    held: Vec<Held<'a>>,
    written: Vec<Written<'a>>,
    added: Vec<Added<'a>>,
    /// Counters that are deleted.
    released: Vec<Held<'a>>,
    noted: Vec<Noted<'a>>,
}

struct Held<'a> {
    key: Names<'a>,
    /// 0 where no record is expected: no version is 0.
    version: i64,
}

struct Written<'a> {
    key: Names<'a>,
    /// As in `Held`.
    previous: i64,
    value: Option<&'a [u8]>,
    collectable_at: Option<i64>,
}

struct Added<'a> {
    key: Names<'a>,
    amount: i64,
    ceiling: i64,
    collectable_at: i64,
}

struct Noted<'a> {
    realm: &'a str,
    at: i64,
    event: String,
}

/// A key as columns.
#[derive(Clone, Copy)]
struct Names<'a> {
    realm: &'a str,
    kind: &'a str,
    name: &'a str,
}

/// A statement and what stands in the places of its parameters.
pub(super) struct Statement<'a> {
    pub(super) text: String,
    pub(super) parameters: Vec<Parameter<'a>>,
    /// Whether many commits look like this one, so that it is worth keeping prepared.
    pub(super) is_common: bool,
}

impl<'a> Parts<'a> {
    /// Takes a commit apart.
    ///
    /// # Errors
    ///
    /// `Conflict` and `CeilingReached` where a number is one that nothing kept can have.
    pub(super) fn of(commit: &'a Commit) -> Result<Self, CommitError> {
        let mut parts = Self::default();
        for (index, change) in commit.changes.iter().enumerate() {
            match change {
                Change::Put {
                    key,
                    expected,
                    value,
                    collectable_at,
                } => {
                    let collectable_at = collectable_at.map(clamped);
                    parts.write(key, *expected, Some(value), collectable_at)?;
                }
                Change::Delete { key, expected } if key.record.kind() == Kind::Quota => {
                    let version = expected.ok_or(CommitError::Conflict)?;
                    parts.released.push(Held::of(key, Some(version))?);
                }
                Change::Delete { key, expected } => {
                    parts.write(key, *expected, None, Some(clamped(commit.now)))?;
                }
                // What is not there cannot be locked, unless something is put there that says so.
                Change::Check {
                    key,
                    expected: None,
                } => parts.write(key, None, None, Some(clamped(commit.now)))?,
                Change::Check { key, expected } => parts.hold(key, *expected).map(drop)?,
                Change::Add {
                    key,
                    amount,
                    ceiling,
                    collectable_at,
                } => parts.added.push(Added {
                    key: Names::of(key),
                    amount: i64::try_from(*amount)
                        .map_err(|_| CommitError::CeilingReached(index))?,
                    ceiling: clamped(*ceiling),
                    collectable_at: clamped(*collectable_at),
                }),
            }
        }
        parts.noted.extend(commit.events.iter().map(|event| Noted {
            realm: &event.realm,
            at: clamped(event.at),
            event: event.to_json().to_string(),
        }));
        Ok(parts)
    }

    fn hold(&mut self, key: &'a Key, expected: Option<u64>) -> Result<i64, CommitError> {
        let held = Held::of(key, expected)?;
        let version = held.version;
        self.held.push(held);
        Ok(version)
    }

    fn write(
        &mut self,
        key: &'a Key,
        expected: Option<u64>,
        value: Option<&'a [u8]>,
        collectable_at: Option<i64>,
    ) -> Result<(), CommitError> {
        let previous = self.hold(key, expected)?;
        self.written.push(Written {
            key: Names::of(key),
            previous,
            value,
            collectable_at,
        });
        Ok(())
    }

    /// Makes the statement: all or nothing at READ COMMITTED, and an error of division by zero where it is nothing.
    ///
    /// It has only the parts that this commit needs. `held` waits for whoever changes a record now, and then looks at it
    /// as it is: one at another version is left out, one where none is expected is taken off, and the sum is short. All
    /// that is there is locked there, in one order, so that two commits that touch the same user's records wait for one
    /// another and do not deadlock, unless a record comes to be in that very moment. The count of `put` is short if one
    /// did: INSERT … ON CONFLICT looks at what is there now, not at the snapshot. Each part begins after all locks of the
    /// parts before are held, because its condition counts their rows. At last a division by zero undoes everything if any
    /// count is short.
    ///
    /// The number of an event is drawn after all records are locked: of two commits that write a user's record, the second
    /// draws after the first is done. So the numbers of a user's events follow the commits.
    ///
    /// A record is deleted by putting none in its place, so that each table is changed once: some engines that speak
    /// PostgreSQL's language take no statement that changes one twice.
    pub(super) fn statement(&'a self) -> Option<Statement<'a>> {
        let mut text = Text::default();
        if !self.held.is_empty() {
            let rows = text.rows(&self.held, Held::bind);
            let body = HELD.replace("{rows}", &rows);
            let there = self.held.iter().filter(|it| it.version != 0).count();
            text.counted("held", "coalesce(sum(fit), 0)", there, &body);
        }
        if !self.written.is_empty() {
            let rows = text.rows(&self.written, Written::bind);
            text.part("put", self.written.len(), &PUT.replace("{rows}", &rows));
        }
        if !self.added.is_empty() {
            let rows = text.rows(&self.added, Added::bind);
            text.part("added", self.added.len(), &ADDED.replace("{rows}", &rows));
        }
        if !self.released.is_empty() {
            let rows = text.rows(&self.released, Held::bind);
            let body = RELEASED.replace("{rows}", &rows);
            text.part("released", self.released.len(), &body);
        }
        if !self.noted.is_empty() {
            let mut place = 0_usize;
            let rows = text.rows(&self.noted, |noted, text| {
                place = place.saturating_add(1);
                noted.bind(place, text)
            });
            text.part("noted", self.noted.len(), &NOTED.replace("{rows}", &rows));
        }
        text.finish()
    }
}

impl<'a> Names<'a> {
    fn of(key: &'a Key) -> Self {
        Self {
            realm: &key.realm,
            kind: key.record.kind().as_str(),
            name: key.record.name(),
        }
    }

    fn bind(&'a self, text: &mut Text<'a>) -> String {
        let [realm, kind, name] = [&self.realm, &self.kind, &self.name].map(|it| text.bind(it));
        format!("{realm}::text, {kind}::text, {name}::text")
    }
}

impl<'a> Held<'a> {
    fn of(key: &'a Key, expected: Option<u64>) -> Result<Self, CommitError> {
        let version = match expected {
            None => 0,
            Some(0) => return Err(CommitError::Conflict),
            Some(version) => i64::try_from(version).map_err(|_| CommitError::Conflict)?,
        };
        Ok(Self {
            key: Names::of(key),
            version,
        })
    }

    fn bind(&'a self, text: &mut Text<'a>) -> String {
        let (key, version) = (self.key.bind(text), text.bind(&self.version));
        format!("({key}, {version}::bigint)")
    }
}

impl<'a> Written<'a> {
    fn bind(&'a self, text: &mut Text<'a>) -> String {
        let (key, previous) = (self.key.bind(text), text.bind(&self.previous));
        let (value, at) = (text.bind(&self.value), text.bind(&self.collectable_at));
        format!("({key}, {previous}::bigint, {value}::bytea, {at}::bigint)")
    }
}

impl<'a> Added<'a> {
    fn bind(&'a self, text: &mut Text<'a>) -> String {
        let (realm, name) = (text.bind(&self.key.realm), text.bind(&self.key.name));
        let (amount, ceiling) = (text.bind(&self.amount), text.bind(&self.ceiling));
        let at = text.bind(&self.collectable_at);
        format!("({realm}::text, {name}::text, {amount}::bigint, {ceiling}::bigint, {at}::bigint)")
    }
}

impl<'a> Noted<'a> {
    fn bind(&'a self, place: usize, text: &mut Text<'a>) -> String {
        let (realm, at) = (text.bind(&self.realm), text.bind(&self.at));
        let event = text.bind(&self.event);
        format!("({realm}::text, {at}::bigint, {event}::text, {place})")
    }
}

/// A statement in the making.
#[derive(Default)]
struct Text<'a> {
    parts: Vec<String>,
    /// What must hold of the parts so far.
    conditions: Vec<String>,
    parameters: Vec<Parameter<'a>>,
    rows: usize,
}

impl<'a> Text<'a> {
    fn bind(&mut self, parameter: Parameter<'a>) -> String {
        self.parameters.push(parameter);
        format!("${}", self.parameters.len())
    }

    fn rows<T>(
        &mut self,
        all: &'a [T],
        mut bind: impl FnMut(&'a T, &mut Self) -> String,
    ) -> String {
        self.rows = self.rows.saturating_add(all.len());
        let rows: Vec<String> = all.iter().map(|it| bind(it, self)).collect();
        rows.join(", ")
    }

    fn part(&mut self, name: &str, rows: usize, body: &str) {
        self.counted(name, "count(*)", rows, body);
    }

    fn counted(&mut self, name: &str, count: &str, rows: usize, body: &str) {
        let before = match self.conditions.is_empty() {
            true => "true".to_owned(),
            false => self.conditions.join(" AND "),
        };
        let body = body.replace("{before}", &before);
        self.parts.push(format!("{name} AS {body}"));
        self.conditions
            .push(format!("(SELECT {count} FROM {name}) = {rows}"));
    }

    /// None if there is nothing to do.
    fn finish(self) -> Option<Statement<'a>> {
        if self.parts.is_empty() {
            return None;
        }
        let mut text = format!("WITH {}", self.parts.join(", "));
        let all = self.conditions.join(" AND ");
        // A text takes all that is written to it.
        let _ = write!(text, " SELECT 1 / CASE WHEN {all} THEN 1 ELSE 0 END");
        Some(Statement {
            text,
            parameters: self.parameters,
            is_common: self.rows <= COMMON,
        })
    }
}

const HELD: &str = "MATERIALIZED (
    SELECT CASE WHEN w.version > 0 THEN 1 WHEN r.value IS NULL THEN 0 ELSE -1 END AS fit
    FROM (VALUES {rows}) AS w (realm, kind, name, version)
    JOIN countersign_record r ON r.realm = w.realm AND r.kind = w.kind AND r.name = w.name
    WHERE w.version = 0 OR (r.version = w.version AND r.value IS NOT NULL)
    ORDER BY r.realm, r.kind, r.name
    FOR UPDATE OF r
)";

const PUT: &str = "(
    INSERT INTO countersign_record AS r
        (realm, kind, name, previous, value, collectable_at, version)
    SELECT w.*, nextval('countersign_version')
    FROM (VALUES {rows}) AS w (realm, kind, name, previous, value, collectable_at)
    WHERE {before}
    ORDER BY w.realm, w.kind, w.name
    ON CONFLICT (realm, kind, name) DO UPDATE SET
        previous = excluded.previous,
        value = excluded.value,
        collectable_at = excluded.collectable_at,
        version = excluded.version
    WHERE CASE excluded.previous
        WHEN 0 THEN r.value IS NULL
        ELSE r.value IS NOT NULL AND r.version = excluded.previous
    END
    RETURNING 1
)";

const ADDED: &str = "(
    INSERT INTO countersign_counter AS c (realm, name, count, ceiling, collectable_at, version)
    SELECT w.*, nextval('countersign_version')
    FROM (VALUES {rows}) AS w (realm, name, count, ceiling, collectable_at)
    WHERE {before} AND w.count <= w.ceiling
    ORDER BY w.realm, w.name
    ON CONFLICT (realm, name) DO UPDATE SET
        count = c.count + excluded.count,
        ceiling = excluded.ceiling,
        collectable_at = greatest(c.collectable_at, excluded.collectable_at),
        version = excluded.version
    WHERE c.count <= excluded.ceiling - excluded.count
    RETURNING 1
)";

const RELEASED: &str = "(
    DELETE FROM countersign_counter c USING (VALUES {rows}) AS w (realm, kind, name, version)
    WHERE {before} AND c.realm = w.realm AND c.name = w.name AND c.version = w.version
    RETURNING 1
)";

const NOTED: &str = "(
    INSERT INTO countersign_event (realm, at, event)
    SELECT w.realm, w.at, w.event
    FROM (VALUES {rows}) AS w (realm, at, event, place)
    WHERE {before}
    ORDER BY w.place
    RETURNING 1
)";

/// Rows of a sign-in, of an enrollment, of a message with its counters. Each kind of commit of no more is kept prepared.
const COMMON: usize = 12;
