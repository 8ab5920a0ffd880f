// A plugin: loaded once, and run in an instance of its own for each call.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

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
    // Compiling is not metered, so this is its bound.
    if ((await stat(path)).size > LARGEST) throw new Refused(`the file has more than ${LARGEST} bytes`);
    const component = await readFile(path);
    // Not jco's own list: that one leaves the versions out.
    const wit = await componentWit(component).catch((error) => {
      throw new Refused(`not a component: ${error.message ?? error}`);
    });
    const imports = Array.from(wit.matchAll(/^ *import ([^;]+);/gm), ([, name]) => name);
    const unknown = imports.filter((name) => !functionsOf(name));
    if (unknown.length > 0) throw new Refused(`imports beyond the contract: ${unknown.join(', ')}`);

    const cache = await transpiled(component);
    const modules = await compiled(cache);
    // Before what was generated from them is evaluated, and each time: a cache says nothing of names.
    for (const module of modules.values()) checkNames(module);
    const { instantiate } = await import(new URL('plugin.js', cache));
    const plugin = new Plugin(instantiate, modules, imports);
    plugin.#checkFunctions();
    const exports = Array.from(wit.matchAll(/^ *export ([^;]+);/gm), ([, name]) => name);
    const missing = EXPORTS.filter((name) => !exports.includes(name));
    if (missing.length > 0) throw new Refused(`does not export what the contract has: ${missing.join(', ')}`);
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

/** Compiles the core modules that lie in a directory. */
async function compiled(directory) {
  const files = (await readdir(directory)).filter((name) => name.endsWith('.wasm'));
  const modules = files.map(async (name) => {
    const bytes = await readFile(new URL(name, directory));
    const module = await WebAssembly.compile(bytes).catch((error) => {
      throw new Refused(`a core module that is not one: ${error.message}`);
    });
    return [name, module];
  });
  return new Map(await Promise.all(modules));
}

/**
 * Checks the names in a core module. They may be any text, quotes included, and jco writes them into JavaScript as they
 * are: a plugin that chose them well would run what it likes, outside the sandbox.
 */
function checkNames(module) {
  const imported = WebAssembly.Module.imports(module).flatMap((it) => [it.module, it.name]);
  const exported = WebAssembly.Module.exports(module).map((it) => it.name);
  const odd = [...imported, ...exported].find((name) => !/^[\w.:/@#[\]$<>|=+-]*$/.test(name));
  if (odd !== undefined) throw new Refused(`a name in a core module that could be code: ${JSON.stringify(odd)}`);
}

/** Turns a component into JavaScript and core modules, once: that takes seconds. Returns the directory they are in. */
async function transpiled(component) {
  const name = createHash('sha256').update(RECIPE).update(component).digest('hex');
  const finished = new URL(`${name}/`, CACHE);
  if ((await readdir(finished).catch(() => [])).length > 0) return finished;
  const { files } = await transpileBytes(component, OPTIONS);
  await mkdir(CACHE, { recursive: true });
  const made = await mkdtemp(fileURLToPath(new URL('making-', CACHE)));
  for (const [file, content] of Object.entries(files)) {
    if (!file.includes('/')) await writeFile(`${made}/${file}`, file.endsWith('.js') ? strict(content) : content);
  }
  // Whole, or not at all. Whoever comes second finds what the first made.
  await rename(made, finished).catch(() => rm(made, { recursive: true }));
  return finished;
}

/** Has generated code refuse what is not UTF-8, instead of reading it as something else. */
function strict(generated) {
  const text = Buffer.from(generated).toString();
  const strict = text.replaceAll('new TextDecoder()', "new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })");
  if (/new TextDecoder\((?!'utf-8', \{|'utf-16')/.test(strict)) throw new Error('jco decodes texts in another way than before');
  return strict;
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

/** What a component of the contract exports. */
const EXPORTS = ['meta', 'sign-in', 'enrollment', 'verification', 'recovery', 'policy', 'administration'].map(
  (it) => `countersign:mfa/${it}@0.1.0`,
);

/** Bytes of a component: 4 MiB. */
const LARGEST = 4 * 1024 * 1024;

const OPTIONS = {
  name: 'plugin',
  // A function to be called for each instance, with the imports; instances that start at once would need none.
  instantiation: 'sync',
  // An `err` is thrown as what it carries, and so can be told from an error of the host, which is an `Error`.
  noComponentErrorWrapping: true,
  // Each core module in a file of its own, where its names are looked at.
  base64Cutoff: 0,
  emitTypescriptDeclarations: false,
};

/** All that the generated code depends on but for the component: another jco, or other options, must find no old code. */
const RECIPE = JSON.stringify([
  JSON.parse(readFileSync(new URL('../package.json', import.meta.resolve('@bytecodealliance/jco-transpile')))).version,
  OPTIONS,
  strict.toString(),
]);

/** What is in it is run, so it lies where nobody else writes: not in a directory that all users share. */
const CACHE = new URL('node_modules/.cache/countersign/', import.meta.url);
