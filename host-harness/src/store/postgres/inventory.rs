//! What the store holds, for operators.

use async_trait::async_trait;
use tokio_postgres::Row;

use super::super::{Content, Inventory, KeyNotes, Kind, Listed, Unavailable};
use super::session::{Failed, Parameter};
use super::{PostgresStore, clamped, unsigned};

#[async_trait]
impl Inventory for PostgresStore {
    async fn list(
        &self,
        realm: &str,
        kind: Kind,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Listed>, Unavailable> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        // No name is empty. Asked for "none or after", the index would be read from its beginning for each page.
        let after = after.unwrap_or("");
        let rows = match kind {
            Kind::Quota => self.ask(LIST_COUNTERS, &[&realm, &after, &limit]).await?,
            _ => {
                let kind = kind.as_str();
                self.ask(LIST, &[&realm, &after, &limit, &kind]).await?
            }
        };
        let is_counter = kind == Kind::Quota;
        let listed = rows.iter().map(|row| listed(row, is_counter));
        listed.collect::<Result<_, Failed>>().map_err(Into::into)
    }

    async fn count(&self, realm: &str, kind: Kind) -> Result<u64, Unavailable> {
        match kind {
            Kind::Quota => self.number(COUNT_COUNTERS, &[&realm]).await,
            _ => self.number(COUNT, &[&realm, &kind.as_str()]).await,
        }
    }

    async fn collect(&self, time: u64) -> Result<u64, Unavailable> {
        let mut collected: u64 = 0;
        loop {
            let piece = self.collect_some(time).await?;
            match piece.rows {
                0 => return Ok(collected),
                _ => collected = collected.saturating_add(piece.records),
            }
        }
    }

    async fn key_notes(&self, realm: &str) -> Result<KeyNotes, Unavailable> {
        let mut notes = KeyNotes::default();
        for row in self.ask(KEYS, &[&realm]).await? {
            let purpose: String = row.try_get(0).map_err(Failed::from)?;
            let id: i64 = row.try_get(1).map_err(Failed::from)?;
            let unknown = |_| Unavailable("a key's id cannot be read".to_owned());
            let id = u32::try_from(id).map_err(unknown)?;
            match purpose.as_str() {
                "index" => notes.index = Some(id),
                _ => notes.sealing.push(id),
            }
        }
        Ok(notes)
    }

    async fn note_key(
        &self,
        realm: &str,
        index: u32,
        sealing: u32,
    ) -> Result<KeyNotes, Unavailable> {
        let (index, sealing) = (i64::from(index), i64::from(sealing));
        self.ask(NOTE_INDEX, &[&realm, &index]).await?;
        self.ask(NOTE_KEY, &[&realm, &index, &sealing]).await?;
        self.key_notes(realm).await
    }

    async fn forget_key(&self, realm: &str, sealing: u32) -> Result<(), Unavailable> {
        let sealing = i64::from(sealing);
        self.ask(FORGET_KEY, &[&realm, &sealing]).await.map(|_| ())
    }

    async fn close(&self) -> Result<(), Unavailable> {
        self.pool.close();
        Ok(())
    }
}

/// What was collected at once.
pub(super) struct Collected {
    /// Rows of the tables.
    rows: usize,
    /// Records and counters; the other rows stood for what was deleted before.
    records: u64,
}

impl PostgresStore {
    /// Collects a piece of each table.
    pub(super) async fn collect_some(&self, time: u64) -> Result<Collected, Unavailable> {
        let mut collected = Collected {
            rows: 0,
            records: 0,
        };
        for statement in [COLLECT, COLLECT_COUNTERS] {
            for row in self.ask(statement, &[&clamped(time)]).await? {
                let was_there: bool = row.try_get(0).map_err(Failed::from)?;
                collected.rows = collected.rows.saturating_add(1);
                collected.records = collected.records.saturating_add(u64::from(was_there));
            }
        }
        Ok(collected)
    }

    pub(super) async fn ask(
        &self,
        statement: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Unavailable> {
        let asked = async {
            let session = self.pool.session().await?;
            session.query(statement, parameters).await
        };
        let asked = async { asked.await.map_err(Unavailable::from) };
        self.pool.within(asked).await
    }

    pub(super) async fn number(
        &self,
        statement: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<u64, Unavailable> {
        let rows = self.ask(statement, parameters).await?;
        let none = || Unavailable("no number".to_owned());
        let row = rows.first().ok_or_else(none)?;
        unsigned(row.try_get(0).map_err(Failed::from)?)
    }
}

fn listed(row: &Row, is_counter: bool) -> Result<Listed, Failed> {
    let at: Option<i64> = row.try_get(3)?;
    Ok(Listed {
        name: row.try_get(0)?,
        content: match is_counter {
            true => Content::Count(unsigned(row.try_get(1)?)?),
            false => Content::Sealed(row.try_get(1)?),
        },
        version: unsigned(row.try_get(2)?)?,
        collectable_at: at.map(unsigned).transpose()?,
    })
}

const LIST: &str = "
SELECT name, value, version, collectable_at FROM countersign_record
WHERE realm = $1 AND kind = $4 AND name > $2 AND value IS NOT NULL
ORDER BY name LIMIT $3";

const LIST_COUNTERS: &str = "
SELECT name, count, version, collectable_at FROM countersign_counter
WHERE realm = $1 AND name > $2 ORDER BY name LIMIT $3";

const COUNT: &str = "
SELECT count(*) FROM countersign_record WHERE realm = $1 AND kind = $2 AND value IS NOT NULL";

const COUNT_COUNTERS: &str = "SELECT count(*) FROM countersign_counter WHERE realm = $1";

/// What somebody writes just now is left for the next time.
const COLLECT: &str = "
DELETE FROM countersign_record r USING (
    SELECT realm, kind, name FROM countersign_record WHERE collectable_at < $1
    LIMIT 1000 FOR UPDATE SKIP LOCKED
) AS d
WHERE r.realm = d.realm AND r.kind = d.kind AND r.name = d.name AND r.collectable_at < $1
RETURNING r.value IS NOT NULL";

const COLLECT_COUNTERS: &str = "
DELETE FROM countersign_counter c USING (
    SELECT realm, name FROM countersign_counter WHERE collectable_at < $1
    LIMIT 1000 FOR UPDATE SKIP LOCKED
) AS d
WHERE c.realm = d.realm AND c.name = d.name AND c.collectable_at < $1
RETURNING true";

const KEYS: &str = "SELECT purpose, id FROM countersign_key WHERE realm = $1 ORDER BY purpose, id";

const NOTE_INDEX: &str = "
INSERT INTO countersign_key (realm, purpose, id) VALUES ($1, 'index', $2) ON CONFLICT DO NOTHING";

/// After [`NOTE_INDEX`], and only where that is what is noted.
const NOTE_KEY: &str = "
INSERT INTO countersign_key (realm, purpose, id)
SELECT realm, 'sealing', $3 FROM countersign_key
WHERE realm = $1 AND purpose = 'index' AND id = $2 ON CONFLICT DO NOTHING";

const FORGET_KEY: &str =
    "DELETE FROM countersign_key WHERE realm = $1 AND purpose = 'sealing' AND id = $2";
