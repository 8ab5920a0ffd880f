//! Somebody at a browser, who sees pages and does to them what people do.

use std::fmt::Display;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use countersign_host::clock::Clock;
use countersign_tests::gateway::{PASSWORD, Site};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::{Client, Locator};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION};
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::driver::{Extra, Scripts};
use crate::{examination, screenshots, told};

/// Somebody at a browser of their own, and the gateway that they come to.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) browser: Client,
    pub(crate) site: Arc<Site>,
    /// What the trial is called in the names of its screenshots.
    pub(crate) journey: &'static str,
    pub(crate) scripts: Scripts,
}

/// How a step went, or what was there instead of what was expected.
pub(crate) type Told<T = ()> = Result<T, String>;

impl Person {
    /// Types an address, below the gateway's prefix.
    pub(crate) async fn go(&self, path: &str) -> Told {
        let address = format!("{}/countersign{path}", self.site.url());
        self.browser.goto(&address).await.map_err(told)
    }

    /// Waits for the page with a heading, and examines it.
    pub(crate) async fn arrive(&self, heading: &str) -> Told {
        self.until(&format!("the page \"{heading}\""), async || {
            let found = self.browser.find_all(Locator::Css("h1")).await?;
            let Some(found) = found.first() else {
                return Ok(None);
            };
            let is_there = found.text().await? == heading && self.is_loaded().await?;
            Ok(is_there.then_some(()))
        })
        .await?;
        examination::examine(self).await
    }

    /// Waits for a text on the page.
    pub(crate) async fn see(&self, text: &str) -> Told {
        self.until(&format!("the text \"{text}\""), async || {
            Ok(self.text().await?.contains(text).then_some(()))
        })
        .await
    }

    /// Presses what is called so: a button, a link, or the summary of details.
    pub(crate) async fn click(&self, name: &str) -> Told {
        let path = format!(
            "(//button|//a|//summary)[normalize-space()={0} or @aria-label={0}]",
            quoted(name)
        );
        let element = self.find(Locator::XPath(&path), name).await?;
        element.click().await.map_err(told)
    }

    /// Types into the field with a label, in place of what it holds.
    pub(crate) async fn fill(&self, label: &str, text: &str) -> Told {
        let field = self.field(label).await?;
        field.clear().await.map_err(told)?;
        field.send_keys(text).await.map_err(told)
    }

    /// Ticks the box with a label, or chooses it.
    pub(crate) async fn tick(&self, label: &str) -> Told {
        self.field(label).await?.click().await.map_err(told)
    }

    /// Returns the field with a label.
    pub(crate) async fn field(&self, label: &str) -> Told<Element> {
        let quoted = quoted(label);
        let path = format!(
            "//*[self::input or self::select or self::textarea][@id=//label[normalize-space()={quoted}]/@for or \
             ancestor::label[normalize-space()={quoted}]]"
        );
        self.find(Locator::XPath(&path), label).await
    }

    /// Returns the text of the element that a selector finds.
    pub(crate) async fn read(&self, selector: &str) -> Told<String> {
        let element = self.find(Locator::Css(selector), selector).await?;
        element.text().await.map_err(told)
    }

    /// Comes to sign in, and types name and password.
    pub(crate) async fn sign_in(&self, name: &str) -> Told {
        self.go("/sign-in").await?;
        self.arrive("Sign in").await?;
        self.fill("User name", name).await?;
        self.fill("Password", PASSWORD).await?;
        self.click("Sign in").await
    }

    pub(crate) async fn sign_out(&self) -> Told {
        self.click("Sign out").await?;
        self.arrive("Sign in").await?;
        self.see("You are signed out.").await
    }

    /// Types a code where one is asked for, and goes on by the button called so.
    pub(crate) async fn type_code(&self, code: &str, button: &str) -> Told {
        self.fill("6-digit code", code).await?;
        self.click(button).await
    }

    /// Sets up the app that the page shows, and returns its key as the phone's camera has it.
    pub(crate) async fn scan_and_confirm(&self) -> Told<String> {
        self.arrive("Set up your authenticator app").await?;
        let key = self.key_in_qr().await?;
        self.type_code(&self.code(&key)?, "Continue").await?;
        Ok(key)
    }

    /// Says to have saved the recovery code that the page shows, and returns it.
    pub(crate) async fn save_recovery_code(&self) -> Told<String> {
        self.arrive("Save your recovery code").await?;
        let code = self.read("#recovery-code").await?;
        self.tick("I have securely saved this code").await?;
        self.click("Continue").await?;
        Ok(code)
    }

    /// Signs in, sets up an app early and saves the recovery code; returns key and code.
    pub(crate) async fn enroll_early(&self, name: &str) -> Told<(String, String)> {
        self.sign_in(name).await?;
        self.arrive("Two-factor authentication will be required")
            .await?;
        self.click("Set it up now").await?;
        self.arrive("Set up two-factor authentication").await?;
        self.click("Use an app").await?;
        let key = self.scan_and_confirm().await?;
        let recovery = self.save_recovery_code().await?;
        self.arrive("You are signed in").await?;
        Ok((key, recovery))
    }

    /// Reads the QR code on the page with a program for it, and returns the key in its address.
    pub(crate) async fn key_in_qr(&self) -> Told<String> {
        let address = self.read_qr().await?;
        let (_, key) = address
            .split_once("secret=")
            .ok_or("the address has a key")?;
        Ok(key.split('&').next().unwrap_or_default().to_owned())
    }

    /// Reads the QR code on the page as a camera would: from its picture.
    pub(crate) async fn read_qr(&self) -> Told<String> {
        let element = self.find(Locator::Css(".qr"), "the QR code").await?;
        let picture = element.screenshot().await.map_err(told)?;
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!(
            "{}-{}.png",
            std::process::id(),
            self.journey
        ));
        fs::write(&file, picture).map_err(told)?;
        let output = Command::new("zbarimg")
            .args(["--raw", "-q"])
            .arg(&file)
            .output();
        fs::remove_file(&file).map_err(told)?;
        let output = output.map_err(told)?;
        let read = String::from_utf8(output.stdout).map_err(told)?;
        match read.trim() {
            "" => Err("zbarimg reads nothing in the picture of the QR code".to_owned()),
            address => Ok(address.to_owned()),
        }
    }

    /// Returns the code that an app with a key shows now.
    pub(crate) fn code(&self, key: &str) -> Told<String> {
        let now = self.site.clock.now().map_err(told)?;
        let output = Command::new("oathtool")
            .args(["--totp", "-b", "-N", &format!("@{now}"), key])
            .output()
            .map_err(told)?;
        match output.status.success() {
            true => Ok(String::from_utf8(output.stdout)
                .map_err(told)?
                .trim()
                .to_owned()),
            false => Err("oathtool takes no such key".to_owned()),
        }
    }

    /// Returns the code in the newest text message.
    pub(crate) fn texted(&self) -> Told<String> {
        let messages = self.site.texts.messages();
        let message = messages.last().ok_or("no text message was sent")?;
        Ok(message.code.to_string())
    }

    /// Lets time pass at the gateway.
    pub(crate) fn later(&self, seconds: u64) {
        self.site.clock.advance(seconds);
    }

    /// Lets so much time pass that an app shows another code.
    pub(crate) fn next_code(&self, key: &str) -> Told<String> {
        self.later(30);
        self.code(key)
    }

    /// Sends a form past the page, with the page's cookies and mark, and returns where that leads.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, String)]) -> Told<String> {
        let mark = self
            .browser
            .find(Locator::Css("input[name=form-token]"))
            .await
            .map_err(told)?;
        let mark = mark.prop("value").await.map_err(told)?.unwrap_or_default();
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.append_pair("form-token", &mark).extend_pairs(fields);
        let cookies = self.browser.get_all_cookies().await.map_err(told)?;
        let cookies: Vec<_> = cookies
            .iter()
            .map(|it| format!("{}={}", it.name(), it.value()))
            .collect();
        let own = self.site.url();
        let request =
            hyper::Request::post(format!("http://{}/countersign{path}", self.site.address()))
                .header(HOST, own.trim_start_matches("http://"))
                .header(COOKIE, cookies.join("; "))
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Full::new(Bytes::from(body.finish())))
                .map_err(told)?;
        let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
            .build_http::<Full<Bytes>>();
        let response = client.request(request).await.map_err(told)?;
        let location = response.headers().get(LOCATION);
        let location = location.and_then(|it| it.to_str().ok());
        Ok(location.map_or_else(|| response.status().to_string(), str::to_owned))
    }

    /// Runs a script in the page and returns what it does.
    pub(crate) async fn script(&self, script: &str, arguments: Vec<Value>) -> Told<Value> {
        let done = self.browser.execute(script, arguments).await;
        done.map_err(told)
    }

    /// Asks the browser for what only its own protocol has.
    pub(crate) async fn devtools(&self, command: &'static str, parameters: Value) -> Told<Value> {
        let done = self.browser.issue_cmd(Extra::Devtools(command, parameters));
        done.await.map_err(|error| format!("{command}: {error}"))
    }

    /// Gives the page a size, in CSS pixels.
    pub(crate) async fn resize(&self, width: u32, height: u32) -> Told {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size)
            .await?;
        Ok(())
    }

    /// Sets what pages ask about by media queries: `screen` or `print`, and `light` or `dark`.
    pub(crate) async fn prefer(&self, medium: &str, scheme: &str) -> Told {
        let media = json!({
            "media": medium,
            "features": [{ "name": "prefers-color-scheme", "value": scheme }],
        });
        self.devtools("Emulation.setEmulatedMedia", media).await?;
        Ok(())
    }

    /// Keeps pictures of the page: wide, narrow and dark.
    pub(crate) async fn screenshot(&self, step: &str) -> Told {
        screenshots::take(self, step).await
    }

    /// Waits until there is an element, and returns it.
    pub(crate) async fn find(&self, locator: Locator<'_>, name: &str) -> Told<Element> {
        self.until(&format!("\"{name}\""), async || {
            let found = self.browser.find_all(locator).await?;
            for element in found {
                if element.is_displayed().await? {
                    return Ok(Some(element));
                }
            }
            Ok(None)
        })
        .await
    }

    /// Says what was expected, with what is there instead.
    pub(crate) async fn fault(&self, expected: &str) -> String {
        let address = self.browser.current_url().await;
        let address = address.map_or_else(told, |it| it.to_string());
        let text = self.text().await.unwrap_or_else(told);
        let size = screenshots::keep_fault(self).await;
        let kept = size.map_or_else(|error| error, |path| path.display().to_string());
        format!("expected {expected}; {address} shows:\n{text}\n({kept})")
    }

    /// Returns the text of the page, as it is seen.
    pub(crate) async fn text(&self) -> Result<String, CmdError> {
        self.browser.find(Locator::Css("body")).await?.text().await
    }

    async fn is_loaded(&self) -> Result<bool, CmdError> {
        if self.scripts == Scripts::Off {
            return Ok(true);
        }
        let state = self.browser.execute("return document.readyState", vec![]);
        Ok(state.await? == "complete")
    }

    /// Asks again and again until there is what is expected. A page that goes away meanwhile is no fault.
    async fn until<T>(
        &self,
        expected: &str,
        ask: impl AsyncFn() -> Result<Option<T>, CmdError>,
    ) -> Told<T> {
        let end = Instant::now() + PATIENCE;
        loop {
            let answer = ask().await;
            if let Ok(Some(found)) = answer {
                return Ok(found);
            }
            if Instant::now() > end {
                let error = answer.err().map(|it| it.to_string()).unwrap_or_default();
                return Err(self.fault(&format!("{expected} {error}")).await);
            }
            sleep(EVERY).await;
        }
    }
}

/// Writes a text as a string of XPath, which knows no escapes.
fn quoted(text: impl Display) -> String {
    format!("\"{text}\"")
}

/// How long a page may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often is looked whether it is there.
const EVERY: Duration = Duration::from_millis(25);
