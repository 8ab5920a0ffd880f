//! How far a company's people are.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Deserialize;

use super::{Leaf, Place, query};
use crate::gateway::Gateway;
use crate::journey::administration::{Listed, MOST_PEOPLE, Totals};
use crate::pages::{Answered, Frame, Person, page};

#[derive(Template)]
#[template(path = "admin_people.html")]
struct PeoplePage {
    frame: Frame,
    place: Place,
    totals: Totals,
    bars: Vec<Bar>,
    /// The chart in one sentence.
    told: String,
    filters: &'static [(&'static str, &'static str)],
    state: String,
    name: String,
    people: Leaf<Line>,
    found: usize,
    is_cut: bool,
    most: usize,
}

/// A part of the chart, in thousandths of its width.
struct Bar {
    class: &'static str,
    label: &'static str,
    count: usize,
    from: usize,
    width: usize,
}

/// Somebody in the table.
struct Line {
    name: String,
    path: String,
    state: &'static str,
    methods: &'static str,
    recovery: &'static str,
}

/// What is looked for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    state: String,
    name: String,
    page: usize,
}

/// Shows the report.
pub(crate) async fn show(
    State(gateway): State<Gateway>,
    Path(company): Path<String>,
    Query(asked): Query<Asked>,
    person: Person,
) -> Answered {
    let visit = person.inside(&gateway).await?;
    let _place = gateway.report().await?;
    let readiness = gateway.readiness(&visit, &company).await?;
    let place = Place::of(
        &gateway.administered_company(&visit, &company).await?,
        "people",
    );
    let wanted = asked.name.trim().to_lowercase();
    let found = readiness.people.iter().filter(|it| {
        (asked.state.is_empty() || it.state() == asked.state)
            && it.name.to_lowercase().contains(&wanted)
    });
    let lines: Vec<Line> = found.map(|it| Line::of(it, &place)).collect();
    let address = |number: usize| {
        let fields = [
            ("state", asked.state.as_str()),
            ("name", &asked.name),
            ("page", &number.to_string()),
        ];
        format!("{}/people?{}", place.path, query(&fields))
    };
    let totals = readiness.totals;
    let template = PeoplePage {
        frame: Frame::of(&gateway, &visit, "Who has enrolled"),
        bars: bars(&totals),
        told: told(&totals),
        totals,
        filters: STATES,
        found: lines.len(),
        people: Leaf::of(lines, asked.page, address),
        state: asked.state.clone(),
        name: asked.name.clone(),
        is_cut: readiness.is_cut,
        most: MOST_PEOPLE,
        place,
    };
    Ok(page(StatusCode::OK, &template))
}

/// Sends the report as a table for a spreadsheet. It is made whole before it is sent: where asking the plugin about
/// everybody takes longer than a request may, there is none. `countersign report --csv` has no such bound.
pub(crate) async fn download(
    State(gateway): State<Gateway>,
    Path(company): Path<String>,
    person: Person,
) -> Answered {
    let visit = person.inside(&gateway).await?;
    let _place = gateway.report().await?;
    let csv = gateway.readiness_csv(&visit, &company).await?;
    let headers = [
        (
            header::CONTENT_TYPE,
            "text/csv; charset=utf-8; header=present",
        ),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"mfa-readiness.csv\"",
        ),
    ];
    Ok((headers, csv).into_response())
}

impl Line {
    fn of(person: &Listed, place: &Place) -> Self {
        let state = person.state();
        let label = STATES.iter().find(|(it, _)| *it == state);
        let progress = person.progress.as_ref();
        Self {
            name: person.name.clone(),
            path: place.person(&person.id),
            state: label.map_or(state, |(_, label)| label),
            methods: match progress.map(|it| (it.has_app, it.has_phone)) {
                Some((true, true)) => "App, text messages",
                Some((true, false)) => "App",
                Some((false, true)) => "Text messages",
                Some((false, false)) => "None",
                None => "Not known",
            },
            recovery: match progress {
                Some(it) if it.has_saved_code => "Saved",
                Some(_) => "Not saved",
                None => "Not known",
            },
        }
    }
}

fn bars(totals: &Totals) -> Vec<Bar> {
    let parts = [
        ("enrolled", "Enrolled", totals.enrolled),
        ("open", "Not enrolled", totals.not_enrolled),
        ("unknown", "Not known", totals.unknown),
        ("off", "Cannot sign in", totals.off),
    ];
    let mut from = 0;
    let mut bars = Vec::new();
    for (class, label, count) in parts {
        let share = count.saturating_mul(WIDTH);
        let width = share.checked_div(totals.people).unwrap_or(0);
        bars.push(Bar {
            class,
            label,
            count,
            from,
            width,
        });
        from = from.saturating_add(width);
    }
    bars
}

fn told(totals: &Totals) -> String {
    format!(
        "Of {} people {} have enrolled and {} have not; {} cannot sign in, and of {} it is not known.",
        totals.people, totals.enrolled, totals.not_enrolled, totals.off, totals.unknown
    )
}

const STATES: &[(&str, &str)] = &[
    ("enrolled", "Enrolled"),
    ("not-enrolled", "Not enrolled"),
    ("waiting", "Waiting after wrong codes"),
    ("disabled", "Switched off after wrong codes"),
    ("off", "Cannot sign in"),
    ("erased", "Erased"),
    ("unknown", "Not known"),
];

/// The chart's width in its own units.
const WIDTH: usize = 1_000;
