// A plugin: loaded once, and run in an instance of its own for each call.

import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';

import { transpileBytes } from '@bytecodealliance/jco-transpile';
import { componentWit } from '@bytecodealliance/jco-transpile/wasm-tools';

import { camelCase } from './values.mjs';

// Generated code asks for this some twenty times an instance, and catches the error where Node.js has it not (before 24).
// V8 reads the whole generated function again for each such error: it made a call ten times as long. Nothing here is
// suspended, so nobody calls what it would have made.
WebAssembly.promising ??= (core) => core;

/** A component that this host will not have. */
export class Refused extends Error {}

export class Plugin {
  #instantiate;
  #modules;
  /** The interfaces that it imports, with their versions. */
  #imports;

  constructor(instantiate, modules, imports) {
    this.#instantiate = instantiate;
    this.#modules = modules;
    this.#imports = imports;
  }

  /** Loads the component in a file. Nothing of it has run when this is done (WORLD-1). */
  static async load(path) {
    const component = await readFile(path);
    // Not jco's own list: that one leaves the versions out.
    const wit = await componentWit(component).catch((error) => {
      throw new Refused(`not a component: ${error.message ?? error}`);
    });
    const imports = Array.from(wit.matchAll(/^ *import ([^;]+);/gm), ([, name]) => name);
    const unknown = imports.filter((name) => !functionsOf(name));
    if (unknown.length > 0) throw new Refused(`imports beyond the contract: ${unknown.join(', ')}`);

    const cache = await transpiled(component);
    const { instantiate } = await import(new URL('plugin.js', cache));
    const files = (await readdir(cache)).filter((name) => name.endsWith('.wasm'));
    const modules = files.map(async (name) => [name, await WebAssembly.compile(await readFile(new URL(name, cache)))]);
    const plugin = new Plugin(instantiate, new Map(await Promise.all(modules)), imports);
    plugin.#checkFunctions();
    return plugin;
  }

  /** Calls a function of the contract in a fresh instance (WORLD-2). It throws what the contract's `err` carries. */
  call(name, args, imports) {
    const [exported, method] = name.split('.').map(camelCase);
    const instance = this.#start(
      Object.fromEntries(
        this.#imports.flatMap((it) => {
          const plain = withoutVersion(it);
          // Which of the two keys generated code looks for has changed between versions of jco.
          return [it, plain].map((key) => [key, imports[plain]]);
        }),
      ),
    );
    return instance[exported][method](...args);
  }

  #start(imports, instantiateCore = (module, given) => new WebAssembly.Instance(module, given)) {
    return this.#instantiate((name) => this.#modules.get(name), imports, instantiateCore);
  }

  /** Checks each function that is imported: generated code picks them all before it starts the first core module. */
  #checkFunctions() {
    const asked = [];
    const picked = (of) => new Proxy({}, { get: (_, name) => (asked.push([of, name]), () => {}) });
    const nothingRan = new Error('nothing has run');
    try {
      this.#start(new Proxy({}, { get: (_, name) => picked(withoutVersion(name)) }), () => {
        throw nothingRan;
      });
    } catch (error) {
      if (error !== nothingRan) throw error;
    }
    const unknown = asked.filter(([of, name]) => !WORLD[of]?.functions.includes(name));
    if (unknown.length > 0) {
      throw new Refused(`imports beyond the contract: ${unknown.map(([of, it]) => `${of}#${hyphened(it)}`).join(', ')}`);
    }
  }
}

/** Turns a component into JavaScript and core modules, once: that takes seconds. Returns the directory they are in. */
async function transpiled(component) {
  const name = createHash('sha256').update(component).digest('hex');
  const finished = new URL(`${name}/`, CACHE);
  if ((await readdir(finished).catch(() => [])).length > 0) return finished;
  const { files } = await transpileBytes(component, {
    name: 'plugin',
    // A function to be called for each instance, with the imports; instances that start at once would need none.
    instantiation: 'sync',
    // An `err` is thrown as what it carries, and so can be told from an error of the host, which is an `Error`.
    noComponentErrorWrapping: true,
    emitTypescriptDeclarations: false,
  });
  await mkdir(CACHE, { recursive: true });
  const made = await mkdtemp(new URL('making-', CACHE).pathname);
  for (const [file, content] of Object.entries(files)) {
    if (!file.includes('/')) await writeFile(`${made}/${file}`, content);
  }
  // Whole, or not at all. Whoever comes second finds what the first made.
  await rename(made, finished).catch(() => rm(made, { recursive: true }));
  return finished;
}

function functionsOf(name) {
  const [plain, version] = name.split('@');
  const of = WORLD[plain];
  return of && version?.startsWith(of.series) && /^\d+$/.test(version.slice(of.series.length)) && of.functions;
}

/** A name as `wit/` has it. */
const hyphened = (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const withoutVersion = (name) => name.replace(/@.*$/, '');

/** The imports of wit/world.wit. */
const WORLD = {
  'countersign:mfa/types': { series: '0.1.', functions: [] },
  'countersign:mfa/store': { series: '0.1.', functions: ['get', 'commit'] },
  'countersign:mfa/keyring': { series: '0.1.', functions: ['mac', 'checkMac', 'index'] },
  'countersign:mfa/sms': { series: '0.1.', functions: ['check', 'send'] },
  'wasi:clocks/wall-clock': { series: '0.2.', functions: ['now'] },
  'wasi:random/random': { series: '0.2.', functions: ['getRandomBytes', 'getRandomU64'] },
};

/** What is in it is run, so it lies where nobody else writes: not in a directory that all users share. */
const CACHE = new URL('node_modules/.cache/countersign/', import.meta.url);
