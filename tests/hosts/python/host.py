"""An example host in Python: `python host.py plugin.wasm` loads the plugin with wasmtime-py, and speaks the protocol of
tests/hosts/README.md."""

from __future__ import annotations

import sys

from plugin import Plugin, Refused
from protocol import serve
from world import World


def main() -> None:
    """Loads the component whose path is the last argument, and answers lines until they end."""
    plugin, refused = None, None
    try:
        plugin = Plugin(sys.argv[-1])
    except Refused as error:
        refused = str(error)
    serve(sys.stdin, sys.stdout, lambda seed: World(plugin, seed), refused)


if __name__ == "__main__":
    main()
