//! The page, as far as a test can follow it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The guide.
pub(crate) struct Page {
    /// The chapters with files to write, in order.
    pub(crate) chapters: Vec<Chapter>,
}

/// What a chapter has a reader do, and see.
#[derive(Default)]
pub(crate) struct Chapter {
    pub(crate) title: String,
    pub(crate) blocks: Vec<Block>,
    /// Its last `countersign conformance …`, without the first word.
    pub(crate) command: String,
    /// The cases that pass from here on, and did not before: the names after "Green now:".
    pub(crate) green: BTreeSet<String>,
    /// The cases that fail from here on: the names after "Red now:".
    pub(crate) red: BTreeSet<String>,
}

/// A block of Rust whose first line is `// src/name.rs`.
pub(crate) struct Block {
    /// Where it goes.
    pub(crate) path: String,
    /// The whole file.
    pub(crate) text: String,
}

impl Page {
    /// Reads the page of this tree.
    pub(crate) fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guest/GUIDE.md");
        let text = fs::read_to_string(path).expect("the guide is there");
        let chapters = text.split("\n## ").map(Chapter::of);
        Self {
            chapters: chapters.filter(|it| !it.blocks.is_empty()).collect(),
        }
    }
}

impl Chapter {
    fn of(text: &str) -> Self {
        let mut lines = text.lines();
        let mut chapter = Self {
            title: lines.next().unwrap_or_default().to_owned(),
            ..Self::default()
        };
        while let Some(line) = lines.next() {
            if line == "```rust" {
                let block: Vec<&str> = lines.by_ref().take_while(|it| *it != "```").collect();
                let place = block.first().and_then(|it| it.strip_prefix("// "));
                if let Some(path) = place.filter(|it| it.starts_with("src/")) {
                    chapter.blocks.push(Block {
                        path: path.to_owned(),
                        text: block.join("\n") + "\n",
                    });
                }
            } else if let Some(command) = line.strip_prefix("$ countersign conformance ") {
                chapter.command = format!("conformance {command}");
            } else if line.starts_with("Green now:") || line.starts_with("Red now:") {
                let rest = lines.by_ref().take_while(|it| !it.is_empty());
                let text = rest.fold(line.to_owned(), |text, line| text + " " + line);
                let names = text.split('`').skip(1).step_by(2).map(str::to_owned);
                match line.starts_with("Green") {
                    true => chapter.green.extend(names),
                    false => chapter.red.extend(names),
                }
            }
        }
        chapter
    }
}
