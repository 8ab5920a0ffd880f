//! What a company's admins see: its MFA settings, its people, its audit trail.

mod audit;
mod changes;
mod deadline;
mod draft;
mod mfa;
mod people;
mod person;
mod preview;
mod telling;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Answered, Frame, PREFIX, Person, go, page};
use crate::directory::Company;
use crate::gateway::Gateway;
use crate::journey::administration::{ADMINISTRATION, FRESH_FACTOR};
use crate::journey::{Step, Visit};
use crate::refusal::Refusal;

/// Routes of these pages, below [`PREFIX`].
pub(super) fn router() -> Router<Gateway> {
    Router::new()
        .route("/admin", get(show))
        .route("/admin/{company}/mfa", get(mfa::show).post(mfa::review))
        .route("/admin/{company}/mfa/save", post(mfa::save))
        .route("/admin/{company}/mfa/preview", get(preview::show))
        .route("/admin/{company}/people", get(people::show))
        .route("/admin/{company}/people.csv", get(people::download))
        .route("/admin/{company}/people/{user}", get(person::show))
        .route("/admin/{company}/people/{user}/reset", post(person::reset))
        .route(
            "/admin/{company}/people/{user}/unlock",
            post(person::unlock),
        )
        .route(
            "/admin/{company}/people/{user}/set-up-code",
            post(person::set_up_code),
        )
        .route("/admin/{company}/audit", get(audit::show))
}

#[derive(Template)]
#[template(path = "admin_companies.html")]
struct CompaniesPage {
    frame: Frame,
    companies: Vec<Place>,
}

/// A company, and where its pages are.
pub(super) struct Place {
    name: String,
    /// The path of its pages.
    path: String,
    /// Which page this is.
    here: &'static str,
}

/// Part of a list, and the addresses of what comes before and after it.
struct Leaf<T> {
    items: Vec<T>,
    earlier: Option<String>,
    later: Option<String>,
}

/// Lists the companies that the visitor administers.
async fn show(State(gateway): State<Gateway>, person: Person) -> Answered {
    let visit = person.inside(&gateway).await?;
    let companies = gateway.administered(&visit).await?;
    if companies.is_empty() {
        return Err(Refusal::forbidden().into());
    }
    let template = CompaniesPage {
        frame: Frame::of(&gateway, &visit, "Company admin"),
        companies: companies.iter().map(|it| Place::of(it, "")).collect(),
    };
    Ok(page(StatusCode::OK, &template))
}

/// Leads to where a factor is shown, and back to a page afterwards, where that is what a refusal asks for.
async fn step_up_or(
    gateway: &Gateway,
    mut visit: Visit,
    refusal: Refusal,
    back: String,
) -> Answered {
    if refusal.code != FRESH_FACTOR {
        return Err(refusal.into());
    }
    // A path that is too long to be kept is not gone back to: then they arrive at home.
    let step = gateway.step_up(&mut visit, ADMINISTRATION, Some(&back));
    Ok(match step.await? {
        Step::Inside => Redirect::to(&back).into_response(),
        _ => go("/verify"),
    })
}

impl Place {
    fn of(company: &Company, here: &'static str) -> Self {
        Self {
            name: company.name.clone(),
            path: format!("{PREFIX}/admin/{}", encoded(&company.id)),
            here,
        }
    }

    /// Returns the path of the page about a person.
    fn person(&self, user: &str) -> String {
        format!("{}/people/{}", self.path, encoded(user))
    }
}

impl<T> Leaf<T> {
    /// Takes the items of a page, counted from 0. `address` makes the address of another page.
    fn of(items: Vec<T>, page: usize, address: impl Fn(usize) -> String) -> Self {
        let skipped = page.saturating_mul(LEAF);
        let has_more = items.len() > skipped.saturating_add(LEAF);
        Self {
            items: items.into_iter().skip(skipped).take(LEAF).collect(),
            earlier: page.checked_sub(1).map(&address),
            later: has_more.then(|| address(page.saturating_add(1))),
        }
    }
}

/// Writes an id as a segment of a path.
fn encoded(id: &str) -> String {
    utf8_percent_encode(id, &ENCODED).to_string()
}

/// Writes the query of an address, without what is empty.
fn query(fields: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(fields.iter().filter(|(_, value)| !value.is_empty()));
    query.finish()
}

/// What does not stand in a path as it is.
const ENCODED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'~');

/// Items of a list on one page.
const LEAF: usize = 50;
