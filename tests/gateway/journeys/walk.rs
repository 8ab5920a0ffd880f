//! The long way round, as one person walks it.

use countersign_host::contract::Method;
use libtest_mimic::Trial;

use super::{Journey, expect, expect_said, trial};

pub(super) fn trials() -> Vec<Trial> {
    vec![trial(
        "person_enrolls_adds_a_phone_changes_the_app_removes_it_and_recovers",
        "ben",
        walk,
    )]
}

async fn walk(mut ben: Journey) -> Result<(), String> {
    let page = ben.sign_in().await?;
    expect(&page, "Two-factor authentication will be required")?;
    let page = ben.press("/notice", &[("answer", "now")]).await?;
    expect(&page, "Set up two-factor authentication")?;
    let page = ben.open("/enroll/app").await?;
    expect(&page, "Set up your authenticator app")?;
    let page = ben.set_up_app().await?;
    expect(&page, "Save your recovery code")?;
    let (first_code, page) = ben.save_code().await?;
    expect(&page, "You are signed in")?;

    let page = ben.open("/profile/security").await?;
    expect(&page, "Password & security")?;
    expect_said(&page, "from 13 October 2026")?;
    expect_said(&page, "You said that you saved it.")?;
    // Enrolling left a ticket that changes can be begun with: nothing is asked twice.
    expect_said(&page, "You can make changes until")?;

    ben.site.clock.advance(301);
    let page = ben.ask_for("phone").await?;
    expect(&page, "Set up text messages")?;
    let page = ben.set_up_phone("+34 600 123 456").await?;
    expect(&page, "Password & security")?;
    expect_said(&page, "Add")
        .err()
        .ok_or("nothing is left to add")?;
    assert_eq!(ben.methods().await.len(), 2);

    let page = ben
        .press("/profile/security/change", &[("wish", "prefer-phone")])
        .await?;
    expect(&page, "Offer text messages first?")?;
    let page = ben.press("/profile/security/prefer", &[]).await?;
    expect_said(&page, "Text messages. Prefer the authenticator app")?;

    let page = ben
        .press("/profile/security/change", &[("wish", "app")])
        .await?;
    expect_said(&page, "Your present app goes on working")?;
    let page = ben.set_up_app().await?;
    expect(&page, "Save your recovery code")?;
    let (second_code, page) = ben.save_code().await?;
    assert_ne!(first_code, second_code);
    expect(&page, "Password & security")?;

    let page = ben
        .press("/profile/security/change", &[("wish", "remove-app")])
        .await?;
    expect(&page, "Remove your authenticator app?")?;
    expect_said(&page, "Your phone number stays.")?;
    let page = ben.press("/profile/security/remove", &[]).await?;
    expect_said(&page, "It was removed.")?;
    assert_eq!(ben.methods().await, [Method::Sms]);

    let page = ben.press("/sign-out", &[]).await?;
    expect_said(&page, "You are signed out.")?;
    ben.site.clock.advance(3_600);
    let page = ben.sign_in().await?;
    expect(&page, "How do you want to verify your identity?")?;
    let page = ben.verify_by_text().await?;
    expect(&page, "You are signed in")?;
    ben.press("/sign-out", &[]).await?;

    ben.sign_in().await?;
    ben.open("/recover").await?;
    let page = ben.press("/recover", &[("code", &second_code)]).await?;
    expect(&page, "Set up your new device")?;
    ben.open("/enroll/app").await?;
    let page = ben.set_up_app().await?;
    expect(&page, "Save your recovery code")?;
    let (_, page) = ben.save_code().await?;
    expect(&page, "You are signed in")?;
    assert_eq!(ben.methods().await, [Method::Totp]);
    Ok(())
}
