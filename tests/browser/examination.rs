//! What is asked of every page, whatever it is for.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use crate::driver::{Extra, Scripts};
use crate::person::{Person, Told};
use crate::screenshots::{PHONE, WIDE};
use crate::told;

/// Examines the page that is open, wide and narrow, light and dark; each once in a run.
///
/// `examination.js` says what is asked.
pub(crate) async fn examine(person: &Person) -> Told {
    if person.scripts == Scripts::Off {
        return Ok(());
    }
    let page = person.script(PAGE, vec![]).await?.to_string();
    let is_new = EXAMINED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(page);
    if !is_new {
        return Ok(());
    }
    let mut faults = Vec::new();
    for (scheme, (width, height)) in [("light", WIDE), ("light", PHONE), ("dark", WIDE)] {
        person.prefer("screen", scheme).await?;
        person.resize(width, height).await?;
        let found = person.script(EXAMINATION, vec![]).await?;
        let found = found.as_array().cloned().unwrap_or_default();
        let said = found.iter().filter_map(Value::as_str);
        faults.extend(said.map(|it| format!("{scheme}, {width} wide: {it}")));
    }
    person.prefer("screen", "light").await?;
    person.resize(WIDE.0, WIDE.1).await?;
    match faults.as_slice() {
        [] => Ok(()),
        faults => Err(person
            .fault(&format!("no fault, but:\n{}\n", faults.join("\n")))
            .await),
    }
}

/// Looks through what the browser noted: errors of scripts, what the policy of contents forbade, and where it went.
pub(crate) async fn complaints(person: &Person) -> Told {
    let mut complaints = Vec::new();
    for entry in log(person, "browser").await? {
        let message = entry["message"].as_str().unwrap_or_default();
        // Pages that say what was wrong have a status of refusals, which the browser notes.
        let is_page = entry["source"] == "network" && !message.contains("/static/");
        if !is_page {
            complaints.push(format!("{}: {message}", entry["source"]));
        }
    }
    let own = person.site.url();
    for entry in log(person, "performance").await? {
        let text = entry["message"].as_str().unwrap_or_default();
        let event: Value = serde_json::from_str(text).map_err(told)?;
        let event = &event["message"];
        if event["method"] != "Network.requestWillBeSent" {
            continue;
        }
        let address = event["params"]["request"]["url"]
            .as_str()
            .unwrap_or_default();
        // The browser's own first page and icons are not fetched from anywhere.
        let is_own = address.starts_with(&own) || address.starts_with("data:");
        if !is_own {
            complaints.push(format!("it went to {address}"));
        }
    }
    match complaints.as_slice() {
        [] => Ok(()),
        complaints => Err(format!("the browser complains:\n{}", complaints.join("\n"))),
    }
}

async fn log(person: &Person, kind: &'static str) -> Told<Vec<Value>> {
    let noted = person.browser.issue_cmd(Extra::Log(kind)).await;
    Ok(noted.map_err(told)?.as_array().cloned().unwrap_or_default())
}

static EXAMINED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// What tells pages apart.
const PAGE: &str = "return [location.pathname, ...[...document.querySelectorAll('h1, h2, [role=alert], [role=status], input, nav a')].map(it => it.id + it.type + it.tagName)]";

const EXAMINATION: &str = include_str!("examination.js");
