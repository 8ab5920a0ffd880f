//! Senders that speak HTTP, with servers that do as carriers do, and as they must not.

mod server;

use std::net::TcpListener;
use std::time::{Duration, Instant};

use countersign_host::clock::FixedClock;
use countersign_host::sms::{
    Lines, Message, MessagePurpose, Outcome, Permission, PhoneLine, SendTimes, SmsSender, Texts,
    Twilio, TwilioSecret, TwilioSender, Webhook,
};
use countersign_host::store::MemoryStore;
use countersign_host::{Plugin, fault::Fault};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use self::server::{Reply, Server, answer};
use crate::builder;
use crate::phone_lines::{send, sending};

const NUMBER: &str = "+34600000000";
const CODE: &str = "749201";
/// 24 times `k`, and 32 times `n`.
const SECRET: &str = "whsec_a2tra2tra2tra2tra2tra2tra2tra2tr";
const NEXT_SECRET: &str = "whsec_bm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm4=";
const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
const TOKEN: &str = "a-token-of-the-test";

fn texts() -> Texts {
    Texts::new("id.example.com", "Example").expect("both are right")
}

fn message() -> Message {
    Message::new("acme", NUMBER, CODE, MessagePurpose::StepUp, 10, "key")
}

fn times() -> SendTimes {
    let mut times = SendTimes::default();
    times.connect = Duration::from_secs(1);
    times.total = Duration::from_millis(2_500);
    times
}

fn webhook(url: &str) -> Webhook {
    Webhook::new(url, SECRET, texts())
        .expect("it is set up right")
        .times(times())
        .clock(FixedClock::at(1_700_000_000))
}

fn twilio(url: &str) -> Twilio {
    let secret = TwilioSecret::AuthToken(TOKEN.into());
    let from = TwilioSender::From("+15005550006".into());
    Twilio::new(ACCOUNT, secret, from, texts())
        .and_then(|it| it.base(url))
        .expect("it is set up right")
        .times(times())
}

fn signature(key: &[u8], content: &str) -> String {
    use base64::Engine as _;
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    mac.update(content.as_bytes());
    let tag = mac.finalize().into_bytes();
    base64::engine::general_purpose::STANDARD.encode(tag)
}

#[tokio::test]
async fn a_webhook_posts_a_signed_message() {
    let server = Server::replying([answer("204 No Content", "", "")]);
    let webhook = webhook(&server.url("/sms?tenant=1"))
        .also_signing(NEXT_SECRET)
        .expect("it is a secret");
    let outcome = webhook.send(&message()).await;
    assert!(matches!(outcome, Outcome::Sent), "{outcome:?}");
    let [request] = &server.requests()[..] else {
        panic!("one request");
    };
    assert_eq!(request.line, "POST /sms?tenant=1 HTTP/1.1");
    assert_eq!(request.header("host"), server.authority());
    assert_eq!(request.header("content-type"), "application/json");
    assert_eq!(request.header("webhook-timestamp"), "1700000000");
    let id = request.header("webhook-id");
    assert!(id.starts_with("msg_") && !id.contains('.'), "{id}");
    let content = format!("{id}.1700000000.{}", request.body);
    let expected = format!(
        "v1,{} v1,{}",
        signature(&[b'k'; 24], &content),
        signature(&[b'n'; 32], &content)
    );
    assert_eq!(request.header("webhook-signature"), expected);
    let body: serde_json::Value = serde_json::from_str(&request.body).expect("it is JSON");
    assert_eq!(body["type"], "sms.code");
    assert_eq!(body["data"]["to"], NUMBER);
    assert_eq!(body["data"]["code"], CODE);
    assert_eq!(body["data"]["company"], "acme");
    assert_eq!(body["data"]["purpose"], "step-up");
    assert_eq!(body["data"]["valid_minutes"], 10);
    let text = body["data"]["text"].as_str().expect("it is text");
    assert!(text.ends_with("\n@id.example.com #749201"), "{text}");
}

#[tokio::test]
async fn the_same_message_has_the_same_id_and_another_one_another() {
    let server = Server::replying((0..4).map(|_| answer("200 OK", "", "")));
    let webhook = webhook(&server.url("/"));
    let mut others = [message(), message(), message(), message()];
    others[2].idempotency_key = "a key.with\r\nx-injected: 1".into();
    others[3].number = "+34611110000".into();
    for message in &others {
        webhook.send(message).await;
    }
    let requests = server.requests();
    let ids: Vec<&str> = requests.iter().map(|it| it.header("webhook-id")).collect();
    assert_eq!(ids[0], ids[1]);
    assert!(ids[0] != ids[2] && ids[0] != ids[3] && ids[2] != ids[3]);
    assert!(requests.iter().all(|it| !it.has("x-injected")));
}

#[tokio::test]
async fn each_answer_of_a_receiver_has_one_meaning() {
    for (status, more, expected) in [
        ("200 OK", "", "Sent"),
        ("202 Accepted", "", "Sent"),
        ("409 Conflict", "", "AlreadySent"),
        ("400 Bad Request", "", "Failed(\"http-400\")"),
        ("401 Unauthorized", "", "Failed(\"http-401\")"),
        ("429 Too Many Requests", "", "Failed(\"busy\")"),
        (
            "429 Too Many Requests",
            "retry-after: 60\r\n",
            "Failed(\"busy\")",
        ),
        (
            "307 Temporary Redirect",
            "location: /elsewhere\r\n",
            "Failed(\"redirected\")",
        ),
        (
            "302 Found",
            "location: /elsewhere\r\n",
            "Unknown(\"http-302\")",
        ),
        ("500 Internal Server Error", "", "Unknown(\"http-500\")"),
        ("502 Bad Gateway", "", "Unknown(\"http-502\")"),
        ("503 Service Unavailable", "", "Unknown(\"http-503\")"),
        (
            "504 Gateway Timeout",
            "retry-after: 0\r\n",
            "Unknown(\"http-504\")",
        ),
    ] {
        let server = Server::replying([answer(status, more, ""), answer("200 OK", "", "")]);
        let outcome = webhook(&server.url("/")).send(&message()).await;
        assert_eq!(format!("{outcome:?}"), expected, "{status}");
        assert_eq!(
            server.requests().len(),
            1,
            "{status} must not be tried again"
        );
    }
}

#[tokio::test]
async fn a_receiver_that_took_nothing_is_asked_again_when_it_says() {
    for status in ["429 Too Many Requests", "503 Service Unavailable"] {
        let server = Server::replying([
            answer(status, "retry-after: 1\r\n", ""),
            answer("200 OK", "", ""),
        ]);
        let began = Instant::now();
        let outcome = webhook(&server.url("/")).send(&message()).await;
        assert!(matches!(outcome, Outcome::Sent), "{outcome:?}");
        assert!(began.elapsed() >= Duration::from_secs(1));
        let requests = server.requests();
        assert_eq!(requests.len(), 2);
        let id = |it: usize| requests[it].header("webhook-id");
        assert_eq!(id(0), id(1));
    }
}

#[tokio::test]
async fn a_receiver_is_asked_three_times_at_most() {
    let busy = || answer("429 Too Many Requests", "retry-after: 0\r\n", "");
    let server = Server::replying((0..5).map(|_| busy()));
    let outcome = webhook(&server.url("/")).send(&message()).await;
    assert_eq!(format!("{outcome:?}"), "Failed(\"busy\")");
    assert_eq!(server.requests().len(), 3);
}

// V-94
#[tokio::test]
async fn a_request_that_may_have_been_taken_is_never_sent_again() {
    let silent = || [Reply::Hang, answer("201 Created", "", "{}")];
    let closing = || [Reply::Close, answer("201 Created", "", "{}")];
    let half = || {
        [
            Reply::Raw("HTTP/1.1 201 Cre".into()),
            answer("201 Created", "", "{}"),
        ]
    };
    let noise = || {
        [
            Reply::Raw("hello\r\n\r\n".into()),
            answer("201 Created", "", "{}"),
        ]
    };
    type Replies = fn() -> [Reply; 2];
    for (replies, why) in [
        (silent as Replies, "time-out"),
        (closing as Replies, "connection-cut"),
        (half as Replies, "connection-cut"),
        (noise as Replies, "not-http"),
    ] {
        let (first, second) = (Server::replying(replies()), Server::replying(replies()));
        let began = Instant::now();
        let (one, two) = tokio::join!(
            async { webhook(&first.url("/")).send(&message()).await },
            async { twilio(&second.url("")).send(&message()).await },
        );
        for (server, outcome) in [(&first, one), (&second, two)] {
            assert_eq!(outcome, Outcome::Unknown(why.to_owned()));
            assert_eq!(server.requests().len(), 1);
        }
        assert!(began.elapsed() < Duration::from_secs(20));
    }
}

#[tokio::test]
async fn a_status_counts_though_what_follows_it_does_not_come() {
    let head = "HTTP/1.1 201 Created\r\ncontent-length: 1000\r\n\r\n{";
    for reply in [Reply::Raw(head.into()), Reply::RawThenHang(head.into())] {
        let server = Server::replying([reply]);
        let outcome = twilio(&server.url("")).send(&message()).await;
        assert!(matches!(outcome, Outcome::Sent), "{outcome:?}");
    }
    let endless = format!("HTTP/1.1 400 Bad Request\r\n\r\n{}", "x".repeat(1 << 20));
    let server = Server::replying([Reply::Raw(endless)]);
    let outcome = twilio(&server.url("")).send(&message()).await;
    assert_eq!(format!("{outcome:?}"), "Failed(\"http-400\")");
}

#[tokio::test]
async fn a_connection_that_cannot_be_made_is_tried_again() {
    let nobody = server::unused_port();
    let url = format!("http://127.0.0.1:{nobody}");
    for outcome in [
        webhook(&url).send(&message()).await,
        twilio(&url).send(&message()).await,
    ] {
        assert_eq!(format!("{outcome:?}"), "Failed(\"no-connection\")");
    }
    let mut patient = times();
    patient.total = Duration::from_secs(30);
    for twilios in [false, true] {
        let port = server::unused_port();
        let url = format!("http://127.0.0.1:{port}");
        let late = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(100));
            let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port is free");
            Server::on(listener, [answer("201 Created", "", "{}")])
        });
        let outcome = match twilios {
            true => twilio(&url).times(patient).send(&message()).await,
            false => webhook(&url).times(patient).send(&message()).await,
        };
        assert!(matches!(outcome, Outcome::Sent), "{outcome:?}");
        assert_eq!(late.join().expect("it listened").requests().len(), 1);
    }
}

#[tokio::test]
async fn what_does_not_speak_tls_is_no_connection() {
    let server = Server::replying([Reply::Raw("HTTP/1.1 200 OK\r\n\r\n".into())]);
    let url = format!("https://{}/", server.authority());
    // A machine without root certificates says so at once.
    let Ok(webhook) = Webhook::new(&url, SECRET, texts()) else {
        return;
    };
    let outcome = webhook.times(times()).send(&message()).await;
    assert_eq!(format!("{outcome:?}"), "Failed(\"no-connection\")");
    let text = server.everything();
    assert!(!text.contains(CODE) && !text.contains("34600"), "{text}");
}

#[tokio::test]
async fn a_certificate_must_be_of_a_trusted_authority_and_of_the_host() {
    let key = || rcgen::KeyPair::generate().expect("there is randomness");
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = rcgen::CertifiedIssuer::self_signed(params, key()).expect("it is one");
    let trusted = authority.pem();
    for (name, authorities, expected) in [
        ("127.0.0.1", Some(&trusted), "Sent"),
        ("example.com", Some(&trusted), "Failed(\"no-connection\")"),
        ("127.0.0.1", None, "Failed(\"no-connection\")"),
    ] {
        let leaf = key();
        let certificate = rcgen::CertificateParams::new([name.to_owned()])
            .and_then(|it| it.signed_by(&leaf, &authority))
            .expect("it is one");
        let der = certificate.der().to_vec();
        let ok = || answer("200 OK", "", "");
        let server = Server::with_certificate(der, leaf.serialize_der(), [ok(), ok(), ok()]);
        let url = format!("https://{}/", server.authority());
        let webhook = match authorities {
            Some(pem) => Webhook::trusting(pem.as_bytes(), &url, SECRET, texts()),
            None => Webhook::new(&url, SECRET, texts()),
        };
        // A machine without root certificates says so at once.
        let webhook = match webhook {
            Err(error) if authorities.is_none() && error.field() == "tls" => continue,
            webhook => webhook.expect("it is set up right").times(times()),
        };
        let outcome = webhook.send(&message()).await;
        assert_eq!(format!("{outcome:?}"), expected, "{name}");
        let sent = usize::from(matches!(outcome, Outcome::Sent));
        assert_eq!(server.requests().len(), sent);
    }
    for pem in [
        "",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let error = Webhook::trusting(pem.as_bytes(), "https://a.example/", SECRET, texts());
        assert_eq!(error.expect_err("there is none").field(), "authorities");
    }
}

#[tokio::test]
async fn twilio_is_sent_a_form_and_its_codes_are_passed_on() {
    let error =
        r#"{"code":21211,"message":"The 'To' number +34600000000 is not valid","status":400}"#;
    let server = Server::replying([
        answer("201 Created", "", r#"{"sid":"SM1","status":"queued"}"#),
        answer("400 Bad Request", "", error),
        answer("429 Too Many Requests", "retry-after: 0\r\n", "{}"),
        answer("503 Service Unavailable", "retry-after: 0\r\n", "{}"),
    ]);
    let twilio = twilio(&server.url("/"));
    let mut outcomes = Vec::new();
    for _ in 0..4 {
        outcomes.push(format!("{:?}", twilio.send(&message()).await));
    }
    let expected = [
        "Sent",
        "Failed(\"twilio-21211\")",
        "Failed(\"busy\")",
        "Unknown(\"http-503\")",
    ];
    assert_eq!(outcomes, expected);
    let requests = server.requests();
    assert_eq!(requests.len(), 4, "nothing is sent twice");
    let path = format!("POST /2010-04-01/Accounts/{ACCOUNT}/Messages.json HTTP/1.1");
    assert_eq!(requests[0].line, path);
    use base64::Engine as _;
    let pair = format!("{ACCOUNT}:{TOKEN}");
    let basic = base64::engine::general_purpose::STANDARD.encode(pair);
    assert_eq!(
        requests[0].header("authorization"),
        format!("Basic {basic}")
    );
    let form = "application/x-www-form-urlencoded";
    assert_eq!(requests[0].header("content-type"), form);
    assert_eq!(
        requests[0].body,
        "To=%2B34600000000&From=%2B15005550006&Body=Example%3A+749201+confirms+a+sensitive+action%2C+good\
         +for+10+min.+Never+share+it.+We+will+never+ask+for+it.%0A%40id.example.com+%23749201&ValidityPeriod=600"
    );
}

#[test]
fn a_sender_is_refused_that_is_not_set_up_right() {
    for url in [
        "",
        "/sms",
        "example.com/sms",
        "http://example.com/sms",
        "http://127.0.0.1.example.com/",
        "http://10.0.0.1/",
        "ftp://127.0.0.1/",
        "http://user:password@127.0.0.1/",
    ] {
        let error = Webhook::new(url, SECRET, texts()).expect_err(url);
        assert_eq!(error.field(), "url", "{url}");
    }
    for url in [
        "http://localhost:1/",
        "http://[::1]:1/",
        "http://127.8.8.8/",
    ] {
        Webhook::new(url, SECRET, texts()).expect(url);
    }
    for secret in [
        "",
        "secret",
        "whsec_",
        "whsec_a2tra2tr",
        "a2tra2tra2tra2tra2tra2tra2tra2tr",
    ] {
        let error = Webhook::new("http://[::1]:1/", secret, texts()).expect_err(secret);
        assert_eq!(error.field(), "secret");
    }
    let with = |account: &str, secret, sender| {
        let made = Twilio::new(account, secret, sender, texts());
        made.map(|_| ()).map_err(|error| error.field())
    };
    let token = || TwilioSecret::AuthToken(TOKEN.into());
    let from = |it: &str| TwilioSender::From(it.into());
    let key = |sid: &str| TwilioSecret::ApiKey {
        sid: sid.into(),
        secret: TOKEN.into(),
    };
    assert_eq!(with("AC12/../x", token(), from("12345")), Err("account"));
    assert_eq!(with(ACCOUNT, key("SK1"), from("12345")), Err("secret"));
    let empty = TwilioSecret::AuthToken(String::new());
    assert_eq!(with(ACCOUNT, empty, from("12345")), Err("secret"));
    for sender in ["", "+0", "12", "Example Company", "a&b"] {
        assert_eq!(
            with(ACCOUNT, token(), from(sender)),
            Err("sender"),
            "{sender}"
        );
    }
    let service = TwilioSender::Service("MG1".into());
    assert_eq!(with(ACCOUNT, token(), service), Err("sender"));
}

#[tokio::test]
async fn which_lines_are_sent_to_is_the_phone_lines_to_say() {
    async fn found(line: impl SmsSender, number: &str) -> Result<String, String> {
        match line.check("acme", number, MessagePurpose::Enroll).await {
            Ok(Permission::Permitted(country)) => Ok(country),
            Ok(Permission::Refused(why)) => Err(why),
            Err(error) => panic!("{error}"),
        }
    }
    let fixed = "+442079460000";
    let server = Server::replying([answer("200 OK", "", "")]);
    let webhook = webhook(&server.url("/"));
    let twilio = twilio(&server.url(""));
    let before = PhoneLine::new("test", MemoryStore::new(), webhook);
    assert_eq!(
        found(before.clone(), fixed).await,
        Err("not-a-mobile".into())
    );
    let all = before.lines(Lines::All);
    assert_eq!(found(all.clone(), fixed).await.as_deref(), Ok("GB"));
    let mut message = message();
    message.number = fixed.into();
    assert_eq!(all.send(&message).await, Outcome::Sent);
    let before = PhoneLine::new("test", MemoryStore::new(), twilio).lines(Lines::All);
    assert_eq!(found(before, fixed).await.as_deref(), Ok("GB"));
}

// V-96
// covers: SMS-3
#[tokio::test]
async fn no_error_fault_or_debug_text_has_number_code_or_secret() {
    let seen = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let error = format!(r#"{{"code":"{NUMBER}","message":"{NUMBER} {CODE}"}}"#);
    for status in ["400 Bad Request", "500 Internal Server Error", "200 OK"] {
        let servers = [(); 2].map(|()| {
            Server::replying([answer(
                status,
                &format!("x-echo: {NUMBER} {CODE}\r\n"),
                &error,
            )])
        });
        let (webhook, twilio) = (webhook(&servers[0].url("/")), twilio(&servers[1].url("")));
        let mut text = format!("{webhook:?} {twilio:?} {:?}", message());
        text += &format!(" {:?}", TwilioSecret::AuthToken(TOKEN.into()));
        seen.lock().expect("nobody panicked").push_str(&text);
        let plugin = || Plugin::load(&sending(CODE).component()).expect("it loads");
        for builder in [
            builder(plugin(), MemoryStore::new()).sms(webhook),
            builder(plugin(), MemoryStore::new()).sms(twilio),
        ] {
            let noted = std::sync::Arc::clone(&seen);
            let mfa = builder
                .faults(move |fault: &Fault| {
                    let text = format!("{fault} {fault:?}");
                    noted.lock().expect("nobody panicked").push_str(&text);
                })
                .build()
                .expect("nothing is missing");
            let answer = send(&mfa, "ana").await;
            seen.lock().expect("nobody panicked").push_str(&answer);
        }
        for server in &servers {
            assert!(server.requests()[0].body.contains(CODE), "it was sent");
        }
    }
    let text = seen.lock().expect("nobody panicked");
    assert!(text.contains("http-400"), "{text}");
    for secret in [CODE, "34600", "a2tra2", "kkkk", TOKEN] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}
