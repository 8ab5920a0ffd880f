//! `countersign demo --interactive`, with an authenticator app that reads the screen.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use countersign_host::clock::{Clock, SystemClock};
use totp_rs::{Builder, Secret};

use crate::{Ran, countersign, run};

struct Player {
    child: Child,
    keyboard: ChildStdin,
    screen: ChildStdout,
}

impl Player {
    fn sit_down(args: &[&str]) -> Self {
        let mut child = countersign(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        Self {
            keyboard: child.stdin.take().expect("it is piped"),
            screen: child.stdout.take().expect("it is piped"),
            child,
        }
    }

    /// Reads until some words have come.
    #[track_caller]
    fn reads(&mut self, words: &str) -> String {
        let mut seen = Vec::new();
        let mut byte = [0];
        while !seen.ends_with(words.as_bytes()) {
            let read = self.screen.read(&mut byte).expect("it can be read");
            let text = String::from_utf8_lossy(&seen);
            assert_eq!(read, 1, "{words:?} does not come:\n{text}");
            seen.extend(byte);
        }
        String::from_utf8(seen).expect("it is UTF-8")
    }

    fn types(&mut self, line: &str) {
        writeln!(self.keyboard, "{line}").expect("it reads");
    }

    fn leaves(self) -> Ran {
        let Self {
            child,
            keyboard,
            mut screen,
        } = self;
        drop(keyboard);
        let mut rest = String::new();
        screen.read_to_string(&mut rest).expect("it is UTF-8");
        let output = child.wait_with_output().expect("it ends");
        let ran = Ran::of(output);
        Ran { out: rest, ..ran }
    }
}

/// The code of an address on the screen, some seconds from now.
fn code(screen: &str, ahead: u64) -> String {
    let (_, secret) = screen.rsplit_once("?secret=").expect("there is a key");
    let (secret, _) = secret.split_once('&').expect("there is more");
    let secret = Secret::try_from_base32(secret).expect("it is base 32");
    let totp = Builder::new().with_secret(secret).build();
    let now = SystemClock.now().expect("there is a time");
    totp.expect("it is a key").generate(now + ahead).to_string()
}

fn recovery_code(screen: &str) -> String {
    let (_, after) = screen.rsplit_once("recovery code ").expect("there is one");
    let word = after.split_whitespace().next();
    word.expect("there is one").to_owned()
}

#[test]
fn a_person_plays_the_story_to_its_end() {
    let mut player = Player::sit_down(&["demo", "--interactive"]);
    let setup = player.reads("Code of your app (Enter shows the key again):");
    player.types("letters");
    let screen = player.reads("(Enter shows the key again):");
    assert!(
        screen.contains("err: invalid-input: code: expected"),
        "{screen}"
    );
    player.types(" 000 000 ");
    let screen = player.reads("(Enter shows the key again):");
    assert!(screen.contains("rejected: wrong; 4 tries left"), "{screen}");
    player.types(&code(&setup, 0));
    let screen = player.reads("Have you saved it? (yes, or Enter for later)");
    let recovery = recovery_code(&screen);
    player.types("yes");
    player.reads("Code of your app (Enter skips):");
    // Half a minute ahead, for the confirming code's step is used up.
    player.types(&code(&setup, 30));
    let screen = player.reads("Enroll for Ben too? (yes, or Enter skips)");
    assert!(screen.contains("amr [otp mfa]"), "{screen}");
    assert!(screen.contains("replayed"), "{screen}");
    assert!(screen.contains("enroll: required"), "{screen}");
    player.types("");
    player.reads("Recovery code (Enter skips):");
    player.types(&recovery.to_lowercase());
    let setup = player.reads("Code of your app (Enter shows the key again):");
    player.types(&code(&setup, 0));
    let screen = player.reads("Have you saved it? (yes, or Enter for later)");
    assert!(screen.contains("proof recovery"), "{screen}");
    assert_ne!(recovery_code(&screen), recovery);
    player.types("");
    player.reads("Code of the old or of the new entry (Enter skips):");
    player.types("");
    let ran = player.leaves().ended(0);
    assert!(ran.out.contains("That is the story."), "{}", ran.out);
}

#[test]
fn the_end_of_the_input_ends_the_demo_in_peace() {
    let ran = run(&["demo", "--interactive"]).ended(0);
    assert!(ran.out.contains("The input ended"), "{}", ran.out);
    assert_eq!(ran.err, "");
}

#[test]
fn the_word_may_stand_behind_two_hyphens() {
    let ran = run(&["demo", "--", "--interactive"]).ended(0);
    assert!(
        ran.out.contains("with your own authenticator app"),
        "{}",
        ran.out
    );
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_the_demo_with_exit_code_130() {
    let mut player = Player::sit_down(&["demo", "--interactive"]);
    player.reads("Code of your app");
    let pid = player.child.id().to_string();
    // The shell's own `kill`: not every machine has one as a program.
    let kill = std::process::Command::new("sh")
        .args(["-c", "kill -INT \"$0\"", &pid])
        .status();
    assert!(kill.expect("it starts").success());
    // The keyboard is held until it ended, or it might end for want of input.
    let status = player.child.wait().expect("it ends");
    assert_eq!(status.code(), Some(130));
}
