//! The files that a new plugin begins with.

use super::source::Source;

/// A file of the template.
pub(super) struct File {
    /// Where it goes, below the plugin's folder.
    pub(super) path: &'static str,
    /// Its text, with marks in it; see [`fill`].
    pub(super) text: &'static str,
}

/// Puts what is particular to a plugin in the place of the template's marks.
pub(super) fn fill(text: &str, name: &str, source: &Source) -> String {
    text.replace("{{name}}", name)
        .replace("{{file}}", &name.replace('-', "_"))
        .replace("{{sdk}}", &source.to_string())
}

/// Makes the entry of a file, from the path that it has both in the template and in a plugin.
macro_rules! file {
    ($path:literal) => {
        File {
            path: $path,
            text: include_str!(concat!("../../template/", $path)),
        }
    };
}

/// All of them.
pub(super) const FILES: [File; 13] = [
    file!(".cargo/config.toml"),
    file!(".gitignore"),
    file!("Cargo.toml"),
    file!("README.md"),
    // That of our own plugin: the linker needs the same of every one.
    File {
        path: "build.rs",
        text: include_str!("../../../../guest/build.rs"),
    },
    file!("rust-toolchain.toml"),
    file!("src/administration.rs"),
    file!("src/enrollment.rs"),
    file!("src/lib.rs"),
    file!("src/policy.rs"),
    file!("src/recovery.rs"),
    file!("src/sign_in.rs"),
    file!("src/verification.rs"),
];
