//! The text that holds master keys.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use zeroize::Zeroizing;

use super::{KeyringError, LocalKeyring};
use crate::random::{Random, RandomError};

/// Master keys as a text: parsed, edited and written, with the comments that stand in it.
///
/// The format is said at the [module](super). Memory that held a key is wiped.
///
/// # Examples
///
/// ```
/// use countersign_host::keyring::{KeyFile, KeyState};
/// use countersign_host::random::SystemRandom;
///
/// let mut file = KeyFile::draw(&SystemRandom)?;
/// let next = file.add_next(&SystemRandom)?;
/// assert_eq!(file.keys().last(), Some((KeyState::Next, next)));
/// assert_eq!(file.activate_next()?, next);
/// assert_eq!(file.to_keyring()?.key_id(), next);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct KeyFile(Vec<Line>);

/// What a key of a [`KeyFile`] is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum KeyState {
    /// It names counters, and opens and checks nothing.
    Index,
    /// It opens and checks.
    Retired,
    /// It seals and tags too.
    Active,
    /// It opens and checks what other gateways made already.
    Next,
}

impl KeyState {
    /// Returns the word that stands for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Retired => "retired",
            Self::Active => "active",
            Self::Next => "next",
        }
    }
}

impl fmt::Display for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text is no list of keys: which line, and what was expected there. It repeats nothing of the line.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("line {line}: expected {expected}")]
pub struct KeyFileError {
    /// The line, counted from 1.
    pub line: usize,
    /// What was expected.
    pub expected: &'static str,
}

/// Why keys were not changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NotEdited {
    /// There is a key to come already.
    #[error("the key {0:08x} is to come already: make it active first")]
    NextThere(u32),
    /// There is no key to come.
    #[error("no key is to come: add one first, for every gateway")]
    NoNext,
    /// There is no randomness.
    #[error("there is no randomness")]
    Random,
}

impl From<RandomError> for NotEdited {
    fn from(_: RandomError) -> Self {
        Self::Random
    }
}

enum Line {
    /// Nothing or a comment. People comment out keys, so it is as secret as they are.
    Text(Zeroizing<String>),
    Key {
        state: KeyState,
        key: Zeroizing<[u8; 32]>,
        id: u32,
        /// What stands behind it.
        comment: Zeroizing<String>,
    },
}

impl KeyFile {
    /// Draws a first key, and makes it active.
    ///
    /// # Errors
    ///
    /// That of the source.
    pub fn draw(random: &(impl Random + ?Sized)) -> Result<Self, RandomError> {
        let (key, id) = draw(random, |_| true)?;
        Ok(Self(vec![Line::key(KeyState::Active, key, id)]))
    }

    /// Returns state and id of each key, the oldest first.
    pub fn keys(&self) -> impl Iterator<Item = (KeyState, u32)> {
        self.0.iter().filter_map(|line| match line {
            Line::Key { state, id, .. } => Some((*state, *id)),
            Line::Text(_) => None,
        })
    }

    /// Draws a key and adds it as the one to come. Returns its id.
    ///
    /// # Errors
    ///
    /// [`NotEdited::NextThere`] and [`NotEdited::Random`]; nothing is changed.
    pub fn add_next(&mut self, random: &(impl Random + ?Sized)) -> Result<u32, NotEdited> {
        if let Some((_, id)) = self.keys().find(|(state, _)| *state == KeyState::Next) {
            return Err(NotEdited::NextThere(id));
        }
        let (key, id) = draw(random, |id| self.keys().all(|(_, other)| other != id))?;
        // A comment at the end of the text stays there only if it is about the keys above it; nobody can know.
        self.0.push(Line::key(KeyState::Next, key, id));
        Ok(id)
    }

    /// Makes the key to come active, and the active one retired. Returns the id of the one that is active now.
    ///
    /// # Errors
    ///
    /// [`NotEdited::NoNext`]; nothing is changed.
    pub fn activate_next(&mut self) -> Result<u32, NotEdited> {
        let next = self.keys().find(|(state, _)| *state == KeyState::Next);
        let (_, active) = next.ok_or(NotEdited::NoNext)?;
        for line in &mut self.0 {
            if let Line::Key { state, .. } = line {
                *state = match *state {
                    KeyState::Active => KeyState::Retired,
                    KeyState::Next => KeyState::Active,
                    other => other,
                };
            }
        }
        Ok(active)
    }

    /// Derives the keyring.
    ///
    /// # Errors
    ///
    /// None for keys that were parsed or drawn, but for two whose ids, of 32 bits, happen to be the same.
    pub fn to_keyring(&self) -> Result<LocalKeyring, KeyFileError> {
        let mut keyring: Option<LocalKeyring> = None;
        let mut index = None;
        for (line, it) in (1_usize..).zip(&self.0) {
            let Line::Key { state, key, .. } = it else {
                continue;
            };
            let same = |_: KeyringError| KeyFileError {
                line,
                expected: "another key than those before it",
            };
            keyring = match (keyring.take(), state) {
                (keyring, KeyState::Index) => {
                    index = Some((line, key));
                    keyring
                }
                (None, _) => Some(LocalKeyring::from_key(**key)),
                (Some(keyring), KeyState::Next) => Some(keyring.expecting(**key).map_err(same)?),
                (Some(keyring), _) => Some(keyring.rotated_to(**key).map_err(same)?),
            };
        }
        let keyring = keyring.ok_or(KeyFileError {
            line: self.0.len(),
            expected: ONE_ACTIVE,
        })?;
        match index {
            None => Ok(keyring),
            Some((line, key)) => keyring.indexed_by(**key).map_err(|_| KeyFileError {
                line,
                expected: "another key than those below it",
            }),
        }
    }

    /// Returns the text. It holds the keys.
    pub fn to_text(&self) -> Zeroizing<String> {
        // Its size is known, so that it is not moved and left behind while it grows.
        let size = self.0.iter().map(Line::size).fold(0, usize::saturating_add);
        let mut text = Zeroizing::new(String::with_capacity(size));
        for line in &self.0 {
            line.write(&mut text);
            text.push('\n');
        }
        text
    }

    /// Writes the text to a file that is not there yet, for its owner alone (mode 0600).
    ///
    /// # Errors
    ///
    /// That of writing; [`io::ErrorKind::AlreadyExists`] if there is something, which stays as it is.
    pub fn write_new(&self, path: &Path) -> io::Result<()> {
        let draft = Draft::write(path, &self.to_text())?;
        // Unlike a renaming, this fails where something is.
        fs::hard_link(&draft.path, path)?;
        drop(draft);
        sync_folder(path)
    }

    /// Writes the text in place of a file that is there, for its owner alone (mode 0600): all of it or, if anything goes
    /// wrong, nothing. It stays its owner's, and is on the disk when this returns.
    ///
    /// # Errors
    ///
    /// That of writing.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        // A link stays one.
        let path = fs::canonicalize(path)?;
        let draft = Draft::write(&path, &self.to_text())?;
        // Root edits a file that a gateway reads: it stays the gateway's.
        #[cfg(unix)]
        {
            use std::os::unix::fs::{MetadataExt, chown};

            let owner = fs::metadata(&path)?;
            let ours = fs::metadata(&draft.path)?;
            if (owner.uid(), owner.gid()) != (ours.uid(), ours.gid()) {
                chown(&draft.path, Some(owner.uid()), Some(owner.gid()))?;
            }
        }
        draft.rename(&path)?;
        sync_folder(&path)
    }
}

impl FromStr for KeyFile {
    type Err = KeyFileError;

    fn from_str(text: &str) -> Result<Self, KeyFileError> {
        let mut lines: Vec<Line> = Vec::new();
        let mut last: Option<KeyState> = None;
        for (number, text) in (1_usize..).zip(text.lines()) {
            let expected = |expected| KeyFileError {
                line: number,
                expected,
            };
            let line = Line::parse(text).map_err(expected)?;
            if let Line::Key { state, .. } = line {
                check_order(last, state).map_err(expected)?;
                last = Some(state);
            }
            lines.push(line);
        }
        if !matches!(last, Some(KeyState::Active | KeyState::Next)) {
            return Err(KeyFileError {
                line: lines.len().max(1),
                expected: ONE_ACTIVE,
            });
        }
        let file = Self(lines);
        file.to_keyring()?;
        Ok(file)
    }
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyFile")?;
        let keys = self.keys().map(|(state, id)| format!("{state} {id:08x}"));
        f.debug_list().entries(keys).finish()
    }
}

impl Line {
    fn key(state: KeyState, key: Zeroizing<[u8; 32]>, id: u32) -> Self {
        let comment = Zeroizing::default();
        Self::Key {
            state,
            key,
            id,
            comment,
        }
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        let (head, comment) = match text.find('#') {
            Some(at) => text.split_at(at),
            None => (text, ""),
        };
        let mut words = head.split_ascii_whitespace();
        let Some(state) = words.next() else {
            return Ok(Self::Text(Zeroizing::new(text.to_owned())));
        };
        let state = [
            KeyState::Index,
            KeyState::Retired,
            KeyState::Active,
            KeyState::Next,
        ]
        .into_iter()
        .find(|it| it.as_str() == state)
        .ok_or("`retired`, `active` or `next`, and a key")?;
        let (Some(key), None) = (words.next().and_then(unhex), words.next()) else {
            return Err("a key of 64 hexadecimal digits after the state, and nothing more");
        };
        Ok(Self::Key {
            state,
            id: LocalKeyring::from_key(*key).key_id(),
            key,
            comment: Zeroizing::new(comment.to_owned()),
        })
    }

    fn write(&self, text: &mut String) {
        match self {
            Self::Text(line) => text.push_str(line),
            Self::Key {
                state,
                key,
                comment,
                ..
            } => {
                text.push_str(state.as_str());
                text.push(' ');
                for digit in key.iter().flat_map(|byte| [byte >> 4, byte & 15]) {
                    text.extend(char::from_digit(digit.into(), 16));
                }
                if !comment.is_empty() {
                    text.push(' ');
                    text.push_str(comment);
                }
            }
        }
    }

    /// At most so many bytes, with the end of the line.
    fn size(&self) -> usize {
        match self {
            Self::Text(line) => line.len().saturating_add(1),
            Self::Key { comment, .. } => comment.len().saturating_add(80),
        }
    }
}

/// Says whether a key of this state may follow one of that.
fn check_order(last: Option<KeyState>, state: KeyState) -> Result<(), &'static str> {
    match (last, state) {
        (None, KeyState::Next) | (Some(KeyState::Index | KeyState::Retired), KeyState::Next) => {
            Err("the active key before the next one: the oldest key comes first")
        }
        (Some(KeyState::Active | KeyState::Next), KeyState::Active) => Err(ONE_ACTIVE),
        (Some(KeyState::Active | KeyState::Next), KeyState::Retired) => {
            Err("retired keys before the active one: the oldest key comes first")
        }
        (Some(KeyState::Next), KeyState::Next) => Err("one next key at most"),
        (Some(_), KeyState::Index) => Err("the `index` key before all others"),
        _ => Ok(()),
    }
}

fn unhex(digits: &str) -> Option<Zeroizing<[u8; 32]>> {
    let mut key = Zeroizing::new([0; 32]);
    let mut pairs = digits.as_bytes().chunks_exact(2);
    for byte in key.iter_mut() {
        let &[high, low] = pairs.next()? else {
            return None;
        };
        let [high, low] = [high, low].map(|it| char::from(it).to_digit(16));
        *byte = u8::try_from((high? << 4) | low?).ok()?;
    }
    (digits.len() == 64).then_some(key)
}

/// Draws a key whose id suits.
fn draw(
    random: &(impl Random + ?Sized),
    suits: impl Fn(u32) -> bool,
) -> Result<(Zeroizing<[u8; 32]>, u32), RandomError> {
    // Ids have 32 bits, so that two in a row do not suit once in a thousand million times: that is a broken source.
    for _ in 0..2 {
        let mut key = Zeroizing::new([0; 32]);
        random.fill(&mut *key)?;
        let id = LocalKeyring::from_key(*key).key_id();
        if suits(id) && id != super::UNFINISHED {
            return Ok((key, id));
        }
    }
    Err(RandomError)
}

/// A file beside the one that is to be written; removed if it does not take its place.
struct Draft {
    path: PathBuf,
}

impl Draft {
    fn write(beside: &Path, text: &str) -> io::Result<Self> {
        let mut name = beside
            .file_name()
            .ok_or(io::ErrorKind::InvalidInput)?
            .to_owned();
        name.push(format!(".{}.new", std::process::id()));
        let path = beside.with_file_name(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path)?;
        let draft = Self { path };
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        Ok(draft)
    }

    fn rename(self, to: &Path) -> io::Result<()> {
        // Whether it worked or not: what `drop` removes then is either the draft or nothing.
        fs::rename(&self.path, to)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // There is nobody to tell, and what stays is for its owner's eyes only.
        let _ = fs::remove_file(&self.path);
    }
}

/// Makes sure that a file's name is on the disk too.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    match cfg!(unix) {
        true => File::open(folder)?.sync_all(),
        false => Ok(()),
    }
}

const ONE_ACTIVE: &str = "exactly one active key";
