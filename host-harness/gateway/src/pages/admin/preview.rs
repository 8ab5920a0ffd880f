//! Who would be blocked on a day.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;

use super::deadline::{in_words, midnight, zones};
use super::draft::deadline_of;
use super::{Leaf, Place, query};
use crate::gateway::Gateway;
use crate::journey::administration::{Forecast, Lot};
use crate::pages::{Alert, Answered, Frame, Person, page, when};

#[derive(Template)]
#[template(path = "admin_preview.html")]
struct PreviewPage {
    frame: Frame,
    place: Place,
    date: String,
    zone: String,
    zones: Vec<String>,
    /// When the numbers are of.
    at: String,
    rows: Vec<Row>,
    people: Leaf<Named>,
    is_cut: bool,
}

/// How many people have a lot.
pub(super) struct Row {
    pub(super) label: &'static str,
    pub(super) now: usize,
    /// At the later time, where there is one.
    pub(super) then: Option<usize>,
}

/// Somebody who would be blocked.
struct Named {
    name: String,
    path: String,
    label: &'static str,
}

/// Which day is asked about.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    date: String,
    zone: String,
    page: usize,
}

/// Shows what would become of everybody on a day, with the settings as they are.
pub(crate) async fn show(
    State(gateway): State<Gateway>,
    Path(company): Path<String>,
    Query(asked): Query<Asked>,
    person: Person,
) -> Answered {
    let visit = person.inside(&gateway).await?;
    let governing = gateway.policy(&visit, &company).await?;
    let zone = match (asked.zone.trim(), deadline_of(&governing.policy)) {
        ("", Some(deadline)) => deadline.zone.clone(),
        ("", None) => "UTC".to_owned(),
        (zone, _) => zone.to_owned(),
    };
    let (at, told, alert) = match asked.date.trim() {
        "" => (visit.now, format!("now, {}", when(visit.now, &zone)), None),
        date => match midnight(date, &zone) {
            Ok(deadline) => (deadline.at, in_words(&deadline), None),
            Err(refusal) => (
                visit.now,
                format!("now, {}", when(visit.now, &zone)),
                Some(Alert::from(&refusal)),
            ),
        },
    };
    let status = match alert {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let _report = gateway.report().await?;
    let forecast = gateway.company_preview(&visit, &company, None, at).await?;
    let place = Place::of(
        &gateway.administered_company(&visit, &company).await?,
        "preview",
    );
    let blocked = forecast.people.iter().filter(|it| it.lot.is_blocked());
    let named = blocked.map(|it| Named {
        name: it.name.clone(),
        path: place.person(&it.id),
        label: label(it.lot),
    });
    let address = |number: usize| {
        let fields = [
            ("date", asked.date.as_str()),
            ("zone", &asked.zone),
            ("page", &number.to_string()),
        ];
        format!("{}/mfa/preview?{}", place.path, query(&fields))
    };
    let template = PreviewPage {
        frame: Frame::of(&gateway, &visit, "Who would be blocked").with(alert),
        date: asked.date.clone(),
        zones: zones(),
        at: told,
        rows: rows(&forecast, None),
        people: Leaf::of(named.collect(), asked.page, address),
        is_cut: forecast.is_cut,
        zone,
        place,
    };
    Ok(page(status, &template))
}

/// Counts each lot, now and at a later time.
pub(super) fn rows(now: &Forecast, then: Option<&Forecast>) -> Vec<Row> {
    Lot::ALL
        .iter()
        .map(|lot| Row {
            label: label(*lot),
            now: now.count(*lot),
            then: then.map(|it| it.count(*lot)),
        })
        .collect()
}

/// Says what becomes of somebody.
fn label(lot: Lot) -> &'static str {
    match lot {
        Lot::LetIn => "Let in with the password alone",
        Lot::Nudged => "Let in, and asked to enroll early",
        Lot::Challenged => "Asked for a code",
        Lot::MadeToEnroll => "Must enroll before anything else",
        Lot::Denied => "Not let in at all",
        Lot::Unknown => "Could not be told",
    }
}

impl Lot {
    /// Says whether somebody is kept from what they came for, or may be.
    pub(super) fn is_blocked(self) -> bool {
        matches!(self, Self::MadeToEnroll | Self::Denied | Self::Unknown)
    }
}
