// countersign:mfa/store

import { Misuse, nameOf } from '../call.mjs';
import { isBounded, stamped } from '../events.mjs';
import { open, seal } from '../seal.mjs';
import { failure, unavailable } from './unavailable.mjs';

/** A store in memory: everything is checked before anything is changed, and nothing comes between. */
export class Store {
  events = [];
  #records = new Map();
  /** The last version given out, of any record: none is given out twice (STORE-4). */
  #version = 0n;
  #realm;
  #keyring;
  #faults;

  constructor(realm, keyring, faults) {
    this.#realm = realm;
    this.#keyring = keyring;
    this.#faults = faults;
  }

  /** Returns everything that is stored: `{ record, of, version, content }`, with sealed bytes or a count. */
  records() {
    return [...this.#records.values()];
  }

  /** Finds a record by its place. */
  find(key) {
    return this.#records.get(nameOf(key));
  }

  /** Puts a record in place past every rule. */
  replace(key, content, collectableAt) {
    this.#records.set(nameOf(key), { ...key, version: ++this.#version, content, collectableAt });
  }

  /** Seals bytes for a place of this store. */
  seal(key, bytes) {
    return seal(this.#keyring.sealing(), { realm: this.#realm, ...key }, bytes);
  }

  /** Reads what is stored; throws `unavailable` as planned. */
  read(keys) {
    if (this.#faults.strike('store.get')) throw unavailable();
    return keys.map((key) => this.find(key));
  }

  /** Makes all changes with all events, or none (STORE-3). */
  commit(now, changes, events) {
    const failing = this.#faults.strike('store.commit');
    if (failing === 'fail-before') throw failure({ tag: 'unavailable', val: 'unavailable' });
    if (failing === 'conflict') throw failure({ tag: 'conflict' });
    for (const [name, { collectableAt }] of this.#records) {
      if (collectableAt !== undefined && collectableAt < now) this.#records.delete(name);
    }
    changes.forEach((change, index) => this.#check(change, index));
    for (const { kind, key, content, amount, collectableAt } of changes) {
      const found = this.find(key);
      if (kind === 'put') this.replace(key, content, collectableAt);
      if (kind === 'delete') this.#records.delete(nameOf(key));
      if (kind === 'add') {
        const until = found?.collectableAt ?? 0n;
        this.replace(key, (found?.content ?? 0n) + amount, until > collectableAt ? until : collectableAt);
      }
    }
    this.events.push(...events);
    if (failing) throw failure({ tag: 'unavailable', val: 'unavailable' });
  }

  imports(call) {
    return {
      get: (ids) => {
        if (ids.length > MOST_IDS) call.stop(new Misuse('store.get of more than 64 ids'));
        const keys = ids.map((id) => call.readable(id));
        return this.read(keys).map((found, i) => found && this.#opened(call, keys[i], found));
      },
      commit: (changes, events) => {
        if (changes.length > MOST_IDS) call.stop(new Misuse('store.commit of more than 64 changes'));
        if (events.length > MOST_EVENTS || !events.every(isBounded)) {
          call.stop(new Misuse('store.commit of more events, or longer ones, than allowed'));
        }
        const checked = changes.map((change) => this.#checked(call, change));
        if (new Set(checked.map(({ key }) => nameOf(key))).size < checked.length) {
          call.stop(new Misuse('a record stands in a commit twice'));
        }
        call.meet();
        const known = { realm: this.#realm, now: call.now, user: call.user };
        this.commit(call.now, checked, events.map((event) => stamped(known, event)));
      },
    };
  }

  #opened(call, key, { version, content }) {
    if (key.record === 'quota') return { content: { tag: 'count', val: content }, version };
    let bytes;
    try {
      bytes = open(this.#keyring, { realm: this.#realm, ...key }, content);
    } catch {
      // One record that cannot be read is no reason to answer as if it were not there.
      throw unavailable();
    }
    call.noteRead(key, version);
    return { content: { tag: 'bytes', val: bytes }, version };
  }

  /** Checks what a change is about, and seals what it puts. */
  #checked(call, { tag: kind, val }) {
    if (kind === 'put') {
      const key = call.writable(val.id, val.expected);
      const most = key.record === 'tickets' ? 32_768 : 16_384;
      if (val.value.length > most) call.stop(new Misuse('a record is larger than the contract allows'));
      return { ...val, kind, key, content: this.seal(key, val.value) };
    }
    if (kind === 'delete') return { ...val, kind, key: call.writable(val.id, val.expected) };
    const key = call.readable(val.id);
    if ((kind === 'add') !== (key.record === 'quota')) call.stop(new Misuse('a counter is added to, all else is not'));
    return { ...val, kind, key };
  }

  #check({ kind, key, expected, amount, ceiling }, index) {
    const found = this.find(key);
    if (kind === 'add') {
      if ((found?.content ?? 0n) + amount > ceiling) throw failure({ tag: 'ceiling-reached', val: index });
    } else if (found?.version !== expected) {
      throw failure({ tag: 'conflict' });
    }
  }
}

const MOST_IDS = 64;
const MOST_EVENTS = 32;
