//! Mail, as a server gets it.

use std::path::Path;
use std::sync::Arc;

use countersign_gateway::mail::{Mail, MailConfigError, MailError, MailId, Mailer, SmtpMailer};
use countersign_host::clock::FixedClock;
use countersign_host::random::SystemRandom;
use countersign_tests::peer::Peer;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::mail_server::{Identity, MailServer};
use crate::place::{config, finish, trial};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        peer_trial(
            "smtp_mail_arrives_with_its_headers_over_one_connection",
            arrives,
        ),
        peer_trial("smtp_mail_cannot_add_a_header_or_a_reader", no_injection),
        peer_trial("smtp_account_is_shown_after_starttls", starttls),
        peer_trial("smtp_account_is_shown_over_tls", implicit_tls),
        peer_trial("smtp_wrong_certificate_gets_nothing", wrong_certificate),
        peer_trial("smtp_server_without_starttls_gets_nothing", no_starttls),
        peer_trial(
            "smtp_what_is_said_before_encryption_begins_is_not_taken_for_the_servers",
            said_before,
        ),
        peer_trial("smtp_wrong_password_is_not_the_mails_fault", wrong_password),
        peer_trial("smtp_answers_tell_refused_from_deferred", answers),
        peer_trial("smtp_server_that_comes_back_gets_mail_again", comes_back),
        trial("smtp_settings_that_do_not_fit_are_named", settings),
    ]
}

pub(crate) fn peer_trial<F: Future<Output = ()> + Send + 'static>(
    name: &str,
    run: impl FnOnce() -> F + Send + 'static,
) -> Trial {
    Peer::Smtp.trial(name, move || finish(run()))
}

/// Makes what speaks to a server in the clear.
pub(crate) fn plain(port: u16) -> SmtpMailer {
    mailer(&format!(
        "host = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\""
    ))
    .expect("it fits")
}

fn mailer(settings: &str) -> Result<SmtpMailer, MailConfigError> {
    let config = config(&format!(
        "[mail]\nfrom = \"Example <mfa@app.example>\"\n{settings}"
    ));
    let clock = Arc::new(FixedClock::at(1_800_000_000));
    SmtpMailer::new(
        &config.mail.expect("it is set"),
        clock,
        Arc::new(SystemRandom),
    )
}

fn mail(to: &str) -> Mail {
    Mail {
        to: to.to_owned(),
        subject: "Código nuevo ✓".to_owned(),
        text: "Hello,\n\n.\nFrom here, ñandú.\n".to_owned(),
    }
}

async fn arrives() {
    let server = MailServer::start();
    let mailer = plain(server.port());
    let id = MailId([0xab; 32]);
    mailer
        .send_as(&id, &mail("ana@acme.example"))
        .await
        .expect("it is taken");
    mailer
        .send_as(&id, &mail("ana@acme.example"))
        .await
        .expect("it is taken");
    mailer
        .send(&mail("eva@acme.example"))
        .await
        .expect("it is taken");
    let mails = server.wait_for(3);
    let first = &mails[0];
    assert_eq!(first.to, ["ana@acme.example"]);
    assert_eq!(first.subject, "Código nuevo ✓");
    // The protocol itself ends a text with an end of line.
    assert_eq!(
        first.text.replace("\r\n", "\n").trim_end(),
        mail("").text.trim_end()
    );
    let header = |mail: usize, name: &str| mails[mail].headers[name].clone();
    assert_eq!(header(0, "From"), "Example <mfa@app.example>");
    assert_eq!(header(0, "To"), "ana@acme.example");
    assert_eq!(header(0, "Date"), "Fri, 15 Jan 2027 08:00:00 +0000");
    assert_eq!(header(0, "Auto-Submitted"), "auto-generated");
    let expected = format!("<{}@app.example>", "ab".repeat(32));
    assert_eq!(header(0, "Message-ID"), expected);
    assert_eq!(header(1, "Message-ID"), expected);
    assert_ne!(header(2, "Message-ID"), expected);
    assert!(mails.iter().all(|it| it.connection == first.connection));
}

async fn no_injection() {
    let server = MailServer::start();
    let mailer = plain(server.port());
    let mut mail = mail("ana@acme.example");
    mail.subject = "Hello\r\nBcc: eve@evil.example\r\n\r\nGo to".to_owned();
    mailer.send(&mail).await.expect("it is taken");
    let got = &server.wait_for(1)[0];
    assert!(
        !got.names.iter().any(|it| it.eq_ignore_ascii_case("bcc")),
        "{got:?}"
    );
    assert!(got.subject.starts_with("Hello"), "{got:?}");
    assert_eq!(got.to, ["ana@acme.example"]);
    for to in [
        "ana@acme.example\r\nBcc: eve@evil.example",
        "ana@acme.example>\r\nRCPT TO:<eve@evil.example",
        "ana@acme.example, eve@evil.example",
        "Eve <eve@evil.example>",
        "",
    ] {
        mail.to = to.to_owned();
        let error = mailer.send(&mail).await.expect_err("it is no address");
        assert_eq!(
            error.to_string(),
            "the mail was refused: the address is none"
        );
    }
    assert_eq!(server.mails().len(), 1);
}

/// Writes a password where only its owner reads it.
fn secured(identity: &Identity, port: u16, security: &str, password: &str) -> String {
    let file = identity.file("password");
    std::fs::write(&file, format!("{password}\n")).expect("it is written");
    let own = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&file, own).expect("it is the owner's");
    let text = |path: &Path| path.display().to_string();
    format!(
        "host = \"localhost\"\nport = {port}\nsecurity = \"{security}\"\nuser = \"mfa\"\npassword-file = \"{}\"\n\
         ca-file = \"{}\"",
        text(&file),
        text(&identity.file("ca.pem")),
    )
}

fn with_account(mut settings: Value) -> Value {
    settings["user"] = json!("mfa");
    settings["password"] = json!("open sesame");
    settings
}

async fn arrives_encrypted(security: &str) {
    let identity = Identity::make(security);
    let server = MailServer::with(&with_account(identity.settings(security)));
    let mailer = mailer(&secured(&identity, server.port(), security, "open sesame"));
    let mailer = mailer.expect("it fits");
    mailer
        .send(&mail("ana@acme.example"))
        .await
        .expect("it is taken");
    let got = &server.wait_for(1)[0];
    assert!(got.encrypted);
    assert_eq!(got.account.as_deref(), Some("mfa"));
}

async fn starttls() {
    arrives_encrypted("starttls").await;
}

async fn implicit_tls() {
    arrives_encrypted("tls").await;
}

async fn wrong_certificate() {
    for security in ["starttls", "tls"] {
        let (theirs, ours) = (Identity::make("theirs"), Identity::make("ours"));
        let server = MailServer::with(&with_account(theirs.settings(security)));
        let other_authority = secured(&ours, server.port(), security, "open sesame");
        let other_name = secured(&theirs, server.port(), security, "open sesame")
            .replace("localhost", "127.0.0.1");
        for settings in [other_authority, other_name] {
            let mailer = mailer(&settings).expect("it fits");
            let error = mailer.send(&mail("ana@acme.example")).await;
            let error = error.expect_err("the certificate is not good");
            assert!(matches!(error, MailError::Unavailable(_)), "{error}");
        }
        assert!(server.mails().is_empty());
    }
}

async fn no_starttls() {
    let identity = Identity::make("plain");
    let server = MailServer::start();
    let mailer = mailer(&secured(
        &identity,
        server.port(),
        "starttls",
        "open sesame",
    ));
    let error = mailer
        .expect("it fits")
        .send(&mail("ana@acme.example"))
        .await;
    let error = error.expect_err("it is in the clear");
    assert!(matches!(error, MailError::Unavailable(_)), "{error}");
    assert!(server.mails().is_empty());
}

/// Stands between, and appends an answer of its own to the one after which encryption begins.
async fn stand_between(listener: TcpListener, port: u16, appended: &'static [u8]) {
    let (mut near, _) = listener.accept().await.expect("somebody comes");
    let mut far = TcpStream::connect(("127.0.0.1", port))
        .await
        .expect("it is there");
    let mut answer = [0; 4096];
    let mut asked = [0; 4096];
    loop {
        tokio::select! {
            read = near.read(&mut asked) => match read {
                Ok(0) | Err(_) => return,
                Ok(read) => far.write_all(&asked[..read]).await.expect("it takes it"),
            },
            read = far.read(&mut answer) => match read {
                Ok(0) | Err(_) => return,
                Ok(read) => {
                    let mut bytes = answer[..read].to_vec();
                    if asked.starts_with(b"STARTTLS") && bytes.starts_with(b"220 ") {
                        bytes.extend_from_slice(appended);
                    }
                    if near.write_all(&bytes).await.is_err() {
                        return;
                    }
                }
            },
        }
    }
}

async fn said_before() {
    let identity = Identity::make("between");
    let server = MailServer::with(&identity.settings("starttls"));
    for (appended, is_taken) in [(&b""[..], true), (b"250 mail.test\r\n", false)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("it listens");
        let port = listener.local_addr().expect("it has one").port();
        tokio::spawn(stand_between(listener, server.port(), appended));
        let ca = identity.file("ca.pem");
        let mailer = mailer(&format!(
            "host = \"localhost\"
port = {port}
ca-file = \"{}\"",
            ca.display()
        ));
        let mailer = mailer.expect("it fits");
        let sent = mailer.send(&mail("ana@acme.example")).await;
        assert_eq!(sent.is_ok(), is_taken, "{sent:?}");
    }
    server.wait_for(1);
}

async fn wrong_password() {
    let identity = Identity::make("password");
    let server = MailServer::with(&with_account(identity.settings("starttls")));
    let mailer = mailer(&secured(&identity, server.port(), "starttls", "sesame"));
    let error = mailer
        .expect("it fits")
        .send(&mail("ana@acme.example"))
        .await;
    let error = error.expect_err("the password is wrong");
    assert!(matches!(error, MailError::Unavailable(_)), "{error}");
    assert!(!format!("{error} {error:?}").contains("sesame"));
}

async fn answers() {
    let server = MailServer::start();
    let mailer = plain(server.port());
    let refused = mailer.send(&mail("refused@acme.example")).await;
    let refused = refused.expect_err("it is refused");
    assert_eq!(
        refused.to_string(),
        "the mail was refused: the server answered 550"
    );
    let deferred = mailer.send(&mail("busy1@acme.example")).await;
    let deferred = deferred.expect_err("it is deferred");
    assert_eq!(
        deferred.to_string(),
        "the mail was not taken for now: the server answered 450"
    );
    mailer
        .send(&mail("busy1@acme.example"))
        .await
        .expect("it is taken");
    server.wait_for(1);
}

async fn comes_back() {
    let server = MailServer::start();
    let port = server.port();
    let mailer = plain(port);
    mailer
        .send(&mail("ana@acme.example"))
        .await
        .expect("it is taken");
    server.wait_for(1);
    drop(server);
    let error = mailer.send(&mail("ana@acme.example")).await;
    let error = error.expect_err("nobody is there");
    assert!(matches!(error, MailError::Unavailable(_)), "{error}");
    let server = MailServer::with(&json!({ "port": port }));
    mailer
        .send(&mail("ana@acme.example"))
        .await
        .expect("it is taken");
    server.wait_for(1);
}

async fn settings() {
    for (settings, expected) in [
        (
            "host = \"mail.example\"\nuser = \"mfa\"\npassword-file = \"/nowhere\"",
            "mail.password-file: expected a file that holds a password",
        ),
        (
            "host = \"mail.example\"\nca-file = \"/nowhere\"",
            "mail.ca-file: expected a file of certificates in PEM",
        ),
    ] {
        let error = mailer(settings).expect_err("it does not fit");
        assert_eq!(error.to_string(), expected);
    }
}
