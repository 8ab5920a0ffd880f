//! Text that the command is given: a file, or the standard input.

use std::fs::File;
use std::io::{self, Read};

use zeroize::Zeroizing;

use crate::exit::Exit;

/// Reads a file, or the standard input for `-`. The text, which may hold secrets, is wiped on drop.
///
/// # Errors
///
/// [`Exit::Usage`] for what cannot be read, is longer than [`MAX_BYTES`] or is no UTF-8. Nothing is cut short: what is
/// missing at the end of a script or a list would not be missed.
pub(crate) fn read(path: &str) -> Result<Zeroizing<String>, Exit> {
    let cannot = |error| Exit::Usage(format!("cannot read {path}: {error}"));
    let mut bytes = Zeroizing::new(Vec::new());
    let limit = MAX_BYTES.saturating_add(1);
    match path {
        "-" => io::stdin().lock().take(limit).read_to_end(&mut bytes),
        path => {
            let file = File::open(path).map_err(cannot)?;
            // What grows is copied, and the copies are not wiped.
            let size = file.metadata().map_or(0, |it| it.len().min(limit));
            bytes.reserve(usize::try_from(size).unwrap_or_default().saturating_add(1));
            file.take(limit).read_to_end(&mut bytes)
        }
    }
    .map_err(cannot)?;
    if u64::try_from(bytes.len()).is_ok_and(|it| it > MAX_BYTES) {
        let expected = format!("{path}: expected at most {MAX_BYTES} bytes; give it in parts");
        return Err(Exit::Usage(expected));
    }
    match String::from_utf8(std::mem::take(&mut *bytes)) {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(error) => {
            let place = error.utf8_error().valid_up_to();
            drop(Zeroizing::new(error.into_bytes()));
            Err(Exit::Usage(format!("{path}: byte {place}: expected UTF-8")))
        }
    }
}

/// A hundred thousand users of Keycloak take about as much, and the script that imports them less.
const MAX_BYTES: u64 = 128 << 20;
