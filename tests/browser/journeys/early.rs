//! Before the deadline: set up early, by app, by phone, by both, or later.

use libtest_mimic::Trial;

use crate::driver::Scripts;
use crate::person::{Person, Told};
use crate::trial::{trial, trial_with};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("an_app_is_set_up_early_and_then_signs_in", by_app),
        trial_with(
            "an_app_is_set_up_and_signs_in_without_scripts",
            Scripts::Off,
            by_app,
        ),
        trial("a_phone_is_set_up_early_and_then_signs_in", by_phone),
        trial("whoever_answers_later_gets_on", later),
    ]
}

async fn by_app(ben: Person) -> Told {
    ben.go("/").await?;
    ben.arrive("Sign in").await?;
    ben.screenshot("sign-in").await?;
    ben.sign_in("ben").await?;
    ben.arrive("Two-factor authentication will be required")
        .await?;
    ben.see("13 October 2026").await?;
    ben.screenshot("early-nudge").await?;
    ben.click("Set it up now").await?;
    ben.arrive("Set up two-factor authentication").await?;
    ben.screenshot("early-ways").await?;
    ben.click("Use an app").await?;

    ben.arrive("Set up your authenticator app").await?;
    ben.screenshot("early-app-qr").await?;
    let key = ben.key_in_qr().await?;
    ben.click("Get a setup key").await?;
    let shown = ben.read("#setup-key").await?.replace(' ', "");
    equal(
        &shown,
        &key,
        "the key that is shown, and that of the QR code",
    )?;
    ben.screenshot("early-app-key").await?;
    ben.type_code(&ben.code(&key)?, "Continue").await?;

    ben.arrive("Save your recovery code").await?;
    ben.screenshot("recovery-code").await?;
    ben.click("Continue").await?;
    ben.see("Save the code first, then tick the box.").await?;
    ben.arrive("Save your recovery code").await?;
    ben.screenshot("recovery-code-not-saved").await?;
    ben.save_recovery_code().await?;
    ben.arrive("You are signed in").await?;
    ben.see("Two-factor authentication is on: authenticator app.")
        .await?;
    ben.screenshot("home").await?;

    ben.sign_out().await?;
    ben.screenshot("signed-out").await?;
    ben.sign_in("ben").await?;
    ben.arrive("How do you want to verify your identity?")
        .await?;
    ben.screenshot("verify-app").await?;
    ben.type_code(&ben.next_code(&key)?, "Verify").await?;
    ben.arrive("You are signed in").await
}

async fn by_phone(ben: Person) -> Told {
    ben.sign_in("ben").await?;
    ben.arrive("Two-factor authentication will be required")
        .await?;
    ben.click("Set it up now").await?;
    ben.arrive("Set up two-factor authentication").await?;
    ben.click("Use text messages").await?;
    set_up_phone(&ben).await?;
    ben.save_recovery_code().await?;
    ben.arrive("You are signed in").await?;
    ben.see("Two-factor authentication is on: text messages.")
        .await?;

    ben.sign_out().await?;
    ben.later(60);
    ben.sign_in("ben").await?;
    ben.arrive("How do you want to verify your identity?")
        .await?;
    ben.screenshot("verify-send").await?;
    ben.click("Send code").await?;
    ben.see("A text message with a code is on its way.").await?;
    ben.arrive("How do you want to verify your identity?")
        .await?;
    ben.screenshot("verify-phone").await?;
    // What went out is to be seen on a page of its own, which opens beside this one.
    let here = ben.browser.window().await.map_err(crate::told)?;
    let beside = ben.browser.new_window(true).await.map_err(crate::told)?;
    let open = |window| ben.browser.switch_to_window(window);
    open(beside.handle).await.map_err(crate::told)?;
    ben.go("/outbox").await?;
    ben.arrive("Outbox").await?;
    ben.see(&ben.texted()?).await?;
    ben.screenshot("outbox").await?;
    open(here).await.map_err(crate::told)?;
    ben.type_code(&ben.texted()?, "Verify").await?;
    ben.arrive("You are signed in").await
}

/// From the page for a number to the code that was sent.
pub(super) async fn set_up_phone(person: &Person) -> Told {
    person.arrive("Set up text messages").await?;
    person.screenshot("early-phone").await?;
    person
        .field("Country")
        .await?
        .select_by_label("Spain (+34)")
        .await
        .map_err(crate::told)?;
    person.fill("Mobile number", "612 345 678").await?;
    person.click("Send code").await?;
    person.arrive("Type the code from the text message").await?;
    person
        .see("A text message with a code is on its way.")
        .await?;
    person.screenshot("early-phone-code").await?;
    person.type_code(&person.texted()?, "Continue").await
}

async fn later(ben: Person) -> Told {
    ben.sign_in("ben").await?;
    ben.arrive("Two-factor authentication will be required")
        .await?;
    ben.click("Later").await?;
    ben.arrive("You are signed in").await?;
    ben.see("Two-factor authentication is not set up for you.")
        .await?;
    ben.screenshot("home-not-set-up").await?;
    // It is asked once a sign-in.
    ben.go("/").await?;
    ben.arrive("You are signed in").await
}

/// Compares two things that a page should show alike.
fn equal(one: &str, other: &str, what: &str) -> Told {
    match one == other {
        true => Ok(()),
        false => Err(format!("{what} are not the same")),
    }
}
