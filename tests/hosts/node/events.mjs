// Events, with what the host knows of them (SCOPE-3).

import { randomBytes } from 'node:crypto';

/** Stamps an event of the plugin's, and writes it as JSON. What is `undefined` is left out. */
export function stamped({ realm, now, user }, { kind, companies, actor, notify }) {
  return {
    id: randomBytes(16).toString('hex'),
    at: now,
    realm,
    event: kind.tag,
    companies,
    notify,
    user,
    actor: actor && { [actor.tag]: actor.val },
    detail: DETAIL[kind.tag]?.(kind.val),
  };
}

/** Says whether an event is within the bounds of STORE-8, so that no plugin can fill the trail. */
export function isBounded({ kind, companies, actor }) {
  const short = (text, most) => Buffer.byteLength(text) <= most;
  return (
    companies.length <= 16 &&
    companies.every((company) => short(company, 128)) &&
    short(actor?.val ?? '', 128) &&
    textsOf(kind.val).every((text) => short(text, 200))
  );
}

/** The texts of what an event carries: itself, or those of its fields. */
const textsOf = (val) => (val && typeof val === 'object' ? Object.values(val) : [val]).filter((it) => typeof it === 'string');

const id = (val) => ({ id: val });
const method = (val) => ({ method: val });
const until = (val) => ({ until: val });
const why = (val) => ({ why: val });
const itself = (val) => val;
const streak = (val) => ({ ...val, streak: BigInt(val.streak) });

/** What the kinds carry, by name. */
const DETAIL = {
  'policy-changed': (revision) => ({ revision }),
  'deadline-set': ({ at, zone }) => ({ deadline: at, zone }),
  'enrollment-offered': (required) => ({ required }),
  'enrollment-begun': method,
  'enrollment-confirmed': itself,
  'enrollment-cancelled': method,
  'enrollment-failed': (discarded) => ({ discarded }),
  'factor-removed': itself,
  'factor-disabled': method,
  'factor-preferred': method,
  'challenge-passed': method,
  'challenge-failed': itself,
  'sms-failed': why,
  'sms-refused': why,
  'recovery-issued': id,
  'recovery-acknowledged': id,
  'recovery-presented': id,
  'recovery-abandoned': id,
  'recovery-used': id,
  'recovery-revoked': id,
  locked: streak,
  'user-locked': until,
  unlocked: method,
  'guessing-suspected': (val) => ({ ...val, unredeemed: BigInt(val.unredeemed) }),
  reset: (reason) => ({ reason }),
  imported: method,
  'device-trusted': id,
  'device-revoked': id,
  other: (what) => ({ what }),
};
