//! Events, and their positions.
//!
//! Commits end in another order than they drew their events' numbers in, so a number is no position: a consumer that
//! had read a later one would miss an earlier one. Positions are given out before reading, under one lock, to what is
//! committed then. Sign-ins never wait for that lock.

use async_trait::async_trait;

use super::super::{Trail, Trailed, Unavailable};
use super::session::Failed;
use super::{PostgresStore, clamped, signed, unsigned};
use crate::event::StampedEvent;

#[async_trait]
impl Trail for PostgresStore {
    async fn events(
        &self,
        realm: &str,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Trailed>, Unavailable> {
        self.place_events().await?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = self.ask(EVENTS, &[&realm, &clamped(after), &limit]).await?;
        let unreadable = || Unavailable("an event cannot be read".to_owned());
        let mut events = Vec::with_capacity(rows.len());
        for row in rows {
            let text: String = row.try_get(1).map_err(Failed::from)?;
            let json = serde_json::from_str(&text).map_err(|_| unreadable())?;
            events.push(Trailed {
                position: unsigned(row.try_get(0).map_err(Failed::from)?)?,
                event: StampedEvent::from_json(&json).map_err(|_| unreadable())?,
            });
        }
        Ok(events)
    }

    async fn last_position(&self, realm: &str) -> Result<u64, Unavailable> {
        self.place_events().await?;
        self.number(LAST, &[&realm]).await
    }

    async fn consumers(&self, realm: &str) -> Result<Vec<(String, u64)>, Unavailable> {
        let rows = self.ask(CONSUMERS, &[&realm]).await?;
        let mut consumers = Vec::with_capacity(rows.len());
        for row in rows {
            let position = unsigned(row.try_get(1).map_err(Failed::from)?)?;
            consumers.push((row.try_get(0).map_err(Failed::from)?, position));
        }
        Ok(consumers)
    }

    async fn move_consumer(
        &self,
        realm: &str,
        name: &str,
        from: u64,
        to: u64,
    ) -> Result<bool, Unavailable> {
        let (from, to) = (signed(from)?, signed(to)?);
        let rows = self.ask(MOVE, &[&realm, &name, &from, &to]).await?;
        Ok(!rows.is_empty())
    }

    async fn forget_consumer(&self, realm: &str, name: &str) -> Result<(), Unavailable> {
        self.ask(FORGET, &[&realm, &name]).await.map(|_| ())
    }

    async fn prune(&self, realm: &str, time: u64) -> Result<u64, Unavailable> {
        self.place_events().await?;
        let mut pruned: u64 = 0;
        let mut after: i64 = 0;
        loop {
            let rows = self.ask(PRUNE, &[&realm, &clamped(time), &after]).await?;
            let Some(row) = rows.first() else {
                return Ok(pruned);
            };
            let Some(last) = row.try_get(0).map_err(Failed::from)? else {
                return Ok(pruned);
            };
            after = last;
            let piece = unsigned(row.try_get(1).map_err(Failed::from)?)?;
            pruned = pruned.saturating_add(piece);
        }
    }
}

impl PostgresStore {
    /// Gives positions to all events that were committed when it began and have none.
    async fn place_events(&self) -> Result<(), Unavailable> {
        while self.pool.within(self.place_some()).await? {}
        Ok(())
    }

    /// Says whether there may be more.
    async fn place_some(&self) -> Result<bool, Unavailable> {
        let session = self.pool.session().await?;
        if session
            .query(NEW, &[])
            .await
            .map_err(Unavailable::from)?
            .is_empty()
        {
            return Ok(false);
        }
        session.run("BEGIN").await?;
        // A statement of its own: the next one sees what was committed before the lock was had.
        let placed = match session.query(LOCK, &[]).await {
            Ok(_) => session.query(PLACE, &[]).await,
            Err(failed) => Err(failed),
        };
        let end = if placed.is_ok() { "COMMIT" } else { "ROLLBACK" };
        session.run(end).await?;
        let placed: i64 = match placed?.first() {
            Some(row) => row.try_get(0).map_err(Failed::from)?,
            None => 0,
        };
        // Fewer than a piece were all there were; what is committed meanwhile may wait for the next time.
        Ok(placed == PIECE)
    }
}

/// As [`PLACE`] says.
const PIECE: i64 = 1_000;

const NEW: &str = "SELECT 1 FROM countersign_event WHERE position IS NULL LIMIT 1";

const LOCK: &str = "SELECT position FROM countersign_trail WHERE id = 1 FOR UPDATE";

const PLACE: &str = "
WITH new AS (
    SELECT seq, row_number() OVER (ORDER BY seq) AS place FROM (
        SELECT seq FROM countersign_event WHERE position IS NULL ORDER BY seq LIMIT 1000
    ) AS piece
), placed AS (
    UPDATE countersign_event e SET position = t.position + new.place
    FROM new, countersign_trail t WHERE e.seq = new.seq AND t.id = 1
    RETURNING 1
), moved AS (
    UPDATE countersign_trail SET position = position + (SELECT count(*) FROM new) WHERE id = 1
    RETURNING 1
)
SELECT count(*) FROM placed";

const EVENTS: &str = "
SELECT position, event FROM countersign_event
WHERE realm = $1 AND position > $2 ORDER BY position LIMIT $3";

const LAST: &str = "SELECT coalesce(max(position), 0) FROM countersign_event WHERE realm = $1";

const CONSUMERS: &str =
    "SELECT name, position FROM countersign_consumer WHERE realm = $1 ORDER BY name";

const MOVE: &str = "
INSERT INTO countersign_consumer AS c (realm, name, position)
SELECT $1, $2, $4::bigint
WHERE $3::bigint = 0
    OR EXISTS (SELECT 1 FROM countersign_consumer WHERE realm = $1 AND name = $2)
ON CONFLICT (realm, name) DO UPDATE SET position = excluded.position WHERE c.position = $3::bigint
RETURNING 1";

const FORGET: &str = "DELETE FROM countersign_consumer WHERE realm = $1 AND name = $2";

/// Looks at each event once, a piece at a time by position: an index on the times would be written to at every sign-in,
/// and without one each piece would pass again over all that is kept.
const PRUNE: &str = "
WITH piece AS MATERIALIZED (
    SELECT seq, at, position FROM countersign_event
    WHERE realm = $1 AND position > $3 AND position <= coalesce(
        (SELECT min(position) FROM countersign_consumer WHERE realm = $1), 9223372036854775807)
    ORDER BY position LIMIT 1000
), gone AS (
    DELETE FROM countersign_event e USING piece
    WHERE e.seq = piece.seq AND piece.at < $2 RETURNING 1
)
SELECT max(position), (SELECT count(*) FROM gone) FROM piece";
