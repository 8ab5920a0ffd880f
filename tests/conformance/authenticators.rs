//! Codes and pictures of other people's programs.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use countersign_conformance::{Instance, Subject, World};
use countersign_tests::peer::Peer;
use countersign_tests::policy;
use countersign_tests::subject::Component;
use libtest_mimic::{Failed, Trial};
use qrcode::{Color, QrCode};
use serde_json::{Value, json};
use std::sync::Arc;

use crate::{RUNTIME, with_peer};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        with_peer(Peer::Oathtool, "confirms-an-app", || {
            let user = User::who_never_enrolled();
            let setup = user.begin_totp("Example", "ana@example.com");
            let code = user.oathtool(text(&setup, "secret"))?;
            let answer = user.confirm(&code);
            check(answer["ok"]["accepted"].is_object(), &answer)
        }),
        with_peer(Peer::Oathtool, "a-code-is-accepted-once", || {
            let user = User::with_an_app();
            let code = user.oathtool(&user.secret)?;
            let answer = user.sign_in(&code);
            check(answer["ok"]["accepted"].is_object(), &answer)?;
            let spaced = format!("{} {}", &code[..3], &code[3..]);
            let no_break = format!("{}\u{a0}{}", &code[..3], &code[3..]);
            for again in [&code, &spaced, &no_break] {
                let answer = user.sign_in(again);
                check(answer["ok"]["rejected"]["reason"] == "wrong", &answer)?;
            }
            user.world.clock().advance(30);
            let answer = user.sign_in(&code);
            check(answer["ok"]["rejected"]["reason"] == "wrong", &answer)?;
            let answer = user.sign_in(&user.oathtool(&user.secret)?);
            // The streak of the four above is not long enough for a wait.
            check(answer["ok"]["accepted"].is_object(), &answer)
        }),
        with_peer(Peer::Oathtool, "a-code-is-accepted-in-any-spelling", || {
            for spell in [" ", "\u{a0}", "-", "\u{2009}"] {
                let user = User::with_an_app();
                let code = user.oathtool(&user.secret)?;
                let answer = user.sign_in(&format!("{}{spell}{}", &code[..3], &code[3..]));
                check(answer["ok"]["accepted"].is_object(), &answer)?;
            }
            Ok(())
        }),
        with_peer(Peer::Oathtool, "thirty-two-calls-at-once", || {
            let user = User::with_an_app();
            let code = user.oathtool(&user.secret)?;
            let ticket = user.challenge();
            user.world.store().meet(32);
            let calls: Vec<_> = (0..32)
                .map(|_| {
                    let (instance, args) = (user.instance.clone(), verify(&ticket, &code));
                    RUNTIME.spawn(async move { instance.call("verification.verify", &args).await })
                })
                .collect();
            let mut accepted = 0;
            for call in calls {
                let answer = RUNTIME.block_on(call)??;
                accepted += usize::from(answer["ok"]["accepted"].is_object());
            }
            check(accepted == 1, &json!(accepted))
        }),
        with_peer(Peer::Zbarimg, "reads-the-address-from-a-qr-code", || {
            for (issuer, account) in [
                ("Example", "ana@example.com"),
                ("Müller & Co + 100%", "名 / a?b#c"),
            ] {
                let setup = User::who_never_enrolled().begin_totp(issuer, account);
                let uri = text(&setup, "uri");
                let picture = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!(
                    "{}-{}.pgm",
                    std::process::id(),
                    account.len()
                ));
                fs::write(&picture, draw(uri)?)?;
                let output = Command::new("zbarimg")
                    .args(["--quiet", "--raw"])
                    .arg(&picture)
                    .output()?;
                fs::remove_file(&picture)?;
                let read = String::from_utf8(output.stdout)?;
                check(read.trim_end() == uri, &json!({ "read": read }))?;
            }
            Ok(())
        }),
        Trial::test("url/parses-the-address", || {
            let (issuer, account) = ("Müller & Co + 100%", "名 / a?b#c");
            let setup = User::who_never_enrolled().begin_totp(issuer, account);
            let uri = url::Url::parse(text(&setup, "uri"))?;
            check(uri.scheme() == "otpauth", &setup)?;
            check(uri.host_str() == Some("totp"), &setup)?;
            let path = uri.path().trim_start_matches('/').replace('+', "%2B");
            let label = url::form_urlencoded::parse(format!("l={path}").as_bytes())
                .next()
                .map(|(_, label)| label.into_owned());
            check(label == Some(format!("{issuer}:{account}")), &setup)?;
            let parameters: Vec<(String, String)> = uri.query_pairs().into_owned().collect();
            let expected = [
                ("secret", text(&setup, "secret")),
                ("issuer", issuer),
                ("algorithm", "SHA1"),
                ("digits", "6"),
                ("period", "30"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
            check(parameters == expected, &json!(parameters))?;
            check(!text(&setup, "uri").contains('+'), &setup)?;
            let grouped = text(&setup, "grouped-key").replace(' ', "");
            check(grouped == text(&setup, "secret"), &setup)?;
            check(grouped.len() == 32, &setup)
        }),
    ]
}

/// A user of a company whose policy is voluntary, in a world of the real component.
struct User {
    world: World,
    instance: Arc<dyn Instance>,
    ticket: String,
    secret: String,
}

impl User {
    fn who_never_enrolled() -> Self {
        let world = World::new(7);
        let mut user = Self {
            instance: Component.start(&world),
            world,
            ticket: String::new(),
            secret: String::new(),
        };
        user.call("policy.put", &policy::voluntary());
        let answer = user.call("sign-in.begin", &begin("manage-factors"));
        user.ticket = text(&answer["ok"]["enroll"], "ticket").to_owned();
        user
    }

    fn with_an_app() -> Self {
        let mut user = Self::who_never_enrolled();
        let setup = user.begin_totp("Example", "ana@example.com");
        user.secret = text(&setup, "secret").to_owned();
        let app = countersign_conformance::authenticator::Authenticator::scan(&user.secret);
        let code = app.expect("it is a key").code(user.world.clock().time());
        user.confirm(&code);
        user.world.clock().advance(90);
        user
    }

    fn call(&self, function: &str, args: &Value) -> Value {
        let answer = RUNTIME.block_on(self.instance.call(function, args));
        answer.expect("it answers")
    }

    fn begin_totp(&self, issuer: &str, account: &str) -> Value {
        let label = json!({ "issuer": issuer, "account-name": account });
        let args = json!({ "user": "ana", "ticket": self.ticket, "label": label });
        self.call("enrollment.begin-totp", &args)["ok"].clone()
    }

    fn confirm(&self, code: &str) -> Value {
        let args = json!({ "user": "ana", "ticket": self.ticket, "method": "totp", "code": code });
        self.call("enrollment.confirm", &args)
    }

    fn challenge(&self) -> String {
        let answer = self.call("sign-in.begin", &begin("sign-in"));
        text(&answer["ok"]["challenge"], "ticket").to_owned()
    }

    fn sign_in(&self, code: &str) -> Value {
        self.call("verification.verify", &verify(&self.challenge(), code))
    }

    /// Asks OATH Toolkit for the code of now.
    fn oathtool(&self, secret: &str) -> Result<String, Failed> {
        let output = Command::new("oathtool")
            .args(["--totp", "--base32"])
            .arg(format!("--now=@{}", self.world.clock().time()))
            .arg(secret)
            .output()?;
        let code = String::from_utf8(output.stdout)?.trim().to_owned();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        check(code.len() == 6, &json!(error))?;
        Ok(code)
    }
}

fn check(holds: bool, found: &Value) -> Result<(), Failed> {
    match holds {
        true => Ok(()),
        false => Err(format!("found {found}").into()),
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

fn verify(ticket: &str, code: &str) -> Value {
    json!({ "user": "ana", "ticket": ticket, "method": "totp", "code": code, "remember": false })
}

fn begin(purpose: &str) -> Value {
    json!({ "user": "ana", "request": {
        "memberships": [{ "company": "acme", "roles": [], "active": true }],
        "first-factor": { "kind": "password", "age": 0, "channel": "direct" },
        "purpose": purpose,
        "binding-attested": false,
        "known-enrolled": false,
    } })
}

/// Draws a QR code as a portable graymap, with the quiet zone of four modules that ISO/IEC 18004 asks for.
fn draw(uri: &str) -> Result<Vec<u8>, Failed> {
    let code = QrCode::new(uri)?;
    let (modules, side) = (code.to_colors(), code.width());
    let pixels = (side + 2 * QUIET) * SCALE;
    let mut picture = format!("P5 {pixels} {pixels} 255\n").into_bytes();
    for y in 0..pixels {
        for x in 0..pixels {
            let place = |at: usize| (at / SCALE).checked_sub(QUIET).filter(|it| *it < side);
            let module = place(x).zip(place(y)).map(|(x, y)| modules[y * side + x]);
            picture.push(if module == Some(Color::Dark) { 0 } else { 255 });
        }
    }
    Ok(picture)
}

const QUIET: usize = 4;
const SCALE: usize = 4;
