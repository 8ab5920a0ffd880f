// One call: whose it is, what time it is, and what stopped it.

/** An import failed in a way that the contract cannot tell the plugin; the call is refused with its name. */
export class ImportFailed extends Error {
  constructor(dependency) {
    super(`${dependency} failed`);
    this.dependency = dependency;
  }
}

/** The plugin did what no plugin may. */
export class Misuse extends Error {}

export class Call {
  #user;
  #companies = new Set(['*']);
  #writable;
  #read = new Map();
  #usesLeft = MOST_USES;
  #stopped;

  /** Takes the arguments as JSON, with their names: what a call may reach is read from what the plugin will see. */
  constructor(name, args, now, meet) {
    /** Read once, so that it is the same throughout (WORLD-4). */
    this.now = now;
    this.texts = TEXTS.includes(name);
    /** To be called before something is changed: where calls race, the others come in here. */
    this.meet = meet;
    this.#user = args.user;
    for (const { company } of args.memberships ?? args.request?.memberships ?? []) this.#companies.add(company);
    for (const company of [args.company, args.hypothetical?.company]) {
      if (typeof company === 'string') this.#companies.add(company);
    }
    if (name === 'policy.put') this.#writable = args.company;
  }

  get user() {
    return this.#user;
  }

  /** Names a record as the store does, if this call may read it (SCOPE-1). */
  readable({ tag, val }) {
    if (tag === 'user') {
      if (this.#user === undefined) this.stop(new Misuse('a user is reached in a call about none'));
      return { record: val, of: this.#user };
    }
    if (tag === 'policy') {
      if (!this.#companies.has(val)) this.stop(new Misuse('a policy is reached that the call does not name'));
      return { record: 'policy', of: val };
    }
    if (!/^[a-z0-9/:-]{1,128}$/.test(val)) this.stop(new Misuse('the name of a counter is malformed'));
    return { record: 'quota', of: val };
  }

  /** Names a record, if this call may replace or delete it (SCOPE-2), at a version that it has read. */
  writable(id, expected) {
    const key = this.readable(id);
    if (id.tag === 'quota') this.stop(new Misuse('a counter is written'));
    if (id.tag === 'policy' && id.val !== this.#writable) this.stop(new Misuse('a policy is written'));
    // One that could not be opened was not read, and must not be overwritten (STORE-6).
    if (expected !== undefined && !this.#read.get(nameOf(key))?.includes(expected)) {
      this.stop(new Misuse('a record is replaced that was not read'));
    }
    return key;
  }

  /** Notes that a version was read. */
  noteRead(key, version) {
    const versions = this.#read.get(nameOf(key)) ?? [];
    this.#read.set(nameOf(key), [...versions, version]);
  }

  /** Returns functions that can be used only so often: what they do takes time that is not the plugin's (WORLD-3). */
  counted(functions) {
    const counted = (run) => (...args) => {
      if (this.#usesLeft-- === 0) this.stop(new Misuse('the host is called too often in a call'));
      return run(...args);
    };
    return Object.fromEntries(Object.entries(functions).map(([name, run]) => [name, counted(run)]));
  }

  /** Stops the call, for good: a plugin with exceptions of its own could catch this one and go on. */
  stop(error) {
    this.#stopped ??= error;
    throw this.#stopped;
  }

  /** Throws what stopped it, if anything did. */
  finish() {
    if (this.#stopped) throw this.#stopped;
  }
}

/** Names a place in a map. */
export const nameOf = ({ record, of }) => `${record}/${of}`;

const MOST_USES = 1000;
/** The only functions that are about a message. */
const TEXTS = ['enrollment.begin-sms', 'enrollment.resend', 'verification.send-code'];
