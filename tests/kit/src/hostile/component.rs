//! Makes components of the texts of hostile plugins.
//!
//! A text has only what is hostile. The imports of the contract, a memory, and a function for every export that the text
//! does not have are put around it here, by the contract's WIT; so a reader sees in twenty lines what a plugin does.

use std::fmt::Write;

use wit_component::{ComponentEncoder, StringEncoding};
use wit_parser::abi::{AbiVariant, WasmType};
use wit_parser::{Function, Resolve, SourceMap, WorldId, WorldItem, WorldKey};

use super::{Form, HostilePlugin};

impl HostilePlugin {
    /// Returns the plugin's module as text, with all that was put around what its file says; of a component that is
    /// written whole, the file.
    ///
    /// # Errors
    ///
    /// What is wrong with the entry.
    pub fn text(&self) -> Result<String, String> {
        match self.form {
            Form::Whole => Ok(self.source().to_owned()),
            Form::Beside => module(&self.contract()?, ""),
            Form::Module => module(&self.contract()?, &self.repeated()),
        }
    }

    /// Returns the component's bytes, or whatever else the file makes that a host is to load.
    ///
    /// # Errors
    ///
    /// What is wrong with the entry or its file.
    pub fn component(&self) -> Result<Vec<u8>, String> {
        let named = |why: String| format!("{}: {why}", self.id);
        let text = self.text().map_err(named)?;
        if self.form == Form::Whole {
            return wat::parse_str(text).map_err(|error| named(error.to_string()));
        }
        let encoded = encode(&self.contract()?, &text).map_err(named)?;
        match self.form {
            Form::Beside => beside(&encoded, self.source()).map_err(named),
            _ => Ok(encoded),
        }
    }

    fn contract(&self) -> Result<Contract, String> {
        let named = |why: String| format!("{}: {why}", self.id);
        Contract::edited(self).map_err(named)
    }

    fn repeated(&self) -> String {
        let mut text = self.source().to_owned();
        if let Some(repeat) = &self.repeat {
            for n in 0..repeat.times {
                text.push_str(&repeat.item.replace("{n}", &n.to_string()));
                text.push('\n');
            }
        }
        text
    }
}

/// Returns a plugin that does nothing bad: it describes itself, and traps in everything else.
pub(super) fn bystander() -> Result<Vec<u8>, String> {
    let contract = Contract::of(&CONTRACT.map(|(name, text)| (name, text.to_owned())), None)?;
    encode(&contract, &module(&contract, "")?)
}

/// The contract's WIT, or what an entry makes of it.
struct Contract {
    resolve: Resolve,
    world: WorldId,
}

impl Contract {
    fn edited(plugin: &HostilePlugin) -> Result<Self, String> {
        let mut files = CONTRACT.map(|(name, text)| (name, text.to_owned()));
        for edit in &plugin.wit_edits {
            let mut found = false;
            for (_, text) in &mut files {
                found |= text.contains(&edit.from);
                *text = text.replace(&edit.from, &edit.to);
            }
            if !found {
                return Err(format!("wit/ does not say: {}", edit.from));
            }
        }
        Self::of(&files, plugin.wit.as_deref())
    }

    fn of(files: &[(&str, String)], more: Option<&str>) -> Result<Self, String> {
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

/// A function of the contract.
struct Named<'a> {
    /// Its name in the texts, such as `store.get`.
    label: String,
    /// The interface's whole name.
    module: String,
    name: &'a str,
    signature: String,
}

/// Puts around a text what it leaves out.
fn module(contract: &Contract, items: &str) -> Result<String, String> {
    let mut text = "(module\n".to_owned();
    for it in contract.imports()? {
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
    for it in contract.exports()? {
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

fn encode(contract: &Contract, text: &str) -> Result<Vec<u8>, String> {
    let mut module = wat::parse_str(text).map_err(|error| error.to_string())?;
    wit_component::embed_component_metadata(
        &mut module,
        &contract.resolve,
        contract.world,
        StringEncoding::UTF8,
        false,
    )
    .and_then(|()| {
        // What is not valid is for the host to find.
        ComponentEncoder::default()
            .validate(false)
            .module(&module)?
            .encode()
    })
    .map_err(|error| format!("{error:#}"))
}

/// Puts items of a component behind those that are there.
fn beside(component: &[u8], items: &str) -> Result<Vec<u8>, String> {
    let printed = wasmprinter::print_bytes(component).map_err(|error| format!("{error:#}"))?;
    let whole = printed.trim_end();
    let open = whole.strip_suffix(')').ok_or("the component has no end")?;
    wat::parse_str(format!("{open}\n{items}\n)")).map_err(|error| error.to_string())
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

/// `wit/`, without what it depends on.
const CONTRACT: [(&str, &str); 12] = [
    (
        "administration.wit",
        include_str!("../../../../wit/administration.wit"),
    ),
    (
        "enrollment.wit",
        include_str!("../../../../wit/enrollment.wit"),
    ),
    ("keyring.wit", include_str!("../../../../wit/keyring.wit")),
    ("meta.wit", include_str!("../../../../wit/meta.wit")),
    ("policy.wit", include_str!("../../../../wit/policy.wit")),
    ("recovery.wit", include_str!("../../../../wit/recovery.wit")),
    ("sign-in.wit", include_str!("../../../../wit/sign-in.wit")),
    ("sms.wit", include_str!("../../../../wit/sms.wit")),
    ("store.wit", include_str!("../../../../wit/store.wit")),
    ("types.wit", include_str!("../../../../wit/types.wit")),
    (
        "verification.wit",
        include_str!("../../../../wit/verification.wit"),
    ),
    ("world.wit", include_str!("../../../../wit/world.wit")),
];
/// What it depends on.
const DEPENDENCIES: [&str; 2] = [
    include_str!("../../../../wit/deps/wasi-clocks/wall-clock.wit"),
    include_str!("../../../../wit/deps/wasi-random/random.wit"),
];
