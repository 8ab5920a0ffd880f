//! Components for the contract's world whose code is written here, in the text format.
//!
//! Every function traps unless a body is given for it, except `meta.describe`, which answers; so what is under test is
//! as short as what it does. Another crate can use this file with `#[path]`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use wit_component::{ComponentEncoder, StringEncoding};
use wit_parser::abi::{AbiVariant, WasmType};
use wit_parser::{Function, Resolve, WorldId, WorldItem, WorldKey};

/// A component to be.
#[derive(Clone, Default)]
pub(crate) struct Hostile {
    bodies: BTreeMap<String, String>,
    items: String,
    wit: Option<String>,
    omitted: Option<String>,
}

impl Hostile {
    /// Gives a function, such as `sign-in.begin`, a body. Imports are functions named like `$store.get`.
    pub(crate) fn body(mut self, function: &str, wat: &str) -> Self {
        self.bodies.insert(function.to_owned(), wat.to_owned());
        self
    }

    /// Adds items to the module: data, functions, a start function.
    pub(crate) fn items(mut self, wat: &str) -> Self {
        self.items.push_str(wat);
        self
    }

    /// Adds a package with an interface, and imports it: the text of its interface.
    pub(crate) fn also_importing(self, interface: &str) -> Self {
        self.also_importing_from("evil:more@0.1.0", "extra", interface)
    }

    /// Adds an interface of this package and name, and imports it: the text of its interface.
    pub(crate) fn also_importing_from(
        mut self,
        package: &str,
        name: &str,
        interface: &str,
    ) -> Self {
        self.wit = Some(format!(
            "package {package};
             interface {name} {{ {interface} }}
             world more {{ include countersign:mfa/plugin@0.1.0; import {name}; }}"
        ));
        self
    }

    /// Leaves an exported interface out.
    pub(crate) fn without(mut self, interface: &str) -> Self {
        self.omitted = Some(interface.to_owned());
        self
    }

    /// Makes the component.
    pub(crate) fn component(&self) -> Vec<u8> {
        let (mut resolve, mut world) = contract();
        if let Some(more) = &self.wit {
            let package = resolve
                .push_str("more.wit", more)
                .expect("the WIT is well formed");
            world = resolve
                .select_world(&[package], Some("more"))
                .expect("there is such a world");
        }
        if let Some(omitted) = &self.omitted {
            let name = format!("countersign:mfa/{omitted}@0.1.0");
            let exports = &mut resolve.worlds[world].exports.clone();
            exports.retain(|key, _| resolve.name_world_key(key) != name);
            resolve.worlds[world].exports = exports.clone();
        }
        let text = self.module(&resolve, world);
        let mut module = wat::parse_str(&text).expect("the module is well formed");
        wit_component::embed_component_metadata(
            &mut module,
            &resolve,
            world,
            StringEncoding::UTF8,
            false,
        )
        .expect("the world can be embedded");
        ComponentEncoder::default()
            .validate(true)
            .module(&module)
            .expect("the module fits the world")
            .encode()
            .expect("the component is well formed")
    }

    fn module(&self, resolve: &Resolve, world: WorldId) -> String {
        let mut text = "(module\n".to_owned();
        let world = &resolve.worlds[world];
        for (key, function) in functions(resolve, world.imports.iter()) {
            let module = resolve.name_world_key(key);
            let signature = signature(resolve, AbiVariant::GuestImport, function);
            let (name, label) = (&function.name, label(resolve, key, function));
            let _ = writeln!(
                text,
                "(import \"{module}\" \"{name}\" (func ${label} {signature}))"
            );
        }
        text.push_str("(memory (export \"memory\") 2)\n");
        text.push_str(DESCRIPTION);
        text.push_str(REALLOC);
        text.push_str(&self.items);
        for (key, function) in functions(resolve, world.exports.iter()) {
            let label = label(resolve, key, function);
            let default = match label.as_str() {
                "meta.describe" => "(i32.const 1024)",
                _ => "unreachable",
            };
            let body = self.bodies.get(&label).map_or(default, String::as_str);
            let module = resolve.name_world_key(key);
            let signature = signature(resolve, AbiVariant::GuestExport, function);
            let name = &function.name;
            let _ = writeln!(
                text,
                "(func (export \"{module}#{name}\") {signature} {body})"
            );
        }
        text.push(')');
        text
    }
}

fn contract() -> (Resolve, WorldId) {
    let mut resolve = Resolve::default();
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit");
    let (package, _) = resolve.push_dir(wit).expect("wit/ is well formed");
    let world = resolve
        .select_world(&[package], Some("plugin"))
        .expect("there is such a world");
    (resolve, world)
}

fn functions<'a>(
    resolve: &'a Resolve,
    items: impl Iterator<Item = (&'a WorldKey, &'a WorldItem)>,
) -> impl Iterator<Item = (&'a WorldKey, &'a Function)> {
    items.flat_map(|(key, item)| {
        let WorldItem::Interface { id, .. } = item else {
            panic!("the world has interfaces only");
        };
        let functions = resolve.interfaces[*id].functions.values();
        functions.map(move |function| (key, function))
    })
}

/// `countersign:mfa/sign-in@0.1.0` and `begin` make `sign-in.begin`.
fn label(resolve: &Resolve, key: &WorldKey, function: &Function) -> String {
    let full = resolve.name_world_key(key);
    let interface = full.split(['/', '@']).nth(1).expect("a full name");
    format!("{interface}.{}", function.name)
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
