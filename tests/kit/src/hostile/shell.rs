//! What a module of the contract's world needs beside what a test is about.

use std::fmt::Write;

use wit_component::{ComponentEncoder, StringEncoding};
use wit_parser::abi::{AbiVariant, WasmType};
use wit_parser::{Function, Resolve, SourceMap, WorldId, WorldItem, WorldKey};

use crate::wit::{DEPENDENCIES, FILES};

/// The world of the contract, or of something like it, to make components of texts that have only a part of it.
///
/// Around a text are put the imports, as functions with the contract's names such as `$store.get`; a memory of two
/// pages; a description at 1024; and for every export that the text does not have a function that traps. So a reader
/// sees in twenty lines what a component does.
///
/// # Examples
///
/// ```
/// use countersign_conformance::hostile::Shell;
///
/// let shell = Shell::of_the_contract()?;
/// let signature = shell.signature("administration.erase").unwrap();
/// let text = shell.module(&format!("(func $administration.erase {signature} unreachable)"))?;
/// assert!(shell.encode(&text, true)?.starts_with(b"\0asm"));
/// # Ok::<(), String>(())
/// ```
#[derive(Debug)]
pub struct Shell {
    resolve: Resolve,
    world: WorldId,
}

/// A function of a world.
struct Named<'a> {
    /// Its name in the texts, such as `store.get`.
    label: String,
    /// The interface's whole name.
    module: String,
    name: &'a str,
    signature: String,
}

impl Shell {
    /// Returns the shell of the contract as it is.
    ///
    /// # Errors
    ///
    /// What is wrong with `wit/`. Tests see to it that nothing is.
    pub fn of_the_contract() -> Result<Self, String> {
        Self::of(&FILES.map(|(name, text)| (name, text.to_owned())), None)
    }

    /// Makes one of the contract's files, as they are or changed. `more` is a package that they may import.
    pub(super) fn of(files: &[(&str, String)], more: Option<&str>) -> Result<Self, String> {
        let mut resolve = Resolve::default();
        let others = DEPENDENCIES.into_iter().chain(more);
        for text in others {
            let pushed = resolve.push_source("dependency.wit", text);
            pushed.map_err(|error| format!("{error:#}"))?;
        }
        let mut sources = SourceMap::default();
        for (name, text) in files {
            sources.push_str(name, text.as_str());
        }
        let group = sources.parse().map_err(|(_, error)| error.to_string())?;
        let package = resolve
            .push_group(group)
            .map_err(|error| error.to_string())?;
        let world = resolve
            .select_world(&[package], Some("plugin"))
            .map_err(|error| format!("{error:#}"))?;
        Ok(Self { resolve, world })
    }

    /// Takes another world, of a package whose text is `wit`. It may include the contract's.
    ///
    /// # Errors
    ///
    /// What is wrong with the text.
    pub fn with_world(mut self, wit: &str, world: &str) -> Result<Self, String> {
        let package = self.resolve.push_source("more.wit", wit);
        let package = package.map_err(|error| format!("{error:#}"))?;
        let selected = self.resolve.select_world(&[package], Some(world));
        self.world = selected.map_err(|error| format!("{error:#}"))?;
        Ok(self)
    }

    /// Leaves out an export of the contract, such as `policy`.
    #[must_use]
    pub fn without(mut self, interface: &str) -> Self {
        let omitted = format!("countersign:mfa/{interface}@0.1.0");
        if let Some(world) = self.resolve.worlds.get(self.world) {
            let mut exports = world.exports.clone();
            exports.retain(|key, _| self.resolve.name_world_key(key) != omitted);
            if let Some(world) = self.resolve.worlds.get_mut(self.world) {
                world.exports = exports;
            }
        }
        self
    }

    /// Returns parameters and results of an exported function, as a text writes them; none if there is no such export.
    #[must_use]
    pub fn signature(&self, label: &str) -> Option<String> {
        let mut exports = self.exports().ok()?.into_iter();
        exports.find(|it| it.label == label).map(|it| it.signature)
    }

    /// Puts around the items of a module what they leave out.
    ///
    /// # Errors
    ///
    /// A world that has more than interfaces.
    pub fn module(&self, items: &str) -> Result<String, String> {
        let mut text = "(module\n".to_owned();
        for it in self.imports()? {
            let (module, name, label, signature) = (&it.module, it.name, &it.label, &it.signature);
            // Writing to a text never fails, here and below.
            let _ = writeln!(
                text,
                "(import \"{module}\" \"{name}\" (func ${label} {signature}))"
            );
        }
        for (mark, default) in [
            ("(export \"memory\")", "(memory (export \"memory\") 2)"),
            ("(export \"cabi_realloc\")", REALLOC),
        ] {
            if !items.contains(mark) {
                let _ = writeln!(text, "{default}");
            }
        }
        text.push_str(DESCRIPTION);
        text.push_str(items);
        for it in self.exports()? {
            let (module, name, label, signature) = (&it.module, it.name, &it.label, &it.signature);
            if !defines(items, label) {
                let body = match label.as_str() {
                    "meta.describe" => "(i32.const 1024)",
                    _ => "unreachable",
                };
                let _ = writeln!(text, "(func ${label} {signature} {body})");
            }
            let _ = writeln!(text, "(export \"{module}#{name}\" (func ${label}))");
        }
        text.push_str(")\n");
        Ok(text)
    }

    /// Makes a component of a module's text. Whether it is valid is checked if `validated` says so, or left to whoever
    /// loads it.
    ///
    /// # Errors
    ///
    /// What is wrong with the text.
    pub fn encode(&self, text: &str, validated: bool) -> Result<Vec<u8>, String> {
        let mut module = wat::parse_str(text).map_err(|error| error.to_string())?;
        wit_component::embed_component_metadata(
            &mut module,
            &self.resolve,
            self.world,
            StringEncoding::UTF8,
            false,
        )
        .and_then(|()| {
            ComponentEncoder::default()
                .validate(validated)
                .module(&module)?
                .encode()
        })
        .map_err(|error| format!("{error:#}"))
    }

    fn imports(&self) -> Result<Vec<Named<'_>>, String> {
        let world = self.resolve.worlds.get(self.world);
        let world = world.ok_or("there is no such world")?;
        self.functions(world.imports.iter(), AbiVariant::GuestImport)
    }

    fn exports(&self) -> Result<Vec<Named<'_>>, String> {
        let world = self.resolve.worlds.get(self.world);
        let world = world.ok_or("there is no such world")?;
        self.functions(world.exports.iter(), AbiVariant::GuestExport)
    }

    fn functions<'a>(
        &'a self,
        items: impl Iterator<Item = (&'a WorldKey, &'a WorldItem)>,
        variant: AbiVariant,
    ) -> Result<Vec<Named<'a>>, String> {
        let mut named = Vec::new();
        for (key, item) in items {
            let interface = match item {
                WorldItem::Interface { id, .. } => self.resolve.interfaces.get(*id),
                _ => None,
            };
            let interface = interface.ok_or("the world has interfaces only")?;
            let module = self.resolve.name_world_key(key);
            for function in interface.functions.values() {
                let short = module.split(['/', '@']).nth(1).unwrap_or(&module);
                named.push(Named {
                    label: format!("{short}.{}", function.name),
                    module: module.clone(),
                    name: &function.name,
                    signature: signature(&self.resolve, variant, function),
                });
            }
        }
        Ok(named)
    }
}

/// Says whether a text has a function of this name.
fn defines(items: &str, label: &str) -> bool {
    let head = format!("(func ${label}");
    let after = |at: usize| {
        let rest = items.get(at.saturating_add(head.len())..);
        rest.and_then(|it| it.chars().next())
    };
    let ends = |it: char| it.is_whitespace() || it == '(' || it == ')';
    items
        .match_indices(&head)
        .any(|(at, _)| after(at).is_some_and(ends))
}

fn signature(resolve: &Resolve, variant: AbiVariant, function: &Function) -> String {
    let signature = resolve.wasm_signature(variant, function);
    let name = |ty: &WasmType| match ty {
        WasmType::I64 | WasmType::PointerOrI64 => "i64",
        WasmType::F32 => "f32",
        WasmType::F64 => "f64",
        WasmType::I32 | WasmType::Pointer | WasmType::Length => "i32",
    };
    let list = |kind: &str, types: &[WasmType]| {
        let each = types.iter().map(|ty| format!("({kind} {})", name(ty)));
        each.collect::<Vec<_>>().join(" ")
    };
    format!(
        "{} {}",
        list("param", &signature.params),
        list("result", &signature.results)
    )
}

/// `description { name: "hostile", contract: "0.1.0", levels: [], formats: { 1, 1, 1 } }` at 1024.
const DESCRIPTION: &str = r#"
(data (i32.const 1024)
    "\00\08\00\00\07\00\00\00" "\20\08\00\00\05\00\00\00" "\00\00\00\00\00\00\00\00"
    "\01\00\00\00\01\00\00\00\01\00\00\00")
(data (i32.const 2048) "hostile")
(data (i32.const 2080) "0.1.0")
"#;

/// Gives out memory from 65,536 on and never takes it back.
const REALLOC: &str = r#"
(global $free (mut i32) (i32.const 65536))
(func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local i32)
    (local.set 4 (i32.and (i32.add (global.get $free) (i32.const 15)) (i32.const -16)))
    (global.set $free (i32.add (local.get 4) (local.get 3)))
    (local.get 4))
"#;
