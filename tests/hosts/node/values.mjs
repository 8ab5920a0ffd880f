// JSON as `countersign call` has it, and the values that jco takes and gives. Whole numbers of JSON are bigints here, so
// that none above 2^53 is rounded.

/** Arguments that do not fit the function; nothing was called. */
export class Misfit extends Error {}

/** The name of a field or function in JavaScript: jco turns `first-factor` into `firstFactor`. */
export const camelCase = (name) => name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());

/** Turns JSON into a value of a type. A variant becomes `{ tag, val }`, none `undefined`, u64 a bigint. */
export function toValue(contract, type, json, path) {
  const found = contract.resolve(type);
  const misfit = (expected) => new Misfit(`${path}: expected ${expected}`);
  switch (found.kind) {
    case 'bool':
      if (typeof json !== 'boolean') throw misfit('bool');
      return json;
    case 'string':
      // A lone surrogate would become U+FFFD on its way: two users of JavaScript's, and one of everybody else's.
      if (typeof json !== 'string' || !json.isWellFormed()) throw misfit('string');
      return json;
    case 'u8':
    case 'u16':
    case 'u32':
    case 'u64': {
      const bits = Number(found.kind.slice(1));
      if (typeof json !== 'bigint' || json !== BigInt.asUintN(bits, json)) throw misfit(found.kind);
      return found.kind === 'u64' ? json : Number(json);
    }
    case 'enum':
      if (!found.cases.has(json)) throw misfit([...found.cases].join(', '));
      return json;
    case 'option':
      return json === null || json === undefined ? undefined : toValue(contract, found.of, json, path);
    case 'list':
      if (isBytes(contract, found)) {
        if (typeof json !== 'string' || !/^([0-9a-f]{2})*$/i.test(json)) throw misfit('hexadecimal digits');
        return new Uint8Array(Buffer.from(json, 'hex'));
      }
      if (!Array.isArray(json)) throw misfit('an array');
      return json.map((item, i) => toValue(contract, found.of, item, `${path}[${i}]`));
    case 'record': {
      if (!isObject(json)) throw misfit('an object');
      const unknown = Object.keys(json).find((name) => !found.fields.some(([it]) => it === name));
      if (unknown !== undefined) throw misfit(`no field ${unknown}`);
      const fields = found.fields.map(([name, of]) => [
        camelCase(name),
        toValue(contract, of, Object.hasOwn(json, name) ? json[name] : undefined, `${path}.${name}`),
      ]);
      return Object.fromEntries(fields);
    }
    case 'variant': {
      const entries = isObject(json) ? Object.entries(json) : [[json, undefined]];
      const [[tag, payload]] = entries.length === 1 ? entries : [[]];
      if (!found.cases.has(tag)) throw misfit([...found.cases.keys()].join(', '));
      const of = found.cases.get(tag);
      return of ? { tag, val: toValue(contract, of, payload, `${path}.${tag}`) } : { tag };
    }
    default:
      throw misfit('a type that the contract uses');
  }
}

/** Turns a value of a type into JSON. A result is not one: jco returns it or throws it. */
export function toJson(contract, type, value) {
  const found = contract.resolve(type);
  switch (found?.kind) {
    case undefined:
      return null;
    case 'u8':
    case 'u16':
    case 'u32':
      return BigInt(value);
    case 'option':
      return value === undefined || value === null ? null : toJson(contract, found.of, value);
    case 'list':
      return isBytes(contract, found)
        ? Buffer.from(value).toString('hex')
        : Array.from(value, (item) => toJson(contract, found.of, item));
    case 'record': {
      const fields = found.fields.map(([name, of]) => [name, toJson(contract, of, value[camelCase(name)])]);
      return Object.fromEntries(fields);
    }
    case 'variant': {
      const of = found.cases.get(value.tag);
      return of ? { [value.tag]: toJson(contract, of, value.val) } : value.tag;
    }
    default:
      return value;
  }
}

const isBytes = (contract, list) => contract.resolve(list.of).kind === 'u8';
const isObject = (json) => typeof json === 'object' && json !== null && !Array.isArray(json);
