//! What people do on the pages.

use countersign_conformance::authenticator::Authenticator;
use countersign_host::clock::FixedClock;
use countersign_tests::gateway::PASSWORD;
use countersign_tests::visitor::{Page, Visitor};

/// Types name and password on the page that is open.
pub(crate) async fn type_password(visitor: &mut Visitor, name: &str) -> Page {
    let fields = [("name", name), ("password", PASSWORD)];
    let pressed = visitor.press("/countersign/sign-in", &fields).await;
    pressed.expect("there is a page")
}

/// Signs in by the password alone.
pub(crate) async fn sign_in(visitor: &mut Visitor, name: &str) -> Page {
    let opened = visitor.open("/countersign/sign-in").await;
    opened.expect("there is a page");
    type_password(visitor, name).await
}

/// Signs in, where enrolling is due, and sets up an app; returns it, and the recovery code.
pub(crate) async fn enroll(
    visitor: &mut Visitor,
    name: &str,
    clock: &FixedClock,
) -> (Authenticator, String) {
    let page = sign_in(visitor, name).await;
    assert_eq!(page.path(), "/countersign/enroll", "{page:?}");
    set_up_app(visitor, clock).await
}

/// Sets up an app, and saves the recovery code.
pub(crate) async fn set_up_app(
    visitor: &mut Visitor,
    clock: &FixedClock,
) -> (Authenticator, String) {
    let page = visitor.open("/countersign/enroll/app").await;
    let page = page.expect("there is a page");
    let key = page.element("setup-key").expect("it is shown");
    let app = Authenticator::scan(&key.replace(' ', "")).expect("it is a key");
    let code = app.code(now(clock));
    let page = visitor
        .press("/countersign/enroll/app", &[("code", &code)])
        .await
        .expect("there is a page");
    let recovery = page.element("recovery-code").expect("it is shown");
    let page = visitor
        .press("/countersign/recovery-code", &[("saved", "yes")])
        .await
        .expect("there is a page");
    assert_eq!(page.status(), 200, "{page:?}");
    // A code of this step is spent.
    clock.advance(30);
    (app, recovery)
}

/// Types a code of the app on the page that is open.
pub(crate) async fn type_code(
    visitor: &mut Visitor,
    app: &Authenticator,
    clock: &FixedClock,
) -> Page {
    let code = app.code(now(clock));
    let page = visitor
        .press("/countersign/verify", &[("code", &code)])
        .await;
    clock.advance(30);
    page.expect("there is a page")
}

pub(crate) fn now(clock: &FixedClock) -> u64 {
    use countersign_host::clock::Clock as _;
    clock.now().expect("it tells the time")
}

/// Returns the mark of a page's forms.
pub(crate) fn mark(page: &Page) -> String {
    let (_, rest) = page
        .text()
        .split_once("name=\"form-token\" value=\"")
        .expect("it is marked");
    rest.split('"').next().expect("it ends").to_owned()
}
