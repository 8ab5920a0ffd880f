//! Pictures of pages, to be looked at.

use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::driver::Scripts;
use crate::person::{Person, Told};
use crate::told;

/// Keeps pictures of a page: wide, wide and dark, and as narrow as a phone.
pub(crate) async fn take(person: &Person, step: &str) -> Told {
    let mut looks = vec![("wide", "light", WIDE), ("dark", "dark", WIDE)];
    if person.scripts == Scripts::On {
        looks.push(("phone", "light", PHONE));
    }
    for (look, scheme, size) in looks {
        person.prefer("screen", scheme).await?;
        person.resize(size.0, size.1).await?;
        if size == PHONE {
            let height = person.script(HEIGHT, vec![]).await?.as_u64();
            let height = u32::try_from(height.unwrap_or_default()).map_err(told)?;
            person.resize(PHONE.0, height.clamp(PHONE.1, 4000)).await?;
        }
        let picture = picture(person).await?;
        let name = format!("{step}-{look}.png");
        fs::create_dir_all(folder()).map_err(told)?;
        fs::write(folder().join(&name), &picture).map_err(told)?;
        if SHOWN.contains(&name.as_str()) && is_kept() {
            let shown =
                Path::new(env!("CARGO_MANIFEST_DIR")).join("../host-harness/gateway/screenshots");
            fs::create_dir_all(&shown).map_err(told)?;
            fs::write(shown.join(&name), &picture).map_err(told)?;
        }
    }
    person.prefer("screen", "light").await?;
    person.resize(WIDE.0, WIDE.1).await
}

/// Keeps a picture of what is there where something else was expected.
pub(crate) async fn keep_fault(person: &Person) -> Told<PathBuf> {
    let path = folder().join(format!("fault-{}.png", person.journey));
    fs::create_dir_all(folder()).map_err(told)?;
    fs::write(&path, picture(person).await?).map_err(told)?;
    Ok(path)
}

async fn picture(person: &Person) -> Told<Vec<u8>> {
    person.browser.screenshot().await.map_err(told)
}

fn is_kept() -> bool {
    env::var("COUNTERSIGN_SCREENSHOTS").is_ok_and(|it| it == "keep")
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("../screenshots")
}

/// A window on a desk, and a small phone; CSS pixels.
pub(crate) const WIDE: (u32, u32) = (1280, 720);

pub(crate) const PHONE: (u32, u32) = (360, 740);

const HEIGHT: &str = "return document.documentElement.scrollHeight";

/// What the documentation shows.
const SHOWN: &[&str] = &[
    "admin-people-wide.png",
    "early-app-qr-wide.png",
    "early-nudge-wide.png",
    "recovery-code-phone.png",
    "required-dark.png",
    "verify-both-phone.png",
];
