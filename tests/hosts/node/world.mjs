// A plugin with surroundings that obey a case.

import { stringify } from 'lossless-json';

import { Call, ImportFailed, Misuse } from './call.mjs';
import { Faults } from './faults.mjs';
import { Clock } from './imports/clock.mjs';
import { Keyring } from './imports/keyring.mjs';
import { Random } from './imports/random.mjs';
import { PhoneLine } from './imports/sms.mjs';
import { Store } from './imports/store.mjs';
import { Misfit, toJson, toValue } from './values.mjs';

export class World {
  #plugin;
  #contract;
  #faults = new Faults();
  #clock = new Clock(START);
  #random;
  #keyring;
  #store;
  #line;

  constructor(plugin, contract, seed) {
    this.#plugin = plugin;
    this.#contract = contract;
    this.#random = new Random(seed, this.#faults);
    this.#keyring = new Keyring(Buffer.alloc(32, 7), this.#faults);
    this.#store = new Store(REALM, this.#keyring, this.#faults);
    this.#line = new PhoneLine(this.#store, this.#faults);
  }

  /** Calls a function of the contract. `meet` is called whenever the plugin is about to change something. */
  call({ function: name, args = {} }, meet = () => {}) {
    const contract = this.#contract;
    const called = contract.function(name);
    if (!called) throw new Misfit('function: expected a name such as `sign-in.begin`');
    const unknown = Object.keys(args).find((it) => !called.params.some(([param]) => param === it));
    if (unknown !== undefined) throw new Misfit(`${unknown}: no such parameter`);
    const values = called.params.map(([param, type]) => toValue(contract, type, args[param], param));
    const result = contract.resolve(called.result);
    try {
      const call = new Call(name, args, this.#clock.read(), meet);
      const answer = this.#run(call, name, values);
      return bounded(result.kind === 'result' ? { ok: toJson(contract, result.ok, answer) } : toJson(contract, result, answer));
    } catch (error) {
      if (error instanceof ImportFailed) return { err: { unavailable: error.dependency } };
      // jco throws what `err` carries, as it is; a trap is an error.
      if (result.kind !== 'result' || error instanceof Error) throw error;
      return bounded({ err: toJson(contract, result.err, error) });
    }
  }

  #run(call, name, values) {
    try {
      const imports = {
        'countersign:mfa/store': this.#store.imports(call),
        'countersign:mfa/keyring': this.#keyring.imports(),
        'countersign:mfa/sms': this.#line.imports(call),
        'wasi:clocks/wall-clock': this.#clock.imports(call),
        'wasi:random/random': this.#random.imports(call),
      };
      const counted = Object.entries(imports).map(([interface_, functions]) => [interface_, call.counted(functions)]);
      return this.#plugin.call(name, values, Object.fromEntries(counted));
    } finally {
      // Comes before whatever the plugin made of it.
      call.finish();
    }
  }

  /**
   * Makes calls that meet, although there is one thread: each begins where the one before it is about to change something,
   * so all have read before the first changes anything; of more than `DEEPEST`, so many at a time.
   */
  race({ calls }) {
    const answers = [];
    const faults = [];
    let inside = 0;
    const next = () => {
      if (answers.length === calls.length || inside === DEEPEST) return;
      inside++;
      const place = answers.push(undefined) - 1;
      try {
        answers[place] = this.call(calls[place], next);
      } catch (error) {
        // Not the fault of the call in which this one was made.
        faults.push(error);
      }
      inside--;
    };
    // One that changes nothing lets no other in.
    while (answers.length < calls.length) next();
    if (faults.length > 0) throw faults[0];
    return answers;
  }

  endFault() {
    return BigInt(this.#faults.end());
  }

  look({ known }) {
    return {
      records: this.#store.records().map(({ record, of, version, content }) => ({
        record,
        of,
        version,
        content: content instanceof Uint8Array ? Buffer.from(content).toString('hex') : String(content),
      })),
      events: this.#store.events.slice(Number(known)),
      messages: this.#line.messages,
    };
  }

  setClock({ at }) {
    this.#clock.at = at;
  }

  breakClock({ fails }) {
    this.#clock.fails = fails;
  }

  breakRandom({ mode }) {
    this.#random.break(mode);
  }

  breakLine({ refuses }) {
    this.#line.refuses = refuses;
  }

  destine({ fate }) {
    this.#line.destine(fate);
  }

  rotateKeys() {
    this.#keyring.rotate(Buffer.alloc(32, 9));
  }

  planFault(plan) {
    this.#faults.plan(plan);
  }

  /** Nothing to do: every call has an instance of its own, so there is nothing that a plugin that starts anew would lose. */
  restart() {}

  /** Puts something else in the place of a record, as somebody with access to the database could. */
  tamper({ record, of, how, from = { record, of: 'bea' } }) {
    const sealed = (place) => {
      const found = this.#store.find(place);
      if (!found) throw new Error(`no such record: ${place.record} of ${place.of}`);
      return Buffer.from(found.content);
    };
    const key = { record, of };
    const old = sealed(key);
    const anew = {
      flip: () => Buffer.concat([old.subarray(0, -1), Buffer.of(old.at(-1) ^ 1)]),
      truncate: () => old.subarray(0, old.length / 2),
      empty: () => Buffer.alloc(0),
      newer: () => this.#store.seal(key, Buffer.from('{"format":999,"reader":999}')),
      garbage: () => this.#store.seal(key, Buffer.from('not a record')),
      swap: () => sealed(from),
    }[how];
    if (!anew) throw new Error(`no way to tamper is called ${how}`);
    this.#store.replace(key, anew());
  }
}

/** Lets an answer through that whoever asked can bear. */
function bounded(answer) {
  if (Buffer.byteLength(stringify(answer)) > LARGEST_ANSWER) throw new Misuse('the answer is larger than any can be');
  return answer;
}

const LARGEST_ANSWER = 512 * 1024;
/** How many calls may be within one another: each takes its part of one stack. */
const DEEPEST = 32;
const REALM = 'conformance';
const START = 1_750_000_020n;
