//! A lost device.

use libtest_mimic::Trial;
use serde_json::json;

use crate::person::{Person, Told};
use crate::trial::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("a_recovery_code_sets_up_a_new_device_once", lost),
        trial("a_printed_recovery_code_is_the_code_alone", printed),
    ]
}

async fn lost(ben: Person) -> Told {
    let (old_key, old_code) = ben.enroll_early("ben").await?;
    ben.sign_out().await?;
    ben.later(60);

    ben.sign_in("ben").await?;
    ben.arrive("How do you want to verify your identity?")
        .await?;
    ben.click("Enter recovery code instead").await?;
    ben.arrive("Enter your recovery code").await?;
    ben.screenshot("recover").await?;
    ben.fill("Recovery code", "not all of it").await?;
    ben.click("Continue").await?;
    ben.see("A recovery code has 26 letters and digits.")
        .await?;
    ben.arrive("Enter your recovery code").await?;
    ben.screenshot("recover-malformed").await?;
    ben.fill("Recovery code", &old_code.to_lowercase()).await?;
    ben.click("Continue").await?;
    ben.arrive("Set up your new device").await?;
    ben.screenshot("recover-new-device").await?;
    ben.click("Use an app").await?;
    let new_key = ben.scan_and_confirm().await?;
    let new_code = ben.save_recovery_code().await?;
    if new_code == old_code || new_key == old_key {
        return Err("a new device has a new key and a new recovery code".to_owned());
    }
    ben.arrive("You are signed in").await?;
    ben.sign_out().await?;

    ben.sign_in("ben").await?;
    ben.arrive("How do you want to verify your identity?")
        .await?;
    ben.type_code(&ben.next_code(&old_key)?, "Verify").await?;
    ben.see("This code is not right").await?;
    ben.click("Enter recovery code instead").await?;
    ben.arrive("Enter your recovery code").await?;
    ben.fill("Recovery code", &old_code).await?;
    ben.click("Continue").await?;
    ben.see("This is not your recovery code.").await?;
    ben.arrive("Enter your recovery code").await?;
    ben.screenshot("recover-used").await?;
    ben.click("Use a code instead").await?;
    ben.arrive("How do you want to verify your identity?")
        .await?;
    ben.type_code(&ben.next_code(&new_key)?, "Verify").await?;
    ben.arrive("You are signed in").await
}

async fn printed(ben: Person) -> Told {
    ben.sign_in("ben").await?;
    ben.arrive("Two-factor authentication will be required")
        .await?;
    ben.click("Set it up now").await?;
    ben.click("Use an app").await?;
    ben.scan_and_confirm().await?;
    ben.arrive("Save your recovery code").await?;
    let code = ben.read("#recovery-code").await?;
    ben.prefer("print", "dark").await?;
    let shown = ben.text().await.map_err(crate::told)?;
    let colours = ben.script(COLOURS, vec![]).await?;
    ben.prefer("screen", "light").await?;
    if !shown.contains(&code) {
        return Err("the code is not on paper".to_owned());
    }
    for not_on_paper in ["Continue", "Download", "Sign out", "I have securely saved"] {
        if shown.contains(not_on_paper) {
            return Err(format!("on paper there is \"{not_on_paper}\""));
        }
    }
    let black_on_white = json!(["rgb(0, 0, 0)", "rgb(255, 255, 255)"]);
    if colours != black_on_white {
        return Err(format!("on paper the code is in the colours {colours}"));
    }
    let document = ben.devtools("Page.printToPDF", json!({ "printBackground": false }));
    let document = document.await?;
    // "%PDF-", in base 64.
    let is_document = document["data"]
        .as_str()
        .is_some_and(|it| it.starts_with("JVBERi"));
    match is_document {
        true => Ok(()),
        false => Err("the page is not printed".to_owned()),
    }
}

/// Those of the code and of the paper.
const COLOURS: &str = "return [getComputedStyle(document.getElementById('recovery-code')).color, \
                       getComputedStyle(document.body).backgroundColor]";
