//! The files of hostile plugins, as this library carries them.

/// `tests/hostile/plugins.toml`.
pub(super) const TABLE: &str = include_str!("../../../hostile/plugins.toml");

/// Returns the text of a plugin's file.
pub(super) fn text(id: &str) -> Option<&'static str> {
    let (_, text) = FILES.iter().find(|(it, _)| *it == id)?;
    Some(text)
}

/// Names and texts of files of `tests/hostile/plugins/`.
macro_rules! files {
    ($($id:literal),* $(,)?) => {
        &[$(($id, include_str!(concat!("../../../hostile/plugins/", $id, ".wat")))),*]
    };
}

/// All of them, in the order of their names. A test holds the list to the folder.
const FILES: &[(&str, &str)] = files![
    "account-of-somebody",
    "all-randomness",
    "answer-outside-memory",
    "argument-outside-memory",
    "case-that-is-not",
    "code-in-the-name-of-an-export",
    "code-in-the-name-of-an-import",
    "core-module",
    "counter-of-the-host",
    "counter-set-back",
    "deep-recursion",
    "empty-component",
    "endless-asking",
    "endless-loop",
    "endless-questions",
    "endless-realloc",
    "endless-start",
    "endless-tags",
    "epoch-that-goes-back",
    "fat-event",
    "forged-event",
    "growing-memory",
    "growing-table",
    "huge-answer",
    "huge-argument",
    "import-of-a-newer-function",
    "import-of-files",
    "import-of-its-own",
    "import-of-the-environment",
    "import-of-the-network",
    "keeps-sessions-open",
    "kept-memory",
    "kept-state",
    "large-memory",
    "large-record",
    "large-table",
    "lets-in-anybody",
    "letters-by-text",
    "line-break-in-who-pays",
    "many-events",
    "many-functions",
    "many-instances",
    "many-records",
    "many-tables",
    "missing-exports",
    "more-cases",
    "name-with-escapes",
    "nine-digits-by-text",
    "policy-of-another-company",
    "policy-written-in-passing",
    "realloc-outside-memory",
    "record-that-was-not-read",
    "text-in-passing",
    "text-not-utf-8",
    "text-outside-memory",
    "text-to-another-number",
    "text-to-no-number",
    "too-large",
    "trap",
    "trap-by-the-sandbox",
    "two-memories",
    "two-texts",
    "wrong-types",
];
