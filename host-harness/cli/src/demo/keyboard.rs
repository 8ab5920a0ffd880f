//! What a person types.

use std::io;

use crate::exit::Exit;

/// Reads a line from the standard input, without white space at its ends.
///
/// # Errors
///
/// [`Exit::InputEnded`] where there is none any more.
pub(super) async fn line() -> Result<String, Exit> {
    // On a thread of its own, so that Ctrl-C is heard meanwhile.
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin()
            .read_line(&mut line)
            .map(|length| (length, line))
    });
    match read.await {
        Ok(Ok((0, _))) => Err(Exit::InputEnded),
        Ok(Ok((_, line))) => Ok(line.trim().to_owned()),
        Ok(Err(error)) => Err(Exit::Fault(format!("the standard input: {error}"))),
        Err(error) => Err(Exit::Fault(error.to_string())),
    }
}
