//! "My profile settings": what people change of their own.

use countersign_tests::gateway::PASSWORD;
use libtest_mimic::Trial;

use super::early::set_up_phone;
use crate::person::{Person, Told};
use crate::trial::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("of_both_ways_the_other_can_be_chosen", both),
        trial("an_app_is_changed_and_the_old_one_is_refused", other_app),
        trial("a_recovery_code_and_a_password_are_renewed", renewed),
    ]
}

async fn both(ben: Person) -> Told {
    let (key, _) = ben.enroll_early("ben").await?;
    change(&ben, "Add phone number", &key).await?;
    set_up_phone(&ben).await?;
    ben.arrive("Password & security").await?;
    ben.screenshot("security-both").await?;
    change(&ben, "Prefer text messages", &key).await?;
    ben.arrive("Offer text messages first?").await?;
    ben.screenshot("security-prefer").await?;
    ben.click("Make it the preferred method").await?;
    ben.arrive("Password & security").await?;
    ben.see("It is asked for first from now on.").await?;
    ben.sign_out().await?;
    ben.later(60);

    ben.sign_in("ben").await?;
    ben.arrive("How do you want to verify your identity?")
        .await?;
    ben.see("We will send a text message").await?;
    ben.screenshot("verify-both").await?;
    ben.click("Authenticator app").await?;
    ben.see("Open your authenticator app").await?;
    ben.screenshot("verify-both-app").await?;
    ben.type_code(&ben.code(&key)?, "Verify").await?;
    ben.arrive("You are signed in").await?;

    change(&ben, "Remove phone number", &key).await?;
    ben.arrive("Remove your phone number?").await?;
    ben.screenshot("security-remove").await?;
    ben.click("Remove").await?;
    ben.arrive("Password & security").await?;
    ben.see("It was removed.").await
}

async fn other_app(ben: Person) -> Told {
    let (old, _) = ben.enroll_early("ben").await?;
    ben.go("/profile/security").await?;
    ben.arrive("Password & security").await?;
    ben.screenshot("security").await?;
    change(&ben, "Change authenticator app", &old).await?;
    let new = ben.scan_and_confirm().await?;
    ben.save_recovery_code().await?;
    ben.arrive("Password & security").await?;
    ben.sign_out().await?;
    ben.sign_in("ben").await?;
    ben.arrive("How do you want to verify your identity?")
        .await?;
    ben.type_code(&ben.next_code(&old)?, "Verify").await?;
    ben.see("This code is not right").await?;
    ben.type_code(&ben.code(&new)?, "Verify").await?;
    ben.arrive("You are signed in").await
}

async fn renewed(ben: Person) -> Told {
    let (key, old) = ben.enroll_early("ben").await?;
    change(&ben, "New recovery code", &key).await?;
    ben.arrive("Get a new recovery code?").await?;
    ben.screenshot("security-new-code").await?;
    ben.click("New recovery code").await?;
    let new = ben.save_recovery_code().await?;
    if old == new {
        return Err("the recovery code is the old one".to_owned());
    }
    ben.go("/profile/security").await?;
    ben.arrive("Password & security").await?;
    ben.click("Change password").await?;
    ben.arrive("Change password").await?;
    ben.screenshot("change-password").await?;
    ben.fill("Present password", PASSWORD).await?;
    ben.fill("New password", "a quite different one").await?;
    ben.fill("New password, once more", "another").await?;
    ben.click("Change password").await?;
    ben.see("The two new passwords are not the same.").await?;
    ben.arrive("Change password").await?;
    ben.screenshot("change-password-unlike").await?;
    ben.fill("Present password", PASSWORD).await?;
    ben.fill("New password", "a quite different one").await?;
    ben.fill("New password, once more", "a quite different one")
        .await?;
    ben.click("Change password").await?;
    ben.arrive("Password & security").await?;
    ben.see("Your password was changed.").await?;
    ben.sign_out().await?;
    ben.sign_in("ben").await?;
    ben.find(fantoccini::Locator::Css("[role=alert]"), "why not")
        .await?;
    ben.arrive("Sign in").await
}

/// Begins a change, with the password and a code first.
async fn change(person: &Person, button: &str, key: &str) -> Told {
    // What was verified for another change is good for that time alone.
    person.later(600);
    person.go("/profile/security").await?;
    person.arrive("Password & security").await?;
    person.click(button).await?;
    person.arrive("Confirm your password").await?;
    person.screenshot("confirm-password").await?;
    person.fill("Password", PASSWORD).await?;
    person.click("Continue").await?;
    person
        .arrive("How do you want to verify your identity?")
        .await?;
    if person
        .text()
        .await
        .map_err(crate::told)?
        .contains("We will send")
    {
        person.click("Authenticator app").await?;
    }
    person.type_code(&person.code(key)?, "Verify").await
}
