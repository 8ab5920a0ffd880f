//! What is typed wrongly.

use libtest_mimic::Trial;

use crate::person::{Person, Told};
use crate::trial::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial(
            "a_wrong_code_is_said_at_its_field_with_the_tries_left",
            code,
        ),
        trial("a_wrong_password_is_said_and_the_name_kept", password),
    ]
}

async fn code(ben: Person) -> Told {
    let (key, _) = ben.enroll_early("ben").await?;
    ben.sign_out().await?;
    ben.later(60);
    ben.sign_in("ben").await?;
    ben.arrive("How do you want to verify your identity?")
        .await?;
    let right = ben.code(&key)?;
    let wrong = if right == "000000" {
        "000001"
    } else {
        "000000"
    };
    ben.type_code(wrong, "Verify").await?;
    ben.see("You have 4 more tries.").await?;
    // The examination makes sure that the field points to what is announced.
    ben.arrive("How do you want to verify your identity?")
        .await?;
    let said = ben.read("[role=alert]").await?;
    let field = ben.field("6-digit code").await?;
    let is_marked = field.attr("aria-invalid").await.map_err(crate::told)?;
    if is_marked.as_deref() != Some("true") || !said.contains("This code is not right") {
        return Err(ben.fault("the field marked, and why").await);
    }
    ben.screenshot("verify-wrong").await?;
    ben.type_code("12345", "Verify").await?;
    ben.see("6 digits").await?;
    ben.arrive("How do you want to verify your identity?")
        .await?;
    ben.screenshot("verify-malformed").await?;
    ben.type_code(&right, "Verify").await?;
    ben.arrive("You are signed in").await
}

async fn password(ben: Person) -> Told {
    ben.go("/sign-in").await?;
    ben.arrive("Sign in").await?;
    ben.fill("User name", "ben").await?;
    ben.fill("Password", "a guess").await?;
    ben.click("Sign in").await?;
    ben.find(fantoccini::Locator::Css("[role=alert]"), "why not")
        .await?;
    ben.arrive("Sign in").await?;
    ben.screenshot("sign-in-wrong").await?;
    let name = ben.field("User name").await?.prop("value").await;
    match name.map_err(crate::told)?.as_deref() {
        Some("ben") => Ok(()),
        _ => Err(ben.fault("the name to be kept").await),
    }
}
