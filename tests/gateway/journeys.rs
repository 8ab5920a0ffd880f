//! What people do with a browser, page by page.

mod changes;
mod walk;
mod words;

use std::future::Future;

use countersign_conformance::authenticator::Authenticator;
use countersign_host::clock::Clock as _;
use countersign_host::contract::policy::Policy;
use countersign_host::contract::{Actor, Method};
use countersign_tests::gateway::{PASSWORD, Site};
use countersign_tests::visitor::{Page, Visitor};
use libtest_mimic::{Failed, Trial};

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = walk::trials();
    trials.extend(changes::trials());
    trials.extend(words::trials());
    trials
}

/// Somebody at a gateway of their own: their browser and their app.
struct Journey {
    site: Site,
    name: &'static str,
    browser: Visitor,
    app: Option<Authenticator>,
}

impl Journey {
    async fn of(name: &'static str) -> Result<Self, String> {
        let site = Site::start().await?;
        let browser = Visitor::at(&site.url());
        Ok(Self {
            site,
            name,
            browser,
            app: None,
        })
    }

    /// Opens a page, below the prefix.
    async fn open(&mut self, path: &str) -> Result<Page, String> {
        self.browser.open(&below(path)).await
    }

    /// Sends a form of the page on the screen.
    async fn press(&mut self, action: &str, fields: &[(&str, &str)]) -> Result<Page, String> {
        self.browser.press(&below(action), fields).await
    }

    async fn sign_in(&mut self) -> Result<Page, String> {
        self.open("/sign-in").await?;
        let typed = [("name", self.name), ("password", PASSWORD)];
        self.press("/sign-in", &typed).await
    }

    /// Scans the code on the screen, and types the first one of the app.
    async fn set_up_app(&mut self) -> Result<Page, String> {
        let page = self.browser.page().clone();
        let key = page
            .element("setup-key")
            .ok_or_else(|| format!("no key: {page:?}"))?;
        let app = Authenticator::scan(&key.replace(' ', ""))?;
        let code = app.code(self.now());
        self.app = Some(app);
        self.press("/enroll/app", &[("code", &code)]).await
    }

    /// Ticks that the recovery code is saved, and returns it with the page that follows.
    async fn save_code(&mut self) -> Result<(String, Page), String> {
        let page = self.browser.page().clone();
        let code = page
            .element("recovery-code")
            .ok_or_else(|| format!("no code: {page:?}"))?;
        let next = self.press("/recovery-code", &[("saved", "yes")]).await?;
        Ok((code, next))
    }

    /// Signs somebody in who never was, by way of an app; ends on the home page.
    async fn enroll(&mut self) -> Result<String, String> {
        let page = self.sign_in().await?;
        if page.has_form(&below("/notice")) {
            self.press("/notice", &[("answer", "now")]).await?;
        }
        self.open("/enroll/app").await?;
        self.set_up_app().await?;
        let (code, page) = self.save_code().await?;
        expect(&page, "You are signed in")?;
        Ok(code)
    }

    /// Leads from the profile to a change: the button, the password, a code of the app.
    async fn ask_for(&mut self, wish: &str) -> Result<Page, String> {
        self.open("/profile/security").await?;
        let page = self
            .press("/profile/security/change", &[("wish", wish)])
            .await?;
        expect(&page, "Confirm your password")?;
        let page = self
            .press("/profile/security/password", &[("password", PASSWORD)])
            .await?;
        expect(&page, "How do you want to verify your identity?")?;
        self.verify_by_app().await
    }

    /// Types a code of the app that was not used yet.
    async fn verify_by_app(&mut self) -> Result<Page, String> {
        self.site.clock.advance(30);
        let code = self.code();
        if !self.browser.page().text().contains("value=\"totp\"") {
            self.open("/verify?method=totp").await?;
        }
        self.press("/verify", &[("code", &code)]).await
    }

    /// Asks for a text message and types its code.
    async fn verify_by_text(&mut self) -> Result<Page, String> {
        self.open("/verify?method=sms").await?;
        self.press("/verify/send", &[]).await?;
        let code = self.texted();
        self.press("/verify", &[("code", &code)]).await
    }

    /// Types a number, and the code that it gets.
    async fn set_up_phone(&mut self, number: &str) -> Result<Page, String> {
        let page = self.press("/enroll/phone", &[("number", number)]).await?;
        expect(&page, "Type the code from the text message")?;
        let code = self.texted();
        self.press("/enroll/phone/code", &[("code", &code)]).await
    }

    fn now(&self) -> u64 {
        self.site.clock.now().expect("it stands still")
    }

    fn code(&self) -> String {
        let app = self.app.as_ref().expect("there is an app");
        app.code(self.now())
    }

    fn wrong_code(&self, n: usize) -> String {
        let app = self.app.as_ref().expect("there is an app");
        app.wrong_code(self.now(), n)
    }

    /// Returns the code of the newest text message.
    fn texted(&self) -> String {
        let messages = self.site.texts.messages();
        messages.last().expect("there is a message").code.clone()
    }

    fn user(&self) -> String {
        format!("u-{}", self.name)
    }

    /// Returns the methods that are set up, by the plugin's word.
    async fn methods(&self) -> Vec<Method> {
        let mfa = &self.site.gateway.mfa;
        let status = mfa.administration().status(&self.user()).await;
        let status = status.expect("it answers");
        status.factors.iter().map(|it| it.method).collect()
    }

    /// Changes a company's policy.
    async fn change_policy(&self, company: &str, change: impl FnOnce(&mut Policy)) {
        let policies = self.site.gateway.mfa.policy();
        let stored = policies.get(company).await.expect("it answers");
        let mut stored = stored.expect("there is one");
        change(&mut stored.policy);
        let actor = Actor::Operator("test".to_owned());
        policies
            .put(company, &stored.policy, Some(stored.revision), &actor, true)
            .await
            .expect("it is taken");
    }
}

/// Makes a trial of what somebody of the demo does.
fn trial<F: Future<Output = Result<(), String>> + Send + 'static>(
    sentence: &str,
    name: &'static str,
    run: impl FnOnce(Journey) -> F + Send + 'static,
) -> Trial {
    Trial::test(sentence, move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        runtime
            .block_on(async { run(Journey::of(name).await?).await })
            .map_err(Failed::from)
    })
}

fn below(path: &str) -> String {
    format!("/countersign{path}")
}

/// Requires a page's heading.
fn expect(page: &Page, heading: &str) -> Result<(), String> {
    match page.heading() == heading {
        true => Ok(()),
        false => Err(format!("expected {heading:?}, found {page:?}")),
    }
}

/// Requires that a page says something.
fn expect_said(page: &Page, words: &str) -> Result<(), String> {
    match page.says(words) {
        true => Ok(()),
        false => Err(format!("expected {words:?}, found {page:?}")),
    }
}
