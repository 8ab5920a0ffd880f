//! Keys alone.

use fantoccini::key::Key;
use libtest_mimic::Trial;

use crate::person::{Person, Told};
use crate::told;
use crate::trial::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![trial("an_app_is_set_up_with_keys_alone", keys)]
}

async fn keys(ben: Person) -> Told {
    ben.go("/sign-in").await?;
    ben.arrive("Sign in").await?;
    // The field to begin with has the focus already.
    press(&ben, "ben").await?;
    tab_to(&ben, "Password").await?;
    press(&ben, countersign_tests::gateway::PASSWORD).await?;
    press(&ben, Key::Enter).await?;
    ben.arrive("Two-factor authentication will be required")
        .await?;
    tab_to(&ben, "Set it up now").await?;
    press(&ben, Key::Enter).await?;
    ben.arrive("Set up two-factor authentication").await?;
    tab_to(&ben, "Skip to the content").await?;
    ben.screenshot("keys-skip").await?;
    press(&ben, Key::Enter).await?;
    tab_to(&ben, "Use an app").await?;
    ben.screenshot("keys-focus").await?;
    press(&ben, Key::Enter).await?;

    ben.arrive("Set up your authenticator app").await?;
    tab_to(&ben, "Get a setup key").await?;
    press(&ben, Key::Enter).await?;
    let key = ben.read("#setup-key").await?.replace(' ', "");
    tab_to(&ben, "6-digit code").await?;
    press(&ben, &ben.code(&key)?).await?;
    press(&ben, Key::Enter).await?;
    ben.arrive("Save your recovery code").await?;
    tab_to(&ben, "I have securely saved this code").await?;
    press(&ben, " ").await?;
    tab_to(&ben, "Continue").await?;
    press(&ben, Key::Enter).await?;
    ben.arrive("You are signed in").await
}

/// Presses a key, or types a text, wherever the focus is.
async fn press(person: &Person, keys: impl ToString) -> Told {
    let focused = person.browser.active_element().await.map_err(told)?;
    focused.send_keys(&keys.to_string()).await.map_err(told)
}

/// Presses the Tab key until what is called so has the focus, and makes sure that this is seen each time.
async fn tab_to(person: &Person, name: &str) -> Told {
    for _ in 0..MOST_STOPS {
        press(person, Key::Tab).await?;
        let focused = person.script(FOCUSED, vec![]).await?;
        if focused["outline"] != true {
            return Err(person
                .fault(&format!("the focus to be seen on {}", focused["name"]))
                .await);
        }
        if focused["name"] == name {
            return Ok(());
        }
    }
    Err(person.fault(&format!("to come to {name} by Tab")).await)
}

/// Stops on the longest page.
const MOST_STOPS: usize = 30;

const FOCUSED: &str = "const it = document.activeElement;
    const style = getComputedStyle(it);
    const label = it.labels?.[0]?.innerText ?? it.innerText;
    return { name: label.trim(), outline: it === document.body || (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2) };";
