//! The plugin developer's guide, followed to the letter: a plugin is made by `countersign new`, each block of the page is put
//! where it says, and its commands show what it says that they show.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod page;
mod reader;

use page::Page;
use reader::Reader;

#[test]
fn who_follows_the_guide_has_a_plugin_that_passes_the_core_level() {
    let reader = Reader::begin();
    reader.build();
    // What was just made loads, and is told what is missing.
    let seen = reader.run("conformance my_plugin.wasm --level core --filter verify");
    assert!(!seen.conforms);
    assert!(seen.passed.is_empty(), "{:?}", seen.passed);
    for (id, why) in &seen.failed {
        assert!(why.contains("not-implemented"), "{id}: {why}");
    }

    let chapters = Page::read().chapters;
    assert!(chapters.len() > 6, "the page was read in part");
    for chapter in chapters {
        let title = &chapter.title;
        let before = (!chapter.green.is_empty()).then(|| reader.run(&chapter.command));
        for block in &chapter.blocks {
            reader.put(block);
        }
        reader.build();
        let after = reader.run(&chapter.command);
        for id in &chapter.green {
            let before = before.as_ref().expect("there was a run");
            assert!(
                before.failed.contains_key(id),
                "{title}: {id} was green before"
            );
            let why = after.failed.get(id);
            assert!(
                after.passed.contains(id),
                "{title}: {id} is not green: {why:?}"
            );
        }
        if chapter.green.is_empty() {
            let red: Vec<&String> = after.failed.keys().collect();
            let told: Vec<&String> = chapter.red.iter().collect();
            assert_eq!(red, told, "{title}: {:?}", after.failed);
            assert_eq!(after.conforms, told.is_empty(), "{title}");
            assert!(!after.passed.is_empty(), "{title}: nothing was run");
        }
    }
}
