// The contract's types, read from wit/: what jco hands over carries none, and JSON cannot be turned into values without.

import { readFileSync, readdirSync } from 'node:fs';

/**
 * A type: `{ kind: 'u64' | 'string' | …}`, `{ kind: 'list' | 'option', of }`, `{ kind: 'record', fields: [[name, type]] }`,
 * `{ kind: 'variant', cases: Map(name, type?) }`, `{ kind: 'enum', cases: Set(name) }`, `{ kind: 'result', ok?, err? }`.
 */
export class Contract {
  #named = new Map();
  #functions = new Map();

  /** Reads every `.wit` file of a directory. */
  static read(directory) {
    const contract = new Contract();
    for (const file of readdirSync(directory).filter((name) => name.endsWith('.wit'))) {
      contract.#parse(readFileSync(new URL(file, directory), 'utf8'));
    }
    return contract;
  }

  /** Finds a function by a name such as `sign-in.begin`: `{ params: [[name, type]], result }`, or nothing. */
  function(name) {
    return this.#functions.get(name);
  }

  /** Follows names to what they stand for. */
  resolve(type) {
    let found = type;
    while (found?.kind === 'name') found = this.#named.get(`${found.interface}/${found.name}`);
    return found;
  }

  #parse(text) {
    const tokens = new Tokens(text);
    while (!tokens.atEnd()) {
      if (tokens.take('interface')) this.#interface(tokens.next(), tokens);
      else tokens.skip();
    }
  }

  #interface(name, tokens) {
    const type = () => tokens.type(name);
    const define = (defined, it) => this.#named.set(`${name}/${defined}`, it);
    tokens.expect('{');
    while (!tokens.take('}')) {
      const word = tokens.next();
      const subject = tokens.next();
      if (word === 'use') {
        tokens.expect('.');
        for (const used of tokens.braced(() => tokens.next())) {
          define(used, { kind: 'name', interface: subject, name: used });
        }
        tokens.expect(';');
      } else if (word === 'type') {
        tokens.expect('=');
        define(subject, type());
        tokens.expect(';');
      } else if (word === 'enum') {
        define(subject, { kind: 'enum', cases: new Set(tokens.braced(() => tokens.next())) });
      } else if (word === 'record') {
        define(subject, { kind: 'record', fields: tokens.braced(() => tokens.field(type)) });
      } else if (word === 'variant') {
        const variantCase = () => {
          const label = tokens.next();
          if (!tokens.take('(')) return [label, undefined];
          const payload = type();
          tokens.expect(')');
          return [label, payload];
        };
        define(subject, { kind: 'variant', cases: new Map(tokens.braced(variantCase)) });
      } else {
        // A function: its name, a colon, its type.
        for (const part of ['func', '(']) tokens.expect(part);
        const params = tokens.separated(')', () => tokens.field(type));
        const result = tokens.take('->') ? type() : undefined;
        tokens.expect(';');
        this.#functions.set(`${name}.${word}`, { params, result });
      }
    }
  }
}

/** WIT, word by word. Comments and `@since(…)` are left out. */
class Tokens {
  #words;
  #at = 0;

  constructor(text) {
    const plain = text.replace(/\/\/.*$/gm, '').replace(/@\w+\([^)]*\)/g, '');
    this.#words = plain.match(/->|[\w%-]+|[^\s\w]/g) ?? [];
  }

  atEnd() {
    return this.#at >= this.#words.length;
  }

  next() {
    return this.#words[this.#at++];
  }

  take(word) {
    const found = this.#words[this.#at] === word;
    if (found) this.#at++;
    return found;
  }

  expect(word) {
    if (!this.take(word)) throw new Error(`wit: expected ${word}, found ${this.#words[this.#at]}`);
  }

  /** Skips a statement with all that it holds in braces. */
  skip() {
    let depth = 0;
    for (;;) {
      const word = this.next();
      if (word === '{') depth++;
      if (word === '}') depth--;
      if (word === undefined || (depth === 0 && (word === ';' || word === '}'))) return;
    }
  }

  braced(item) {
    this.expect('{');
    return this.separated('}', item);
  }

  separated(end, item) {
    const items = [];
    while (!this.take(end)) {
      items.push(item());
      this.take(',');
    }
    return items;
  }

  field(type) {
    const name = this.next();
    this.expect(':');
    return [name, type()];
  }

  type(scope) {
    const word = this.next();
    const inner = () => (this.take('_') ? undefined : this.type(scope));
    if (word === 'list' || word === 'option') {
      this.expect('<');
      const of = inner();
      this.expect('>');
      return { kind: word, of };
    }
    if (word === 'result') {
      this.expect('<');
      const [ok, err] = this.separated('>', inner);
      return { kind: 'result', ok, err };
    }
    return PRIMITIVES.has(word) ? { kind: word } : { kind: 'name', interface: scope, name: word };
  }
}

const PRIMITIVES = new Set(['bool', 'u8', 'u16', 'u32', 'u64', 'string']);
