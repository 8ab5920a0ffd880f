// wasi:random/random

import { createHash } from 'node:crypto';

import { ImportFailed, Misuse } from '../call.mjs';

/** Randomness that is the same for the same seed, so that a case can be run again. Elsewhere: `randomBytes`. */
export class Random {
  /** `works`, `fails`, `zero`, `repeats` after 16 bytes, `stuck` after 32. */
  mode = 'works';
  #seed;
  #drawn = 0;
  #given = 0;
  #faults;

  constructor(seed, faults) {
    this.#seed = seed;
    this.#faults = faults;
  }

  break(mode) {
    if (!MODES.includes(mode)) throw new Error(`no randomness is called ${mode}`);
    this.mode = mode;
    this.#given = 0;
  }

  /** Draws bytes; nothing if there is no randomness. */
  draw(length) {
    if (this.#faults.strike('random') || this.mode === 'fails') return undefined;
    const period = { zero: 1, repeats: 16, stuck: 32 }[this.mode];
    if (this.mode === 'zero') return new Uint8Array(length);
    // One stream, since nobody says in how many pieces a plugin draws.
    if (period) return Uint8Array.from({ length }, () => (this.#given = (this.#given % period) + 1));
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 32) {
      const block = createHash('sha256').update(`${this.#seed}/${this.#drawn++}`).digest();
      bytes.set(block.subarray(0, Math.min(32, length - at)), at);
    }
    return bytes;
  }

  imports(call) {
    let left = MOST;
    const draw = (length) => {
      // Before anything is allocated.
      if (length > left) call.stop(new Misuse('more random bytes than a call may draw'));
      left -= length;
      return this.draw(Number(length)) ?? call.stop(new ImportFailed('random'));
    };
    return {
      getRandomBytes: draw,
      getRandomU64: () => Buffer.from(draw(8n)).readBigUInt64LE(),
    };
  }
}

const MODES = ['works', 'fails', 'zero', 'repeats', 'stuck'];
const MOST = 65_536n;
