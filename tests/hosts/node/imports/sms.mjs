// countersign:mfa/sms

import { createHash } from 'node:crypto';

import { Misuse } from '../call.mjs';
import { unavailable } from './unavailable.mjs';

/** A phone line that keeps what is sent, so that a case can read it. */
export class PhoneLine {
  messages = [];
  refuses = false;
  #fates = [];
  #store;
  #faults;

  constructor(store, faults) {
    this.#store = store;
    this.#faults = faults;
  }

  /** Says what becomes of the next message that nothing was said of yet. */
  destine(fate) {
    if (!FATES.includes(fate)) throw new Error(`no fate is called ${fate}`);
    this.#fates.push(fate);
  }

  imports(call) {
    let checks = 4;
    let sends = 1;
    const use = (left) => {
      if (!call.texts) call.stop(new Misuse('the phone line is used in a call that is about no message'));
      if (left === 0) call.stop(new Misuse('the phone line is used too often in a call'));
    };
    return {
      check: (company, number) => {
        use(checks--);
        if (!isNumber(number)) return { tag: 'refused', val: 'not-a-number' };
        if (this.#faults.strike('sms.check')) throw unavailable();
        return this.refuses ? { tag: 'refused', val: 'by-the-case' } : permission(number);
      },
      send: (message) => {
        use(sends--);
        // Nothing of the plugin's but digits goes out (SMS-1).
        if (!/^[0-9]{6,8}$/.test(message.code)) call.stop(new Misuse('sms.send of what is not 6 to 8 digits'));
        if (!isNumber(message.number)) call.stop(new Misuse('sms.send to what is not an E.164 number'));
        // Who pays is handed on to carriers.
        if (!isCompany(message.company)) call.stop(new Misuse('sms.send for a malformed company'));
        const keyBytes = Buffer.byteLength(message.idempotencyKey);
        if (keyBytes < 1 || keyBytes > 128) call.stop(new Misuse('sms.send with a key of other than 1 to 128 bytes'));
        call.meet();
        const mark = markOf(call.user, message.idempotencyKey);
        const claimed = this.#claim(call, mark);
        if (claimed) return claimed;
        const outcome = this.#send(message);
        if (outcome.tag === 'failed' || outcome.tag === 'refused') this.#release(call, mark);
        return outcome;
      },
    };
  }

  #send({ company, number, code, purpose, validMinutes, idempotencyKey }) {
    const arrives = () =>
      this.messages.push({
        company,
        number,
        code,
        purpose,
        'valid-minutes': BigInt(validMinutes),
        'idempotency-key': idempotencyKey,
      });
    switch (this.#fates.shift()) {
      case 'failed':
        return { tag: 'failed', val: 'carrier-down' };
      case 'refused':
        return { tag: 'refused', val: 'prefix-cap' };
      case 'already-sent':
        return { tag: 'already-sent' };
      case 'lost':
        return { tag: 'unknown' };
      case 'doubtful':
        arrives();
        return { tag: 'unknown' };
      default:
        arrives();
        return { tag: 'sent' };
    }
  }

  /** Notes that a message goes out now, or says why it must not (SMS-2). A counter that goes to 1: of two that race, one sends. */
  #claim(call, key) {
    const collectableAt = call.now + REMEMBERED;
    try {
      this.#store.commit(call.now, [{ kind: 'add', key, amount: 1n, ceiling: 1n, collectableAt }], []);
      return undefined;
    } catch ({ payload }) {
      return payload.tag === 'ceiling-reached' ? { tag: 'already-sent' } : { tag: 'failed', val: 'store' };
    }
  }

  /** Forgets a message that did not go out. If that fails it stays noted: a message too few, not one too many. */
  #release(call, key) {
    try {
      const [found] = this.#store.read([key]);
      if (found) this.#store.commit(call.now, [{ kind: 'delete', key, expected: found.version }], []);
    } catch {
      // As said above.
    }
  }
}

/** Names the counter that says whether a message went out. No plugin can: `_` is not for them. */
function markOf(user, idempotencyKey) {
  const hash = createHash('sha256').update(JSON.stringify([user, idempotencyKey])).digest('hex');
  return { record: 'quota', of: `host_sms/${hash}` };
}

/** The countries of a few prefixes, as tests/cases/README.md has them. */
function permission(number) {
  const [, country] = COUNTRIES.find(([prefix]) => number.startsWith(prefix)) ?? [];
  if (!country && number.startsWith('+999')) return { tag: 'refused', val: 'no-such-country' };
  return { tag: 'permitted', val: country ?? 'ZZ' };
}

const isCompany = (text) => /^\P{Cc}+$/u.test(text) && Buffer.byteLength(text) <= 128;
const isNumber = (text) => /^\+[1-9][0-9]{6,14}$/.test(text);

const COUNTRIES = [['+1876', 'JM'], ['+1', 'US'], ['+34', 'ES'], ['+44', 'GB']];
const FATES = ['failed', 'refused', 'already-sent', 'lost', 'doubtful'];
/** Longer than any ticket lives: three days. */
const REMEMBERED = 259_200n;
