// The fault that a case planned, if any.

export class Faults {
  #plan;

  /** Plans that the `on`th use of an import from now, counted from 1, fails, and `times - 1` after it. */
  plan({ import: name, on, times, kind }) {
    if (!IMPORTS.includes(name)) throw new Error(`no import is called ${name}`);
    this.#plan = { name, kind, spared: Number(on) - 1, times: Number(times), fired: 0 };
  }

  /** Counts a use of an import, and says how it fails, if it does. */
  strike(name) {
    const plan = this.#plan;
    if (plan?.name !== name || plan.spared-- > 0 || plan.fired >= plan.times) return undefined;
    plan.fired++;
    return plan.kind;
  }

  /** Gives the plan up, and says how many uses failed by it. */
  end() {
    const fired = this.#plan?.fired ?? 0;
    this.#plan = undefined;
    return fired;
  }
}

const IMPORTS = [
  'store.get',
  'store.commit',
  'keyring.mac',
  'keyring.check-mac',
  'keyring.index',
  'random',
  'sms.check',
];
