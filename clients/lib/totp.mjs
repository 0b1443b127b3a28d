// An authenticator app.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';

const STEP = 30_000; // ms

/** An authenticator app with this secret, as setting one up shows it. */
export function authenticatorApp(secret) {
  const key = fromBase32(secret);
  let last = 0;
  return {
    /**
     * A code that it has not shown before. A server takes each code once, and those of the next step too, so there are two
     * without waiting.
     */
    code() {
      const now = Math.floor(Date.now() / STEP);
      last = Math.max(now, last + 1);
      assert.ok(last <= now + 1, 'a third code would have to wait for the clock');
      return totp(key, last);
    },
    /** What it showed an hour ago, which no server takes. */
    oldCode: () => totp(key, Math.floor(Date.now() / STEP) - 120),
  };
}

// RFC 6238, with the one choice of parameters that all apps share.
function totp(key, step) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const sum = createHmac('sha1', key).update(counter).digest();
  return String((sum.readUInt32BE(sum.at(-1) & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

function fromBase32(text) {
  const bits = [...text].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  return Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
}
