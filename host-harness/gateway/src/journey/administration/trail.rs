//! The audit trail of a company, the newest first.

use countersign_host::store::Trailed;

use crate::gateway::Gateway;
use crate::governing::DEFAULT;
use crate::journey::visit::Visit;
use crate::refusal::Refusal;

/// Which events are asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct AuditQuery {
    /// Only those at positions before this one.
    pub(crate) before: Option<u64>,
    /// Only those about this person, by id.
    pub(crate) user: Option<String>,
    /// Only those of this name, such as `reset`.
    pub(crate) event: Option<String>,
}

/// Some events of a company.
#[derive(Clone, Debug)]
pub(crate) struct AuditPage {
    /// The events, the newest first: at most 50. Of other companies nothing stands in them.
    pub(crate) events: Vec<Trailed>,
    /// Where to go on, as [`AuditQuery::before`]; none if these are the oldest. There may be one although no event is here:
    /// at most 20,000 events of the realm are looked at for one page.
    pub(crate) before: Option<u64>,
}

impl Gateway {
    /// Reads the events that are a company's business, the newest first; those of the default are all of the realm.
    pub(crate) async fn audit_trail(
        &self,
        visit: &Visit,
        company: &str,
        query: &AuditQuery,
    ) -> Result<AuditPage, Refusal> {
        self.administered_company(visit, company).await?;
        let realm = &self.config.realm;
        let earliest = self.trailed(0, 1).await?.first().map(|it| it.position);
        let last = self
            .store
            .last_position(realm)
            .await
            .map_err(|_| Refusal::unavailable())?;
        let mut end = last.saturating_add(1).min(query.before.unwrap_or(u64::MAX));
        let mut events = Vec::new();
        // Positions only grow, by one at a time over all realms: a piece before a position holds at most as many events.
        for _ in 0..MOST_PIECES {
            if earliest.is_none_or(|it| end <= it) {
                return Ok(AuditPage {
                    events,
                    before: None,
                });
            }
            let start = end.saturating_sub(PIECE.saturating_add(1));
            let piece = self.trailed(start, MOST_READ).await?;
            for trailed in piece.into_iter().rev().filter(|it| it.position < end) {
                let position = trailed.position;
                events.extend(concerning(trailed, company, query));
                if events.len() == PAGE {
                    let before = earliest.filter(|it| *it < position).map(|_| position);
                    return Ok(AuditPage { events, before });
                }
            }
            end = start.saturating_add(1);
        }
        Ok(AuditPage {
            events,
            before: Some(end),
        })
    }

    async fn trailed(&self, after: u64, limit: usize) -> Result<Vec<Trailed>, Refusal> {
        let events = self.store.events(&self.config.realm, after, limit).await;
        events.map_err(|_| Refusal::unavailable())
    }
}

/// Takes an event that is asked for and the company's business, without the names of other companies.
fn concerning(mut trailed: Trailed, company: &str, query: &AuditQuery) -> Option<Trailed> {
    let event = &mut trailed.event;
    let is_asked_for = query
        .user
        .as_ref()
        .is_none_or(|it| event.user.as_ref() == Some(it))
        && query.event.as_ref().is_none_or(|it| event.name() == it);
    let is_theirs = company == DEFAULT || event.event.companies.iter().any(|it| it == company);
    if company != DEFAULT {
        event.event.companies.retain(|it| it == company);
    }
    (is_asked_for && is_theirs).then_some(trailed)
}

/// Events on a page.
const PAGE: usize = 50;

/// Positions that are looked at in one read, and how many events those can be.
const PIECE: u64 = 500;
const MOST_READ: usize = 500;

/// Reads for one page: what an admin waits for, and no more.
const MOST_PIECES: usize = 40;
