//! What happens at once, and what happens in between.

use std::sync::Arc;

use countersign_conformance::authenticator::Authenticator;
use countersign_gateway::directory::Voucher;
use countersign_tests::gateway::PASSWORD;
use libtest_mimic::Trial;
use sha2::{Digest as _, Sha256};

use super::stage::{OPEN, PENDING, Scene, Who, mark_of};
use super::walk::by_app;
use crate::place::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        // V-05, A-39
        trial("of_sixteen_right_codes_at_once_one_lets_in", sixteen),
        //
        trial("of_two_tabs_that_confirm_an_app_one_gets_in", two_tabs),
        //
        trial("of_two_that_give_one_set_up_code_one_is_let_on", vouched),
        //
        trial(
            "signing_out_while_a_code_is_looked_at_leaves_no_half_session",
            signing_out,
        ),
        //
        trial(
            "a_sign_in_on_the_old_password_does_not_outlive_the_change",
            old_password,
        ),
        //
        trial(
            "a_sign_in_of_somebody_who_is_being_switched_off_ends",
            switched_off,
        ),
        //
        trial("another_password_ends_every_other_session", every_other),
    ]
}

async fn sixteen() {
    let scene = Arc::new(Scene::new().await);
    scene.import("u-ben").await;
    let answer = scene.sign_in("ben", PASSWORD).await;
    let token = answer
        .cookie(PENDING)
        .expect("a code is awaited")
        .to_owned();
    scene.site.clock.advance(30);
    let code = scene.app.code(scene.now());
    let tries = (0..16).map(|_| {
        let (scene, token, code) = (scene.clone(), token.clone(), code.clone());
        tokio::spawn(async move {
            let mark = mark_of(&token);
            let fields = [("form-token", &*mark), ("method", "totp"), ("code", &*code)];
            let cookies = format!("{PENDING}={token}");
            let path = "/countersign/verify";
            let answer = scene.wire.form(path, &cookies, &fields).await;
            answer.cookie(OPEN).map(str::to_owned)
        })
    });
    let tries: Vec<_> = tries.collect();
    let mut entrances = Vec::new();
    for one in tries {
        let token = one.await.expect("it ends");
        entrances.extend(token);
    }
    assert_eq!(entrances.len(), 1);
    let cookies = format!("{OPEN}={}", entrances[0]);
    let home = scene.wire.page("/countersign/", &cookies).await;
    assert_eq!(home.status, 200);
}

async fn two_tabs() {
    let scene = Scene::new().await;
    let token = scene.token(Who::Enrolling).await;
    let cookies = format!("{PENDING}={token}");
    let path = "/countersign/enroll/app";
    let page = scene.wire.page(path, &cookies).await;
    let (_, key) = page
        .body
        .split_once("id=\"setup-key\"")
        .expect("it shows one");
    let (_, key) = key.split_once('>').expect("it is an element");
    let key = key.split('<').next().expect("it ends");
    let app = Authenticator::scan(&key.replace(char::is_whitespace, ""));
    let code = app.expect("it is a key").code(scene.now());
    let mark = mark_of(&token);
    let fields = [("form-token", &*mark), ("code", &*code)];
    let (one, other) = tokio::join!(
        scene.wire.form(path, &cookies, &fields),
        scene.wire.form(path, &cookies, &fields),
    );
    let tokens: Vec<&str> = [&one, &other]
        .into_iter()
        .filter_map(|it| it.cookie(OPEN))
        .collect();
    assert_eq!(tokens.len(), 1, "{one:?}\n{other:?}");
    let cookies = format!("{OPEN}={}", tokens[0]);
    let home = scene.wire.page("/countersign/", &cookies).await;
    assert_eq!(home.told(), ">/recovery-code");
}

async fn vouched() {
    let scene = Scene::new().await;
    let token = scene.token(Who::Waiting).await;
    let mut digest = Sha256::new();
    digest.update(b"countersign voucher u-walt\0abcdefghjk");
    let voucher = Voucher {
        user: "u-walt".to_owned(),
        kind: "admin",
        digest: digest.finalize().into(),
        ends_at: scene.now() + 60,
    };
    let put = scene.site.gateway.directory.put_voucher(voucher).await;
    put.expect("it is kept");
    let cookies = format!("{PENDING}={token}");
    let mark = mark_of(&token);
    let fields = [("form-token", &*mark), ("code", "ABCDE-FGHJK")];
    let path = "/countersign/vouch";
    let (one, other) = tokio::join!(
        scene.wire.form(path, &cookies, &fields),
        scene.wire.form(path, &cookies, &fields),
    );
    let on = [&one, &other]
        .into_iter()
        .filter(|it| it.told() == ">/enroll");
    assert_eq!(on.count(), 1, "{one:?}\n{other:?}");
}

async fn signing_out() {
    let scene = Scene::new().await;
    scene.import("u-ben").await;
    for _ in 0..8 {
        let answer = scene.sign_in("ben", PASSWORD).await;
        let token = answer
            .cookie(PENDING)
            .expect("a code is awaited")
            .to_owned();
        scene.site.clock.advance(30);
        let code = scene.app.code(scene.now());
        let cookies = format!("{PENDING}={token}");
        let mark = mark_of(&token);
        let typed = [("form-token", &*mark), ("method", "totp"), ("code", &*code)];
        let out = [("form-token", &*mark)];
        let (verified, _) = tokio::join!(
            scene.wire.form("/countersign/verify", &cookies, &typed),
            scene.wire.form("/countersign/sign-out", &cookies, &out),
        );
        // Whichever came first: the old token is over, and a new one is whole or not there.
        let before = scene.wire.page("/countersign/verify", &cookies).await;
        assert_eq!(before.told(), ">/sign-in");
        if let Some(new) = verified.cookie(OPEN) {
            let home = scene
                .wire
                .page("/countersign/", &format!("{OPEN}={new}"))
                .await;
            assert_eq!(home.status, 200);
        } else {
            assert_eq!(verified.told(), ">/sign-in", "{verified:?}");
        }
    }
}

async fn old_password() {
    let scene = Scene::new().await;
    let gateway = scene.site.gateway.clone();
    let deed = Box::pin(async move {
        let hash = gateway.passwords.hash("another password", &*gateway.random);
        let hash = hash.await.expect("it is hashed");
        let set = gateway.directory.set_password("u-ben", hash, None).await;
        set.expect("it is set");
    });
    scene.directory.before("add_session", deed);
    let answer = scene.sign_in("ben", PASSWORD).await;
    assert_eq!(answer.status, 401, "{answer:?}");
    assert_eq!(answer.cookie(OPEN), None);
    let written = scene.directory.written();
    let after = written.iter().skip_while(|it| **it != "add_session");
    let after: Vec<_> = after.collect();
    assert_eq!(after, [&"add_session", &"end_session"], "{written:?}");
    let answer = scene.sign_in("ben", "another password").await;
    assert!(answer.cookie(OPEN).is_some(), "{answer:?}");
}

async fn switched_off() {
    let scene = Scene::new().await;
    let gateway = scene.site.gateway.clone();
    let deed = Box::pin(async move {
        let off = gateway.directory.set_active("u-ben", false).await;
        off.expect("he is switched off");
    });
    scene.directory.before("add_session", deed);
    let answer = scene.sign_in("ben", PASSWORD).await;
    assert!(!answer.status.is_success(), "{answer:?}");
    assert!(answer.set_cookies().is_empty(), "{answer:?}");
}

async fn every_other() {
    let scene = Scene::new().await;
    scene.import("u-ben").await;
    let other = by_app(&scene, "ben").await;
    let pending = scene.sign_in("ben", PASSWORD).await;
    let pending = pending
        .cookie(PENDING)
        .expect("a code is awaited")
        .to_owned();
    let mine = by_app(&scene, "ben").await;
    let new = "a long new password";
    let body = serde_json::json!({ "password": PASSWORD, "new-password": new });
    let put = scene
        .wire
        .api("PUT", "/password", Some(&mine), &body.to_string())
        .await;
    assert_eq!(put.status, 200, "{put:?}");
    let answer: serde_json::Value = serde_json::from_str(&put.body).expect("it is JSON");
    let now = answer["token"].as_str().expect("there is a new token");
    for (token, expected) in [(&*other, 401), (&*pending, 401), (&*mine, 401), (now, 200)] {
        let answer = scene.wire.api("GET", "/session", Some(token), "").await;
        assert_eq!(answer.status.as_u16(), expected);
    }
}
