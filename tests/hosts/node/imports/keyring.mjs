// countersign:mfa/keyring

import { createHmac, timingSafeEqual } from 'node:crypto';

import { unavailable } from './unavailable.mjs';

/** Keys from masters of 32 bytes, the active one last. One for each context is derived from each (KEY-1). */
export class Keyring {
  #keys;
  #faults;

  constructor(master, faults) {
    this.#keys = [derive(master)];
    this.#faults = faults;
  }

  /** Adds a master key, which makes all tags from now on. The older ones go on checking theirs (KEY-2). */
  rotate(master) {
    const keys = derive(master);
    if (!this.#keys.some(({ id }) => id === keys.id)) this.#keys.push(keys);
  }

  /** Returns the key that seals records now, with its id. */
  sealing() {
    const { id, seal } = this.#keys.at(-1);
    return { id, key: seal };
  }

  /** Returns the key that seals under this id; nothing if it is not known. */
  opening(id) {
    return this.#keys.find((keys) => keys.id === id)?.seal;
  }

  imports() {
    const strike = (name, data) => {
      if (this.#faults.strike(name) || data.length > LONGEST) throw unavailable();
    };
    return {
      mac: (context, data) => {
        strike('keyring.mac', data);
        const { id, tags } = this.#keys.at(-1);
        return { keyId: id, bytes: mac(tags[context], data) };
      },
      checkMac: (context, data, tag) => {
        strike('keyring.check-mac', data);
        const keys = this.#keys.find(({ id }) => id === tag.keyId);
        // Not `false`: a lost key must not read as a wrong code (KEY-3).
        if (!keys) throw unavailable('unknown key');
        const made = mac(keys.tags[context], data);
        return tag.bytes.length === made.length && timingSafeEqual(made, tag.bytes);
      },
      index: (context, data) => {
        strike('keyring.index', data);
        // Always the first key: names of counters must never change.
        return mac(this.#keys[0].indexes[context], data);
      },
    };
  }
}

function derive(master) {
  const of = (label) => mac(master, `countersign/1/${label}`);
  const each = (use) => Object.fromEntries(CONTEXTS.map((it) => [it, of(`${use}/${it}`)]));
  return { id: of('id').readUInt32BE(), seal: of('seal'), tags: each('tag'), indexes: each('index') };
}

const mac = (key, data) => createHmac('sha256', key).update(data).digest();

const CONTEXTS = ['ticket', 'recovery-code', 'device', 'random-hedge', 'phone-index'];
const LONGEST = 4096;
