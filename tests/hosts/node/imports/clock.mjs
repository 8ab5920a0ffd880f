// wasi:clocks/wall-clock

import { ImportFailed } from '../call.mjs';

/** A clock that stands until it is moved. Elsewhere: `BigInt(Math.floor(Date.now() / 1000))`. */
export class Clock {
  fails = false;

  constructor(at) {
    this.at = at;
  }

  /** Reads the clock, once a call. */
  read() {
    if (this.fails) throw new ImportFailed('clock');
    return this.at;
  }

  imports(call) {
    return { now: () => ({ seconds: call.now, nanoseconds: 0 }) };
  }
}
