// An example host for Node.js: `node host.mjs plugin.wasm` loads the plugin with jco, and speaks the protocol of
// tests/hosts/README.md.

import { argv, stdin, stdout } from 'node:process';

import { Contract } from './contract.mjs';
import { Plugin } from './plugin.mjs';
import { serve } from './protocol.mjs';
import { World } from './world.mjs';

const contract = Contract.read(new URL('../../../wit/', import.meta.url));
const loaded = await Plugin.load(argv.at(-1)).catch((error) => ({ refused: error.message }));
await serve({
  input: stdin,
  output: stdout,
  begin: (seed) => new World(loaded, contract, seed),
  refused: loaded.refused,
});
