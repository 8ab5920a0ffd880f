//! What a command opened, to be closed at its end.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use countersign_gateway::directory::Directory;
use countersign_host::store::Database;

/// Notes a store that is to be closed when the command ends.
pub(crate) fn note_store(store: &Arc<dyn Database>) {
    note(Opened::Store(store.clone()));
}

/// Notes a directory that is to be closed when the command ends.
pub(crate) fn note_directory(directory: &Arc<dyn Directory>) {
    note(Opened::Directory(directory.clone()));
}

/// Closes all that was opened. What cannot be closed is as whole as after a power cut: whoever opens it next finds all.
pub(crate) async fn close() {
    let opened = std::mem::take(&mut *OPENED.lock().unwrap_or_else(PoisonError::into_inner));
    for it in opened {
        let closing = async {
            match it {
                Opened::Store(store) => store.close().await.is_ok(),
                Opened::Directory(directory) => directory.close().await.is_ok(),
            }
        };
        let _ = tokio::time::timeout(AT_MOST, closing).await;
    }
}

enum Opened {
    Store(Arc<dyn Database>),
    Directory(Arc<dyn Directory>),
}

fn note(opened: Opened) {
    let mut all = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    all.push(opened);
}

static OPENED: Mutex<Vec<Opened>> = Mutex::new(Vec::new());

/// Nobody waits longer for a command that is done.
const AT_MOST: Duration = Duration::from_secs(2);
