//! What a policy would mean for many people, asked of the real component.

use countersign_conformance::World;
use countersign_conformance::authenticator::Authenticator;
use countersign_host::Countersign;
use countersign_host::contract::administration::Hypothetical;
use countersign_host::contract::policy::{FirstBinding, Mode, Policy};
use countersign_host::contract::{
    Actor, Deadline, FirstFactor, FirstFactorKind, Membership, Method, Purpose,
};
use countersign_host::preview::{Preview, Report, Subject};
use countersign_tests::policy;
use countersign_tests::subject::Component;
use serde_json::{Value, json};

const DAY: u64 = 86_400;
const DEADLINE: u64 = World::START + 10 * DAY;

fn person(user: &str, companies: &[&str]) -> Subject {
    let membership = |name: &&str| Membership {
        company: name.trim_start_matches('-').to_owned(),
        roles: Vec::new(),
        active: !name.starts_with('-'),
    };
    Subject {
        user: user.to_owned(),
        memberships: companies.iter().map(membership).collect(),
        first_factor: FirstFactor::password(),
    }
}

fn through(provider: &str, mut person: Subject) -> Subject {
    person.first_factor.kind = FirstFactorKind::Federated(provider.to_owned());
    person
}

/// A policy that enforces from [`DEADLINE`] on, and trusts `okta`.
fn enforced() -> Policy {
    let mut policy = Policy::app_only(Mode::EnforcedFrom(Deadline {
        at: DEADLINE,
        zone: "UTC".to_owned(),
    }));
    policy.trusted_providers = vec!["okta".to_owned()];
    policy
}

/// The sentences alone.
fn because(report: &Report) -> Vec<String> {
    rows(report).into_iter().map(|it| it.2).collect()
}

/// Acme is voluntary, all others are off; `ana` has an app, `eva` was reset, `ida` erased.
async fn populated(world: &World) -> Countersign {
    let mfa = Component::host(world);
    let call = async |function: &str, args: Value| {
        let answer = mfa.call_json(function, &args).await.expect("it fits");
        assert!(answer.get("err").is_none(), "{function}: {answer}");
        answer
    };
    call("policy.put", policy::voluntary()).await;
    let default = Policy::app_only(Mode::Off);
    let operator = Actor::Operator("op".to_owned());
    let put = mfa
        .policy()
        .put("*", &default, None, &operator, false)
        .await;
    put.expect("it takes it");
    for user in ["ana", "eva", "ida"] {
        let request = json!({
            "memberships": [{ "company": "acme", "roles": [], "active": true }],
            "first-factor": { "kind": "password", "age": 0, "channel": "direct" },
            "purpose": "manage-factors", "binding-attested": false, "known-enrolled": false,
        });
        let begun = call("sign-in.begin", json!({ "user": user, "request": request })).await;
        let ticket = &begun["ok"]["enroll"]["ticket"];
        let label = json!({ "issuer": "Example", "account-name": user });
        let args = json!({ "user": user, "ticket": ticket, "label": label });
        let setup = call("enrollment.begin-totp", args).await;
        let app = Authenticator::scan(setup["ok"]["secret"].as_str().unwrap_or_default());
        let code = app.expect("it is a key").code(world.clock().time());
        let args = json!({ "user": user, "ticket": ticket, "method": "totp", "code": code });
        call("enrollment.confirm", args).await;
    }
    let reset = json!({
        "user": "eva", "actor": { "operator": "op" }, "identity-verified": true, "reason": "lost",
        "memberships": [{ "company": "acme", "roles": [], "active": true }],
    });
    call("administration.reset", reset).await;
    call(
        "administration.erase",
        json!({ "user": "ida", "actor": { "operator": "op" } }),
    )
    .await;
    mfa
}

fn rows(report: &Report) -> Vec<(String, &'static str, String)> {
    let date = |at: u64| format!("day {}", at.saturating_sub(World::START) / DAY);
    let rows = report.rows.iter();
    rows.map(|row| (row.user.clone(), row.outlook(), row.because(date)))
        .collect()
}

#[tokio::test]
async fn each_person_has_an_outlook_and_a_sentence_that_says_why() {
    let world = World::new(3);
    let mfa = populated(&world).await;
    let people = [
        person("new", &["acme"]),
        person("ana", &["acme"]),
        person("eva", &["acme"]),
        person("ida", &["acme"]),
        person("off", &["beta"]),
        person("both", &["beta", "acme"]),
        person("rests", &["-acme", "beta"]),
        through("okta", person("sso", &["acme"])),
        through("other", person("sso2", &["acme", "-gamma"])),
        person("bad", &[]),
    ];
    let mut preview = Preview::at(DEADLINE);
    preview.hypothetical = Some(Hypothetical {
        company: "acme".to_owned(),
        policy: enforced(),
    });
    let report = preview.of(&mfa, &people).await;
    let acme = "acme enforces MFA since day 10 under the policy supposed";
    let must = "Must enroll, having no factor while MFA is enforced";
    let expected = [
        ("new", "enroll(required)", format!("{must}: {acme}.")),
        ("ana", "challenge", format!("Asked for a code, since a factor is enrolled: {acme}.")),
        ("eva", "enroll(required)", format!("{must}: {acme}.")),
        ("ida", "deny(erased)", format!("Refused, since the user was erased: {acme}.")),
        (
            "off",
            "allow(mode-off)",
            "Let in, since no company asks for MFA: beta has MFA off under the default policy.".to_owned(),
        ),
        (
            "both",
            "enroll(required)",
            format!("{must}: beta has MFA off under the default policy; {acme}."),
        ),
        (
            "rests",
            "allow(mode-off)",
            "Let in, since no company asks for MFA: the membership in acme rests; beta has MFA off \
             under the default policy."
                .to_owned(),
        ),
        (
            "sso",
            "allow(exempt)",
            format!(
                "Let in without a factor, signed in through okta, which every company that counts trusts: {acme}."
            ),
        ),
        (
            "sso2",
            "enroll(required)",
            format!(
                "{must}, and other is not trusted by every company that counts: {acme}; the membership in gamma \
                 rests."
            ),
        ),
        (
            "bad",
            "error",
            "The plugin refused: memberships: expected 1 to 16 memberships.".to_owned(),
        ),
    ];
    let expected = expected.map(|(user, outlook, because)| (user.to_owned(), outlook, because));
    assert_eq!(rows(&report), expected);
    assert_eq!(report.rows[0].methods(), ["totp"]);
    assert_eq!(
        report.summary(),
        [
            ("allow(exempt)", 1),
            ("allow(mode-off)", 2),
            ("challenge", 1),
            ("deny(erased)", 1),
            ("enroll(required)", 4),
            ("error", 1),
        ]
    );
    let json = report.to_json(|at| at.to_string());
    assert_eq!(json["rows"][1]["deadline"], json!(DEADLINE));
    assert_eq!(json["rows"][9]["outlook"], "error");
    assert_eq!(json["summary"]["enroll(required)"], 4);
}

#[tokio::test]
async fn before_the_deadline_and_without_one_the_sentences_say_so() {
    let world = World::new(3);
    let mfa = populated(&world).await;
    let people = [person("new", &["acme"]), person("eva", &["acme", "beta"])];
    let mut preview = Preview::at(DEADLINE - 1);
    let none = "Let in without a factor, never enrolled and not required to yet";
    let again = "Must enroll again, since there was a factor once and its loss opens no new grace";
    assert_eq!(
        because(&preview.of(&mfa, &people).await),
        [
            format!("{none}: acme leaves MFA to its users."),
            format!(
                "{again}: acme leaves MFA to its users; beta has MFA off under the default policy."
            ),
        ]
    );
    preview.hypothetical = Some(Hypothetical {
        company: "*".to_owned(),
        policy: enforced(),
    });
    preview.purpose = Purpose::ManageFactors;
    let people = [person("new", &["beta"])];
    assert_eq!(
        because(&preview.of(&mfa, &people).await),
        [
            "May enroll, and need not yet: beta enforces MFA only from day 10 on under the default policy supposed."
        ]
    );
    let mut stale = person("new", &["beta"]);
    stale.first_factor.age = 301;
    let report = preview.of(&mfa, &[stale]).await;
    let stale = because(&report).remove(0);
    assert!(
        stale.starts_with(
            "Refused until the first factor is passed again, which was 301 seconds ago: "
        ),
        "{stale}"
    );
}

#[tokio::test]
async fn where_a_first_binding_is_attested_the_sentence_says_that_somebody_must_vouch() {
    let world = World::new(3);
    let mfa = populated(&world).await;
    let people = [
        person("new", &["acme"]),
        person("ana", &["acme"]),
        person("rests", &["-acme", "beta"]),
    ];
    let mut strict = enforced();
    strict.first_binding = FirstBinding::Attested;
    let vouched = "Must enroll, having no factor while MFA is enforced, if a second channel vouches for the person, else \
                   refused: ";
    // Supposed, and then stored.
    let mut preview = Preview::at(DEADLINE);
    for supposed in [true, false] {
        if supposed {
            preview.hypothetical = Some(Hypothetical {
                company: "acme".to_owned(),
                policy: strict.clone(),
            });
        } else {
            preview.hypothetical = None;
            let operator = Actor::Operator("op".to_owned());
            let policies = mfa.policy();
            let put = policies.put("acme", &strict, Some(1), &operator, false);
            put.await.expect("it takes it");
        }
        let report = preview.of(&mfa, &people).await;
        let because = because(&report);
        assert!(because[0].starts_with(vouched), "{because:?}");
        assert!(because[1].starts_with("Asked for a code, since a factor is enrolled: "));
        assert!(because[2].starts_with("Let in, since no company asks for MFA: "));
    }
    // What it warns of.
    world.clock().set(DEADLINE);
    for (attested, outcome) in [(false, "deny"), (true, "enroll")] {
        let request = json!({
            "memberships": [{ "company": "acme", "roles": [], "active": true }],
            "first-factor": { "kind": "password", "age": 0, "channel": "direct" },
            "purpose": "sign-in", "binding-attested": attested, "known-enrolled": false,
        });
        let args = json!({ "user": "new", "request": request });
        let begun = mfa.call_json("sign-in.begin", &args).await;
        let begun = begun.expect("it fits");
        assert!(begun["ok"].get(outcome).is_some(), "{begun}");
    }
}

#[tokio::test]
async fn who_has_no_allowed_factor_is_asked_for_the_one_there_is_and_must_then_enroll() {
    let world = World::new(3);
    let mfa = populated(&world).await;
    let call = async |function: &str, args: Value| {
        let answer = mfa.call_json(function, &args).await.expect("it fits");
        assert!(answer.get("err").is_none(), "{function}: {answer}");
        answer
    };
    // `pat` has a phone and nothing else.
    let mut phones = Policy::app_only(Mode::Voluntary);
    phones.methods = vec![Method::Totp, Method::Sms];
    phones.sms.countries = vec!["US".to_owned()];
    let operator = Actor::Operator("op".to_owned());
    let policies = mfa.policy();
    let put = policies.put("acme", &phones, Some(1), &operator, false);
    put.await.expect("it takes it");
    let request = json!({
        "memberships": [{ "company": "acme", "roles": [], "active": true }],
        "first-factor": { "kind": "password", "age": 0, "channel": "direct" },
        "purpose": "manage-factors", "binding-attested": false, "known-enrolled": false,
    });
    let begun = call(
        "sign-in.begin",
        json!({ "user": "pat", "request": request }),
    )
    .await;
    let ticket = &begun["ok"]["enroll"]["ticket"];
    let args = json!({ "user": "pat", "ticket": ticket, "phone": "+12025550101" });
    call("enrollment.begin-sms", args).await;
    let code = world.line().messages().pop().expect("it was sent").code;
    let args = json!({ "user": "pat", "ticket": ticket, "method": "sms", "code": code });
    call("enrollment.confirm", args).await;

    let people = [person("pat", &["acme"]), person("ana", &["acme"])];
    let mut preview = Preview::at(DEADLINE);
    let asked = "Asked for a code, since a factor is enrolled";
    let acme = "acme leaves MFA to its users";
    assert_eq!(
        because(&preview.of(&mfa, &people).await),
        [format!("{asked}: {acme}."), format!("{asked}: {acme}.")]
    );
    preview.hypothetical = Some(Hypothetical {
        company: "acme".to_owned(),
        policy: enforced(),
    });
    let acme = "acme enforces MFA since day 10 under the policy supposed";
    assert_eq!(
        because(&preview.of(&mfa, &people).await),
        [
            format!("{asked}, and must then enroll totp: {acme}."),
            format!("{asked}: {acme}.")
        ]
    );
    // Who manages factors chooses.
    preview.purpose = Purpose::ManageFactors;
    assert_eq!(
        because(&preview.of(&mfa, &people[..1]).await),
        [format!("{asked}: {acme}.")]
    );
}

#[tokio::test]
async fn a_preview_changes_nothing_and_loses_nobody() {
    let world = World::new(3);
    let mfa = populated(&world).await;
    let people: Vec<Subject> = (0..60)
        .map(|i| match i % 7 {
            0 => person("", &["acme"]),
            1 => person("ana", &["acme"]),
            _ => person(&format!("u-{i}"), &["acme", "beta"]),
        })
        .collect();
    let before = (world.store().records(), world.events());
    let mut preview = Preview::at(DEADLINE);
    preview.hypothetical = Some(Hypothetical {
        company: "acme".to_owned(),
        policy: enforced(),
    });
    for concurrent_calls in [0, 3, 100] {
        preview.concurrent_calls = concurrent_calls;
        let report = preview.of(&mfa, &people).await;
        let users: Vec<&str> = report.rows.iter().map(|row| row.user.as_str()).collect();
        let asked: Vec<&str> = people.iter().map(|it| it.user.as_str()).collect();
        assert_eq!(users, asked);
        let failed = report.rows.iter().filter(|row| row.answer.is_err());
        assert_eq!(failed.count(), 9);
    }
    assert_eq!((world.store().records(), world.events()), before);
}
