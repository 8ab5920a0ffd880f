//! Back, twice, in two tabs, too late: what browsers let people do.

use libtest_mimic::Trial;

use crate::person::{Person, Told};
use crate::told;
use crate::trial::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("going_back_after_enrolling_shows_no_key_again", back),
        trial("a_form_that_is_sent_twice_is_taken_once", twice),
        trial("a_second_sign_in_makes_the_first_tab_out_of_date", two_tabs),
        trial("a_page_left_open_for_too_long_says_what_to_do", expired),
    ]
}

async fn back(ben: Person) -> Told {
    let (key, recovery) = ben.enroll_early("ben").await?;
    for _ in 0..3 {
        ben.browser.back().await.map_err(told)?;
        let shown = ben.text().await.map_err(told)?;
        if shown.replace(' ', "").contains(&key) || shown.contains(&recovery) {
            return Err(ben.fault("neither key nor recovery code").await);
        }
    }
    ben.go("/").await?;
    ben.arrive("You are signed in").await
}

async fn twice(ben: Person) -> Told {
    ben.sign_in("ben").await?;
    ben.arrive("Two-factor authentication will be required")
        .await?;
    ben.click("Set it up now").await?;
    ben.click("Use an app").await?;
    ben.arrive("Set up your authenticator app").await?;
    let key = ben.key_in_qr().await?;
    ben.fill("6-digit code", &ben.code(&key)?).await?;
    // Pressed twice, faster than a page can come.
    ben.script(DOUBLE_CLICK, vec![]).await?;
    ben.save_recovery_code().await?;
    ben.arrive("You are signed in").await?;
    ben.sign_out().await?;
    ben.later(60);

    // Sent twice at once, as by a browser that asks again: a code lets in once.
    ben.sign_in("ben").await?;
    ben.arrive("How do you want to verify your identity?")
        .await?;
    let fields = [("method", "totp".to_owned()), ("code", ben.code(&key)?)];
    let (one, other) = tokio::join!(ben.post("/verify", &fields), ben.post("/verify", &fields));
    let ends = [one?, other?];
    match ends.iter().filter(|it| *it == "/countersign/").count() {
        1 => Ok(()),
        n => Err(format!("{n} of two get in; they are led to {ends:?}")),
    }
}

async fn two_tabs(ben: Person) -> Told {
    ben.sign_in("gil").await?;
    ben.arrive("Two-Factor Authentication Required").await?;
    ben.click("Set up now").await?;
    ben.arrive("Set up your authenticator app").await?;
    let key = ben.key_in_qr().await?;
    let first = ben.browser.window().await.map_err(told)?;
    let second = ben.browser.new_window(true).await.map_err(told)?;
    ben.browser
        .switch_to_window(second.handle)
        .await
        .map_err(told)?;
    // Signed out and in again in the other tab.
    ben.go("/enroll").await?;
    ben.arrive("Two-Factor Authentication Required").await?;
    ben.click("Sign out").await?;
    ben.sign_in("gil").await?;
    ben.arrive("Two-Factor Authentication Required").await?;
    ben.browser.switch_to_window(first).await.map_err(told)?;
    ben.type_code(&ben.code(&key)?, "Continue").await?;
    ben.arrive("This page is out of date").await?;
    ben.see("You signed in or out in another tab").await?;
    ben.screenshot("out-of-date").await?;
    ben.click("Continue").await?;
    ben.arrive("Two-Factor Authentication Required").await
}

async fn expired(gil: Person) -> Told {
    gil.sign_in("gil").await?;
    gil.arrive("Two-Factor Authentication Required").await?;
    gil.click("Set up now").await?;
    gil.arrive("Set up your authenticator app").await?;
    let key = gil.key_in_qr().await?;
    gil.later(40 * 60);
    gil.type_code(&gil.code(&key)?, "Continue").await?;
    gil.arrive("Sign in").await?;
    gil.see("Please sign in again.").await?;
    gil.screenshot("expired").await?;
    gil.sign_in("gil").await?;
    gil.arrive("Two-Factor Authentication Required").await
}

const DOUBLE_CLICK: &str =
    "const button = document.querySelector('main form button'); button.click(); button.click();";
