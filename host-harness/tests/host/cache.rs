//! The cache of compiled code.

use std::fs;
use std::path::{Path, PathBuf};

use countersign_host::{LoadError, Plugin};

use crate::hostile::Hostile;

/// A directory that is gone when the test ends well.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.0).expect("it is there");
        entries.map(|entry| entry.expect("it is").path()).collect()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn load(component: &[u8], directory: &Directory) -> Result<Plugin, LoadError> {
    Plugin::builder().cache(&directory.0).load(component)
}

#[tokio::test]
async fn the_second_load_comes_from_the_cache_and_answers_alike() {
    let directory = Directory::new("second-load");
    let component = Hostile::default().component();
    let first = load(&component, &directory).expect("it compiles");
    assert!(!first.was_cached());
    let second = load(&component, &directory).expect("it is cached");
    assert!(second.was_cached());
    assert_eq!(directory.files().len(), 1);
    let mfa = crate::builder(second, countersign_host::store::MemoryStore::new());
    let mfa = mfa.build().expect("nothing is missing");
    mfa.meta().describe().await.expect("it is answered");
}

#[test]
fn another_component_and_another_engine_have_files_of_their_own() {
    let directory = Directory::new("others");
    let component = Hostile::default().component();
    let other = Hostile::default().items("(func)").component();
    load(&component, &directory).expect("it compiles");
    assert!(!load(&other, &directory).expect("it compiles").was_cached());
    let unpooled = Plugin::builder().cache(&directory.0).pooled(false);
    assert!(!unpooled.load(&component).expect("it compiles").was_cached());
    assert_eq!(directory.files().len(), 3);
}

#[test]
fn a_damaged_file_is_compiled_again() {
    let directory = Directory::new("damaged");
    let component = Hostile::default().component();
    load(&component, &directory).expect("it compiles");
    let file = directory.files().remove(0);
    let whole = fs::read(&file).expect("it is there");
    let mut bit = whole.clone();
    bit[whole.len() / 2] ^= 1;
    for damaged in [&bit[..], &whole[..whole.len() / 2], b"", b"something else"] {
        fs::write(&file, damaged).expect("it is ours");
        assert!(
            !load(&component, &directory)
                .expect("it compiles")
                .was_cached()
        );
        assert!(
            load(&component, &directory)
                .expect("it is whole")
                .was_cached()
        );
    }
}

#[test]
fn a_file_of_another_component_is_not_taken() {
    let directory = Directory::new("renamed");
    let component = Hostile::default().component();
    let other = Hostile::default().items("(func)").component();
    load(&other, &directory).expect("it compiles");
    let taken = fs::read(directory.files().remove(0)).expect("it is there");
    load(&component, &directory).expect("it compiles");
    for file in directory.files() {
        fs::write(file, &taken).expect("it is ours");
    }
    assert!(
        !load(&component, &directory)
            .expect("it compiles")
            .was_cached()
    );
}

#[test]
#[cfg(unix)]
fn a_directory_that_others_can_write_is_refused() {
    use std::os::unix::fs::PermissionsExt;

    let directory = Directory::new("open");
    let component = Hostile::default().component();
    fs::create_dir_all(&directory.0).expect("it can be made");
    for mode in [0o770, 0o707, 0o777] {
        fs::set_permissions(&directory.0, fs::Permissions::from_mode(mode)).expect("it is ours");
        let refused = load(&component, &directory);
        assert!(matches!(refused, Err(LoadError::Cache(_))), "{mode:o}");
    }
    fs::set_permissions(&directory.0, fs::Permissions::from_mode(0o755)).expect("it is ours");
    load(&component, &directory).expect("nobody else can write");
    let file = directory.files().remove(0);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).expect("it is ours");
    assert!(
        !load(&component, &directory)
            .expect("it compiles")
            .was_cached()
    );
}

#[test]
fn what_is_no_directory_is_refused() {
    let directory = Directory::new("a-file");
    fs::create_dir_all(&directory.0).expect("it can be made");
    let file = directory.0.join("file");
    fs::write(&file, b"").expect("it is ours");
    let refused = Plugin::builder()
        .cache(file)
        .load(&Hostile::default().component());
    assert!(matches!(refused, Err(LoadError::Cache(_))));
}
