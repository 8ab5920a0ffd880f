//! What happened in a company.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use countersign_host::contract::Actor;
use countersign_host::event::StampedEvent;
use serde::Deserialize;

use super::telling::told;
use super::{Place, query};
use crate::gateway::Gateway;
use crate::journey::Visit;
use crate::journey::administration::AuditQuery;
use crate::pages::{Answered, Frame, Person, page, when};

#[derive(Template)]
#[template(path = "admin_audit.html")]
struct AuditPage {
    frame: Frame,
    place: Place,
    entries: Vec<Entry>,
    user: String,
    event: String,
    /// The address of the newest ones, unless these are.
    newest: Option<String>,
    older: Option<String>,
}

/// An event in the table.
struct Entry {
    at: String,
    told: String,
    name: &'static str,
    user: String,
    actor: String,
    client: String,
}

/// Which events are looked for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    before: Option<u64>,
    user: String,
    event: String,
}

/// Shows events, the newest first.
pub(crate) async fn show(
    State(gateway): State<Gateway>,
    Path(company): Path<String>,
    Query(asked): Query<Asked>,
    person: Person,
) -> Answered {
    let visit = person.inside(&gateway).await?;
    let of = gateway.administered_company(&visit, &company).await?;
    let place = Place::of(&of, "audit");
    let (user, event) = (asked.user.trim(), asked.event.trim());
    let id = match user {
        "" => None,
        // Whoever has no such name may be meant by id: somebody who was here once.
        name => Some(
            gateway
                .directory
                .user_named(name)
                .await
                .map_err(crate::Refusal::from)?
                .map_or_else(|| name.to_owned(), |it| it.id),
        ),
    };
    let wanted = AuditQuery {
        before: asked.before,
        user: id,
        event: (!event.is_empty()).then(|| event.to_owned()),
    };
    let found = gateway.audit_trail(&visit, &company, &wanted).await?;
    let address = |before: &str| {
        let fields = [("user", user), ("event", event), ("before", before)];
        format!("{}/audit?{}", place.path, query(&fields))
    };
    let mut names = Names::default();
    let mut entries = Vec::with_capacity(found.events.len());
    for found in &found.events {
        entries.push(Entry::of(&gateway, &visit, &company, &found.event, &mut names).await?);
    }
    let template = AuditPage {
        frame: Frame::of(&gateway, &visit, "Audit trail"),
        newest: asked.before.map(|_| address("")),
        older: found.before.map(|it| address(&it.to_string())),
        user: user.to_owned(),
        event: event.to_owned(),
        entries,
        place,
    };
    Ok(page(StatusCode::OK, &template))
}

impl Entry {
    async fn of(
        gateway: &Gateway,
        visit: &Visit,
        company: &str,
        event: &StampedEvent,
        names: &mut Names,
    ) -> Result<Self, crate::Refusal> {
        let user = match &event.user {
            Some(id) => names.of(gateway, visit, company, id).await?,
            None => String::new(),
        };
        let actor = match &event.event.actor {
            Some(Actor::User(id) | Actor::Operator(id)) => {
                names.of(gateway, visit, company, id).await?
            }
            None => String::new(),
        };
        Ok(Self {
            at: when(event.at, "UTC"),
            told: told(&event.event.kind),
            name: event.name(),
            user,
            actor,
            client: event.client.clone().unwrap_or_default(),
        })
    }
}

/// Names that were looked up for one page.
#[derive(Default)]
struct Names(HashMap<String, String>);

impl Names {
    /// Returns how a person is named to this admin: those of other companies are not.
    async fn of(
        &mut self,
        gateway: &Gateway,
        visit: &Visit,
        company: &str,
        id: &str,
    ) -> Result<String, crate::Refusal> {
        if let Some(name) = self.0.get(id) {
            return Ok(name.clone());
        }
        let name = match gateway.directory.user(id).await? {
            Some(user) if visit.user.is_operator => user.name,
            Some(user) if user.is_operator => "an operator".to_owned(),
            Some(user) if user.memberships.iter().any(|it| it.company == company) => user.name,
            Some(_) => "somebody of another company".to_owned(),
            None if visit.user.is_operator => id.to_owned(),
            None => "an operator, or somebody who is gone".to_owned(),
        };
        self.0.insert(id.to_owned(), name.clone());
        Ok(name)
    }
}
