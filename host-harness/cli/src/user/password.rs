//! A new password: typed, read or generated.

use std::io::{self, IsTerminal};

use clap::Args;
use countersign_gateway::Passwords;
use countersign_gateway::directory::PasswordHash;
use countersign_host::random::{Random, SystemRandom};
use data_encoding::BASE32_NOPAD;
use zeroize::Zeroizing;

use crate::exit::Exit;
use crate::input;

/// Where a new password comes from: the terminal, unless told otherwise.
#[derive(Args, Debug)]
pub(super) struct PasswordArgs {
    /// Read the password from the standard input: one line
    #[arg(long, conflicts_with = "generate")]
    password_stdin: bool,
    /// Make a password up, and print it: hand it over by a way that others do not read
    #[arg(long)]
    generate: bool,
}

/// A password that somebody of this name may have.
pub(super) struct NewPassword {
    pub(super) hash: PasswordHash,
    /// To be printed; none if whoever typed it knows it.
    pub(super) generated: Option<Zeroizing<String>>,
}

impl PasswordArgs {
    /// Gets the password and hashes it.
    pub(super) async fn get(&self, name: &str) -> Result<NewPassword, Exit> {
        let password = match (self.password_stdin, self.generate) {
            (true, _) => one_line(&input::read("-")?)?,
            (_, true) => generate()?,
            _ => prompt(name).await?,
        };
        Passwords::fit_for_use(name, &password)?;
        let hash = Passwords::new(1).hash(&password, &SystemRandom).await?;
        Ok(NewPassword {
            hash,
            generated: self.generate.then_some(password),
        })
    }
}

/// Takes the end of the line off, and nothing else.
fn one_line(text: &str) -> Result<Zeroizing<String>, Exit> {
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    match line.contains(['\n', '\r']) {
        true => Err(Exit::Usage(
            "--password-stdin: expected one line".to_owned(),
        )),
        false => Ok(Zeroizing::new(line.to_owned())),
    }
}

/// Draws a hundred random bits, as four groups of five letters and digits.
fn generate() -> Result<Zeroizing<String>, Exit> {
    let mut bytes = Zeroizing::new([0; 13]);
    let drawn = SystemRandom.fill(&mut *bytes);
    drawn.map_err(|error| Exit::Fault(error.to_string()))?;
    let letters = Zeroizing::new(BASE32_NOPAD.encode(&*bytes).to_ascii_lowercase());
    let mut password = Zeroizing::new(String::with_capacity(GENERATED.saturating_mul(2)));
    for (place, letter) in letters.chars().take(GENERATED).enumerate() {
        if place > 0 && place.is_multiple_of(GROUP) {
            password.push('-');
        }
        password.push(letter);
    }
    Ok(password)
}

/// Has it typed twice, unseen.
async fn prompt(name: &str) -> Result<Zeroizing<String>, Exit> {
    if !io::stdin().is_terminal() {
        return Err(Exit::Usage(
            "expected a terminal to type the password at, or --password-stdin or --generate"
                .to_owned(),
        ));
    }
    let name = countersign_host::printable::Printable(name).to_string();
    let typed = tokio::task::spawn_blocking(move || {
        let once = Zeroizing::new(rpassword::prompt_password(format!(
            "New password of {name}: "
        ))?);
        let twice = Zeroizing::new(rpassword::prompt_password("Once more: ")?);
        io::Result::Ok((once, twice))
    });
    let typed = typed
        .await
        .map_err(|error| Exit::Fault(error.to_string()))?;
    match typed? {
        (once, twice) if once == twice => Ok(once),
        _ => Err(Exit::Usage(
            "the two passwords differ; nothing was changed".to_owned(),
        )),
    }
}

const GENERATED: usize = 20;

const GROUP: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_password_is_fit_for_use_and_never_the_same() {
        let (one, other) = (generate().unwrap(), generate().unwrap());
        assert_eq!(one.len(), 23, "{}", *one);
        assert_ne!(one, other);
        Passwords::fit_for_use("mia", &one).unwrap();
    }

    #[test]
    fn of_a_line_its_end_alone_is_taken_off() {
        for (text, line) in [("a b \r\n", "a b "), (" a\n", " a"), ("a", "a"), ("\n", "")] {
            assert_eq!(*one_line(text).unwrap(), line);
        }
        for text in ["a\nb", "a\n\n", "a\rb\n"] {
            assert!(one_line(text).is_err(), "{text:?}");
        }
    }
}
