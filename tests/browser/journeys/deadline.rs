//! From the deadline on.

use libtest_mimic::Trial;

use crate::person::{Person, Told};
use crate::trial::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("after_the_deadline_enrolling_is_all_there_is", required),
        trial(
            "a_session_from_before_the_deadline_is_asked_after_it",
            passes,
        ),
        trial(
            "a_session_from_long_before_it_is_asked_for_the_password_first",
            passes_long_after,
        ),
    ]
}

async fn required(gil: Person) -> Told {
    gil.sign_in("gil").await?;
    gil.arrive("Two-Factor Authentication Required").await?;
    gil.screenshot("required").await?;
    for path in [
        "/",
        "/profile/security",
        "/profile/security/password",
        "/notice",
        "/verify",
        "/recovery-code",
        "/recovery-code.txt",
        "/admin",
        "/admin/globex",
        "/recover",
    ] {
        gil.go(path).await?;
        let shown = gil.read("h1").await?;
        let is_kept_out =
            shown == "Two-Factor Authentication Required" || shown == "There is no such page";
        if !is_kept_out {
            return Err(gil.fault(&format!("to be kept out of {path}")).await);
        }
    }
    gil.go("/enroll").await?;
    gil.click("Set up now").await?;
    let key = gil.scan_and_confirm().await?;
    gil.save_recovery_code().await?;
    gil.arrive("You are signed in").await?;
    gil.sign_out().await?;
    gil.sign_in("gil").await?;
    gil.arrive("How do you want to verify your identity?")
        .await?;
    gil.type_code(&gil.next_code(&key)?, "Verify").await?;
    gil.arrive("You are signed in").await
}

async fn passes(ben: Person) -> Told {
    ben.site.clock.set(DEADLINE - 300);
    ben.sign_in("ben").await?;
    ben.arrive("Two-factor authentication will be required")
        .await?;
    ben.screenshot("nudge-last-day").await?;
    ben.click("Later").await?;
    ben.arrive("You are signed in").await?;
    ben.later(299);
    ben.go("/").await?;
    ben.arrive("You are signed in").await?;
    ben.later(1);
    ben.go("/").await?;
    ben.arrive("Two-Factor Authentication Required").await?;
    ben.click("Set up now").await?;
    ben.scan_and_confirm().await?;
    ben.save_recovery_code().await?;
    ben.arrive("You are signed in").await
}

/// The password is not fresh enough to set up a factor on.
async fn passes_long_after(ben: Person) -> Told {
    ben.site.clock.set(DEADLINE - 1200);
    ben.sign_in("ben").await?;
    ben.arrive("Two-factor authentication will be required")
        .await?;
    ben.click("Later").await?;
    ben.arrive("You are signed in").await?;
    ben.later(1200);
    ben.click("Home").await?;
    ben.arrive("Sign in").await?;
    ben.see("Please type your password again.").await?;
    ben.screenshot("deadline-passed-password").await?;
    ben.sign_in("ben").await?;
    ben.arrive("Two-Factor Authentication Required").await
}

/// When Acme's is: three weeks after the midnight that follows the opening of a site.
const DEADLINE: u64 = 1_790_035_200 + 21 * 24 * 3_600;
