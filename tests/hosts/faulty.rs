//! Hosts that fail, as small shell scripts: what the kit says of them, and that it says something.

use std::time::{Duration, Instant};

use countersign_conformance::{Control, Host, Remote};
use libtest_mimic::{Failed, Trial};
use serde_json::json;

use crate::RUNTIME;

/// Returns a trial for each.
pub(crate) fn trials() -> Vec<Trial> {
    let refused = [
        (
            "a-program-that-is-not-there-is-named",
            Remote::new("./no-such-host", Vec::<String>::new()),
            "./no-such-host does not start",
        ),
        (
            "a-host-that-ends-is-reported-with-its-last-words",
            script("echo 'no wasm here' >&2; exit 3"),
            "(exit status: 3): it ended; it said: no wasm here",
        ),
        (
            "a-host-that-hangs-is-ended",
            script("read line; sleep 60").within(Duration::from_secs(1), ANSWER),
            "no answer within 1 seconds",
        ),
        (
            "a-host-that-does-not-speak-json-is-quoted",
            script("read hello; echo hello world; cat"),
            "found `hello world`",
        ),
        (
            "a-line-without-an-end-is-cut",
            script("read hello; yes | tr -d '\\n'"),
            "a line is longer than 16 MiB",
        ),
        (
            "another-protocol-is-not-spoken",
            script(r#"echo '{"protocol":2,"host":"h","abilities":[]}'; cat"#),
            "speaks protocol 2, expected 1",
        ),
        (
            "an-unknown-ability-is-an-error",
            script(r#"echo '{"protocol":1,"host":"h","abilities":["fly"]}'; cat"#),
            "unknown variant `fly`",
        ),
        (
            "a-refusal-is-handed-on",
            script(r#"echo '{"refused":"not today"}'; cat"#),
            "not today",
        ),
    ];
    let refused = refused.into_iter().map(|(name, remote, words)| {
        Trial::test(format!("faulty/{name}"), move || {
            let began = Instant::now();
            let loaded = RUNTIME.block_on(remote.load(b"component"));
            let refusal = loaded.err().ok_or("it was loaded")?;
            is_said(&refusal.0, words)?;
            match began.elapsed() < Duration::from_secs(50) {
                true => Ok(()),
                false => Err("it took too long".into()),
            }
        })
    });
    let session = Trial::test(
        "faulty/a-fault-leaves-the-host-usable-and-a-death-does-not",
        || RUNTIME.block_on(fault_and_death()),
    );
    let wrapped = Trial::test("faulty/what-a-host-started-ends-with-it", || {
        RUNTIME.block_on(wrapped())
    });
    refused.chain([session, wrapped]).collect()
}

/// Behind a shell, a host that hangs and one that is not needed any more both end.
async fn wrapped() -> Result<(), Failed> {
    let directory = std::env::temp_dir().join(format!("countersign-hosts-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    for (name, answers) in [("hangs", ""), ("speaks", HELLO)] {
        let file = directory.join(name);
        let path = file.display();
        // The one that counts is not the process that was started, and does not mind that its input ends.
        let remote = script(&format!(
            r#"(while :; do echo . >>'{path}'; sleep 0.05; done) & read hello; {answers}; wait"#,
            answers = if answers.is_empty() { ":" } else { answers },
        ));
        let loaded = remote.load(b"component").await;
        if loaded.is_ok() == answers.is_empty() {
            return Err(format!("{name}: it was loaded: {}", loaded.is_ok()).into());
        }
        let size = || std::fs::metadata(&file).map_or(0, |it| it.len());
        // One that answers at once may be loaded before what it started has begun.
        let began = Instant::now();
        while size() == 0 {
            if began.elapsed() > Duration::from_secs(30) {
                return Err(format!("{name}: nothing was started").into());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        drop(loaded);
        tokio::time::sleep(Duration::from_millis(500)).await;
        let ended = size();
        tokio::time::sleep(Duration::from_millis(500)).await;
        if size() != ended {
            return Err(format!("{name}: it goes on").into());
        }
    }
    std::fs::remove_dir_all(&directory)?;
    Ok(())
}

async fn fault_and_death() -> Result<(), Failed> {
    let remote = script(
        r#"read hello; echo '{"protocol":1,"host":"h","abilities":[]}'
        read begin; echo '{}'
        read call; echo '{"fault":"trapped"}'
        read look; echo '{"records":[{"record":"account","of":"ana","version":18446744073709551615,"content":""}]}'
        read race; echo '{"answers":[1]}'
        read restart; exit 1"#,
    );
    let lab = remote.load(b"component").await.map_err(|it| it.0)?;
    let mut session = lab.begin(1).await?;
    let fault = session.call("meta.describe", &json!({})).await.err();
    is_said(fault.ok_or("no fault")?.why(), "trapped")?;
    let view = session.look(0).await?;
    if view.records[0].version != u64::MAX {
        return Err("a number was rounded".into());
    }
    let calls = vec![("a".to_owned(), json!({})), ("b".to_owned(), json!({}))];
    let fault = session.race(calls).await.err();
    is_said(fault.ok_or("no fault")?.why(), "1 answers to 2 calls")?;
    let fault = session.turn(&Control::Restart).await.err();
    is_said(fault.ok_or("no fault")?.why(), "it ended")?;
    let fault = session.turn(&Control::Restart).await.err();
    is_said(fault.ok_or("no fault")?.why(), "still owes an answer")
}

/// A host that is a shell script. A machine that is busy may take its time to start it.
fn script(text: &str) -> Remote {
    Remote::new("sh", ["-c", text]).within(Duration::from_secs(30), ANSWER)
}

const HELLO: &str = r#"echo '{"protocol":1,"host":"h","abilities":[]}'"#;

fn is_said(found: &str, words: &str) -> Result<(), Failed> {
    match found.contains(words) {
        true => Ok(()),
        false => Err(format!("expected {words}, found {found}").into()),
    }
}

const ANSWER: Duration = Duration::from_secs(10);
