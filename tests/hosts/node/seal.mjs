// Records as they lie in the store: sealed whole, and bound to their place (STORE-6).
//
//   1 | key id: u32, big-endian | nonce: 12 bytes | ciphertext | tag: 16 bytes

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** Seals bytes for a place. A nonce of 12 random bytes is good for some 2^32 records a key: rotate in time. */
export function seal({ id, key }, place, bytes) {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(associated(place));
  const head = Buffer.alloc(HEAD - NONCE);
  head.writeUInt8(FORMAT);
  head.writeUInt32BE(id, 1);
  return Buffer.concat([head, nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
}

/** Opens what was sealed for a place. Throws if it was altered, moved or never sealed. */
export function open(keyring, place, sealed) {
  if (sealed.length < HEAD + TAG || sealed[0] !== FORMAT) throw new Error('not sealed');
  const key = keyring.opening(sealed.readUInt32BE(1));
  if (!key) throw new Error('no such key');
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(HEAD - NONCE, HEAD), { authTagLength: TAG });
  decipher.setAAD(associated(place)).setAuthTag(sealed.subarray(-TAG));
  return Buffer.concat([decipher.update(sealed.subarray(HEAD, -TAG)), decipher.final()]);
}

/** Describes a place so that no two are described alike: each part behind its length. */
function associated({ realm, record, of }) {
  const parts = [realm, record, of].map((part) => {
    const bytes = Buffer.from(part);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  });
  return Buffer.concat([Buffer.of(FORMAT), ...parts]);
}

const CIPHER = 'aes-256-gcm';
const FORMAT = 1;
const NONCE = 12;
const HEAD = 1 + 4 + NONCE;
const TAG = 16;
