"""A plugin: loaded once, and run in an instance of its own for each call."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wasmtime import Config, Engine, Store, WasmtimeError
from wasmtime import component as wasm

from values import Shape, lift, lower, shape

#: What an import is here: a function of plain values, for each name. One whose type is a result returns a `Case`.
Imports = Mapping[str, Mapping[str, Callable[..., Any]]]


class Refused(Exception):
    """A component that this host will not have."""


@dataclass(frozen=True)
class Function:
    """A function's parameters and answer."""

    params: dict[str, Shape]
    answer: Shape | None

    @classmethod
    def of(cls, ty: wasm.FuncType) -> Function:
        """Takes a function's type."""
        return cls({name: shape(it) for name, it in ty.params}, shape(ty.result))


class Plugin:
    """A component that imports nothing beyond the contract."""

    def __init__(self, path: str) -> None:
        """Loads the component in a file. Nothing of it has run when this is done (WORLD-1)."""
        # Compiling is not metered, so this is its bound.
        if os.path.getsize(path) > LARGEST:
            raise Refused(f"the file has more than {LARGEST} bytes")
        config = Config()
        config.consume_fuel = True
        # A limit of each memory is one of the plugin only if it has no other.
        config.wasm_multi_memory = False
        config.max_wasm_stack = STACK
        self._engine = Engine(config)
        try:
            self._component = wasm.Component.from_file(self._engine, path)
        except WasmtimeError as error:
            raise Refused(f"not a component: {error}") from None
        found = self._component.type
        self._imports = _functions(found.imports(self._engine), self._engine)
        self._exports = _functions(found.exports(self._engine), self._engine)
        unknown = []
        for name, members in self._imports.items():
            world = _allowed(name)
            if world is None:
                unknown.append(name)
            else:
                unknown += [f"{name}#{it}" for it in members if it not in world]
        if unknown:
            raise Refused(f"imports beyond the contract: {', '.join(unknown)}")
        exported = {_dotted(name, it) for name, members in self._exports.items() for it in members}
        if missing := EXPORTS - exported:
            raise Refused(f"does not export what the contract has: {', '.join(sorted(missing))}")

    def function(self, name: str) -> Function | None:
        """Finds a function by a name such as `sign-in.begin`."""
        interface, _, function = name.partition(".")
        return (self._exports.get(_export(interface)) or {}).get(function)

    def call(self, name: str, args: list[Any], imports: Imports) -> Any:
        """Calls a function with plain values, in a fresh instance (WORLD-2)."""
        interface, _, function = name.partition(".")
        ty = self._exports[_export(interface)][function]
        linker = wasm.Linker(self._engine)
        with linker.root() as root:
            for imported, functions in self._imports.items():
                with root.add_instance(imported) as instance:
                    for it, signature in functions.items():
                        plain = imports[imported.partition("@")[0]][it]
                        instance.add_func(it, _adapted(plain, signature))
        store = Store(self._engine)
        # A call that runs for ever, or grows without end, is ended (WORLD-3). Each of these is the limit of one thing,
        # and a plugin may be made of many: so their numbers have limits too.
        store.set_fuel(FUEL)
        store.set_limits(
            memory_size=MEMORY,
            table_elements=TABLE_ELEMENTS,
            instances=INSTANCES,
            tables=TABLES,
            memories=MEMORIES,
        )
        instance = linker.instantiate(store, self._component)
        outer = instance.get_export_index(store, _export(interface))
        run = instance.get_func(store, instance.get_export_index(store, function, outer))
        values = [lower(it, value) for it, value in zip(ty.params.values(), args, strict=True)]
        return lift(ty.answer, run(store, *values))


def _functions(items: Mapping[str, Any], engine: Engine) -> dict[str, dict[str, Function | None]]:
    """Returns the members of each interface but for its types: none for what is no function."""
    found: dict[str, dict[str, Function | None]] = {}
    for name, item in items.items():
        members = item.ty.exports(engine) if isinstance(item.ty, wasm.ComponentInstanceType) else {}
        types = {it: member.ty for it, member in members.items()}
        found[name] = {
            it: Function.of(ty) if isinstance(ty, wasm.FuncType) else None
            for it, ty in types.items()
            if not isinstance(ty, wasm.ValType)
        }
    return found


def _adapted(plain: Callable[..., Any], ty: Function) -> Callable[..., Any]:
    """Makes a function of wasmtime-py's values from one of plain values."""
    shapes = list(ty.params.values())

    def run(_store: object, *values: Any) -> Any:
        return lower(ty.answer, plain(*map(lift, shapes, values)))

    return run


def _export(interface: str) -> str:
    return f"countersign:mfa/{interface}@0.1.0"


def _dotted(interface: str, function: str) -> str:
    return f"{interface.removeprefix('countersign:mfa/').removesuffix('@0.1.0')}.{function}"


def _contract() -> set[str]:
    """Reads from wit/ what a component exports."""
    wit = Path(__file__).resolve().parents[3] / "wit"
    found = set()
    for interface in re.findall(r"^ +export ([a-z-]+);", (wit / "world.wit").read_text(), re.MULTILINE):
        text = (wit / f"{interface}.wit").read_text()
        found |= {f"{interface}.{it}" for it in re.findall(r"^ +([a-z0-9-]+): func\(", text, re.MULTILINE)}
    return found


def _allowed(name: str) -> set[str] | None:
    interface, _, version = name.partition("@")
    series, functions = WORLD.get(interface, ("", None))
    return functions if re.fullmatch(rf"{re.escape(series)}\d+", version) else None


#: The imports of wit/world.wit: the versions that are good, and the functions.
WORLD: dict[str, tuple[str, set[str]]] = {
    "countersign:mfa/types": ("0.1.", set()),
    "countersign:mfa/store": ("0.1.", {"get", "commit"}),
    "countersign:mfa/keyring": ("0.1.", {"mac", "check-mac", "index"}),
    "countersign:mfa/sms": ("0.1.", {"check", "send"}),
    "wasi:clocks/wall-clock": ("0.2.", {"now"}),
    "wasi:random/random": ("0.2.", {"get-random-bytes", "get-random-u64"}),
}
EXPORTS = _contract()
#: Less than a second or so of a call; one takes a few million.
FUEL = 200_000_000
MEMORY = 16 * 1024 * 1024
MEMORIES = 1
TABLES = 4
TABLE_ELEMENTS = 10_000
#: Those included that `wit-component` puts around a module.
INSTANCES = 16
STACK = 512 * 1024
LARGEST = 4 * 1024 * 1024
