//! Company admin > security settings > MFA.

use askama::Template;
use axum::extract::{Path, Query, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use countersign_host::contract::policy::{Mode, Policy};
use countersign_host::profile::Profile;
use serde::Deserialize;

use super::changes::{Change, changes};
use super::deadline::{in_words, zones};
use super::draft::{Draft, deadline_of};
use super::preview::{Row, rows};
use super::{Place, step_up_or};
use crate::directory::Company;
use crate::gateway::Gateway;
use crate::governing::Governing;
use crate::journey::Visit;
use crate::journey::administration::{Forecast, Lot};
use crate::pages::{Alert, Answer, Answered, Frame, Person, Posted, page, when};
use crate::refusal::Refusal;

#[derive(Template)]
#[template(path = "admin_mfa.html")]
struct SettingsPage {
    frame: Frame,
    place: Place,
    draft: Draft,
    /// The revision that the form is about; empty if the company has no policy of its own.
    revision: String,
    /// What holds at present.
    holds: String,
    has_factor: bool,
    zones: Vec<String>,
    profiles: Vec<Offer>,
    /// The address of what was typed, where somebody else's change came between.
    typed: Option<String>,
}

/// A profile to start from.
struct Offer {
    name: &'static str,
    title: &'static str,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "admin_mfa_review.html")]
struct ReviewPage {
    frame: Frame,
    place: Place,
    draft: Draft,
    revision: String,
    changes: Vec<Change>,
    summary: Vec<String>,
    rows: Vec<Row>,
    /// When the second column of numbers is of; none if there is but one.
    later: Option<String>,
    /// Who would be kept out, or could not be told of: some of them.
    blocked: Vec<String>,
    more_blocked: usize,
    is_cut: bool,
    needs_tick: bool,
    /// The address of the form with all that was typed.
    back: String,
}

/// What was done just now.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Done {
    saved: String,
}

/// What a form is about.
struct Editing<'a> {
    visit: &'a Visit,
    company: &'a Company,
    governing: &'a Governing,
}

/// Shows the settings.
pub(crate) async fn show(
    State(gateway): State<Gateway>,
    Path(company): Path<String>,
    Query(done): Query<Done>,
    RawQuery(query): RawQuery,
    person: Person,
) -> Answered {
    let visit = person.inside(&gateway).await?;
    let governing = gateway.policy(&visit, &company).await?;
    let company = gateway.administered_company(&visit, &company).await?;
    let typed: Vec<(String, String)> = form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .into_owned()
        .collect();
    let field = |name: &str| {
        let found = typed.iter().find(|(it, _)| it == name);
        found.map_or_else(String::new, |(_, value)| value.clone())
    };
    let draft = match (field("mode").as_str(), Profile::named(&field("profile"))) {
        ("", Some(profile)) => Draft::from_profile(profile, &governing.policy),
        ("", None) => Draft::of(&governing.policy),
        _ => Draft::typed(field),
    };
    let alert = (done.saved == "yes").then(|| Alert::good("Saved. The settings hold from now on."));
    let editing = Editing {
        visit: &visit,
        company: &company,
        governing: &governing,
    };
    form(&gateway, &editing, draft, alert, StatusCode::OK, None).await
}

/// Takes what was typed, and shows what it would change and for whom. Nothing is saved yet.
pub(crate) async fn review(
    State(gateway): State<Gateway>,
    Path(company): Path<String>,
    posted: Posted,
) -> Answered {
    let visit = posted.person.inside(&gateway).await?;
    let governing = gateway.policy(&visit, &company).await?;
    let company = gateway.administered_company(&visit, &company).await?;
    let editing = Editing {
        visit: &visit,
        company: &company,
        governing: &governing,
    };
    let (draft, policy) = typed(&gateway, &editing, &posted).await?;
    if let Err(refusal) = gateway.may_change(&visit, &company.id).await {
        let back = address_of(&Place::of(&company, ""), &draft);
        return step_up_or(&gateway, visit, refusal, back).await;
    }
    summary(&gateway, &editing, draft, &policy, None, StatusCode::OK).await
}

/// Saves what was reviewed.
pub(crate) async fn save(
    State(gateway): State<Gateway>,
    Path(company): Path<String>,
    posted: Posted,
) -> Answered {
    let visit = posted.person.inside(&gateway).await?;
    let governing = gateway.policy(&visit, &company).await?;
    let company = gateway.administered_company(&visit, &company).await?;
    let place = Place::of(&company, "");
    let editing = Editing {
        visit: &visit,
        company: &company,
        governing: &governing,
    };
    let (draft, policy) = typed(&gateway, &editing, &posted).await?;
    let at_once = posted.is_ticked("enforce-now");
    let expected = governing.revision;
    let saved = gateway.put_policy(&visit, &company.id, &policy, expected, at_once);
    match saved.await {
        Ok(_) => Ok(Redirect::to(&format!("{}/mfa?saved=yes", place.path)).into_response()),
        Err(refusal) if refusal.code == "revision-conflict" => {
            let governing = gateway.policy(&visit, &company.id).await?;
            let editing = Editing {
                governing: &governing,
                ..editing
            };
            conflict(&gateway, &editing, &draft).await
        }
        // Only now may it be too late: the clock went on while the page was read.
        Err(refusal) if refusal.field == Some("date") => {
            let alert = Some(Alert::from(&Refusal::field(
                "enforce-now",
                "This date is today or in the past. Tick that it is to hold at once, or go back and choose a later one.",
            )));
            summary(&gateway, &editing, draft, &policy, alert, refusal.status).await
        }
        Err(refusal) if refusal.field.is_some() => {
            let (alert, status) = (Some(Alert::from(&refusal)), refusal.status);
            form(&gateway, &editing, draft, alert, status, None).await
        }
        Err(refusal) => {
            let back = address_of(&place, &draft);
            step_up_or(&gateway, visit, refusal, back).await
        }
    }
}

/// Takes what was typed. What does not fit, or is about other settings than those that hold, is answered by the form.
async fn typed(
    gateway: &Gateway,
    editing: &Editing<'_>,
    posted: &Posted,
) -> Result<(Draft, Policy), Answer> {
    let draft = Draft::typed(|name| posted.text(name).to_owned());
    // What was reviewed is what is saved: under any other revision the form means something else.
    if posted.text("revision") != revision_of(editing.governing) {
        return Err(conflict(gateway, editing, &draft).await?.into());
    }
    match draft.policy(&editing.governing.policy) {
        Ok(policy) => Ok((draft, policy)),
        Err(refusal) => {
            let (alert, status) = (Some(Alert::from(&refusal)), refusal.status);
            Err(form(gateway, editing, draft, alert, status, None)
                .await?
                .into())
        }
    }
}

async fn form(
    gateway: &Gateway,
    editing: &Editing<'_>,
    draft: Draft,
    alert: Option<Alert>,
    status: StatusCode,
    typed: Option<String>,
) -> Answered {
    let Editing {
        visit,
        company,
        governing,
    } = editing;
    let profiles = Profile::ALL.iter().map(|it| Offer {
        name: it.name(),
        title: it.title(),
        is_chosen: it.name() == draft.profile,
    });
    let template = SettingsPage {
        frame: Frame::of(gateway, visit, "Security settings: MFA").with(alert),
        place: Place::of(company, "mfa"),
        revision: revision_of(governing),
        holds: holds(governing),
        has_factor: gateway.has_factor(visit).await?,
        zones: zones(),
        profiles: profiles.collect(),
        draft,
        typed,
    };
    Ok(page(status, &template))
}

/// Shows the settings that somebody else saved meanwhile, and where what was typed is still to be had.
async fn conflict(gateway: &Gateway, editing: &Editing<'_>, draft: &Draft) -> Answered {
    let refusal = Refusal::new(
        StatusCode::CONFLICT,
        "revision-conflict",
        "Somebody else saved these settings meanwhile. Theirs hold, and are shown here; yours were not saved.",
    );
    let typed = Some(address_of(&Place::of(editing.company, "mfa"), draft));
    let theirs = Draft::of(&editing.governing.policy);
    let (alert, status) = (Some(Alert::from(&refusal)), refusal.status);
    form(gateway, editing, theirs, alert, status, typed).await
}

async fn summary(
    gateway: &Gateway,
    editing: &Editing<'_>,
    draft: Draft,
    policy: &Policy,
    alert: Option<Alert>,
    status: StatusCode,
) -> Answered {
    let Editing {
        visit,
        company,
        governing,
    } = editing;
    let report = gateway.report().await?;
    let now = gateway.company_preview(visit, &company.id, Some(policy), visit.now);
    let now = match now.await {
        Err(refusal) if refusal.field.is_some() => {
            let (alert, status) = (Some(Alert::from(&refusal)), refusal.status);
            return form(gateway, editing, draft, alert, status, None).await;
        }
        now => now?,
    };
    let ahead = deadline_of(policy).filter(|it| it.at > visit.now);
    let then = match ahead {
        Some(deadline) => Some(
            gateway
                .company_preview(visit, &company.id, Some(policy), deadline.at)
                .await?,
        ),
        None => None,
    };
    drop(report);
    let place = Place::of(company, "mfa");
    let shown = then.as_ref().unwrap_or(&now);
    let kept_out = shown.people.iter().filter(|it| it.lot.is_blocked());
    let blocked: Vec<String> = kept_out.map(|it| it.name.clone()).collect();
    let template = ReviewPage {
        frame: Frame::of(gateway, visit, "Look at this before you save").with(alert),
        revision: revision_of(governing),
        changes: changes(&governing.policy, policy),
        summary: sentences(policy, visit.now, &now, then.as_ref()),
        rows: rows(&now, then.as_ref()),
        later: ahead.map(|it| when(it.at, &it.zone)),
        more_blocked: blocked.len().saturating_sub(NAMED),
        blocked: blocked.into_iter().take(NAMED).collect(),
        is_cut: now.is_cut,
        needs_tick: needs_tick(governing, policy, visit.now),
        back: address_of(&place, &draft),
        place,
        draft,
    };
    Ok(page(status, &template))
}

/// Says in sentences whom a policy is going to concern.
fn sentences(
    policy: &Policy,
    now: u64,
    at_once: &Forecast,
    then: Option<&Forecast>,
) -> Vec<String> {
    let people = at_once.people.len();
    let mut sentences = vec![format!("{people} people of this company may sign in.")];
    let shown = then.unwrap_or(at_once);
    let to_enroll = shown.count(Lot::MadeToEnroll);
    sentences.push(match (&policy.mode, deadline_of(policy)) {
        (_, Some(deadline)) if deadline.at > now => format!(
            "{to_enroll} of them have not enrolled. They will be asked early, and from {} on they can reach nothing else \
             until they do.",
            in_words(deadline)
        ),
        (_, Some(_)) => format!(
            "{to_enroll} of them have not enrolled. From the moment you save they can reach nothing else until they do."
        ),
        (Mode::Off, None) => {
            "Two-factor authentication is off: nobody can set it up, and nobody is asked for a code."
                .to_owned()
        }
        (_, None) => format!(
            "Nobody has to enroll here. {} of them have enrolled, and are asked for a code.",
            shown.count(Lot::Challenged)
        ),
    });
    let denied = shown.count(Lot::Denied);
    if denied > 0 {
        sentences.push(format!(
            "{denied} of them would not be let in at all, and need your help first."
        ));
    }
    sentences
}

/// Says whether a deadline is not in the future, and not the one that holds already.
fn needs_tick(governing: &Governing, policy: &Policy, now: u64) -> bool {
    let holds = deadline_of(&governing.policy).filter(|_| governing.revision.is_some());
    deadline_of(policy).is_some_and(|it| it.at <= now && holds.is_none_or(|held| held.at != it.at))
}

/// Says what holds at present.
fn holds(governing: &Governing) -> String {
    let whose = match governing.revision {
        Some(_) => "",
        None => " (the default, since this company has no settings of its own)",
    };
    match (&governing.policy.mode, deadline_of(&governing.policy)) {
        (_, Some(deadline)) => format!("MFA is required from {}{whose}.", in_words(deadline)),
        (Mode::Off, None) => format!("MFA is off{whose}."),
        (_, None) => format!("MFA is voluntary{whose}."),
    }
}

fn revision_of(governing: &Governing) -> String {
    governing
        .revision
        .map_or_else(String::new, |it| it.to_string())
}

/// Returns the address of the form with what was typed.
fn address_of(place: &Place, draft: &Draft) -> String {
    format!("{}/mfa?{}", place.path, super::query(&draft.fields()))
}

/// People who are named on the page.
const NAMED: usize = 50;
