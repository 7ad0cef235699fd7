// Byte classes of RFC 9110 and RFC 9112, one bit each, looked up per character of a head.

export const CHAR = { token: 1, value: 2, target: 4, host: 8, digit: 16, hex: 32 } as const;

/** Class bits of every latin1 code. */
export const charClass = new Uint8Array(256);

function mark(characters: string, bit: number): void {
  for (const c of characters) charClass[c.charCodeAt(0)] = (charClass[c.charCodeAt(0)] ?? 0) | bit;
}

const digits = "0123456789";
const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
mark(digits + letters + "!#$%&'*+-.^_`|~", CHAR.token);
// Field values: HTAB, SP, VCHAR and obs-text, which is carried byte for byte as latin1 (RFC 9110 5.5).
for (let code = 0x20; code <= 0xff; code++) {
  if (code !== 0x7f) charClass[code] = (charClass[code] ?? 0) | CHAR.value;
}
charClass[0x09] = (charClass[0x09] ?? 0) | CHAR.value;
// Request targets: printable ASCII without "#": a fragment is never sent (RFC 9112 3.2).
for (let code = 0x21; code <= 0x7e; code++) {
  if (code !== 0x23) charClass[code] = (charClass[code] ?? 0) | CHAR.target;
}
// Host: reg-name and IP literals. No userinfo, path, query, list or percent escape.
mark(`${digits}${letters}-._~!$&'()*+;=:[]`, CHAR.host);
mark(digits, CHAR.digit);
mark(digits + "abcdefABCDEF", CHAR.hex);
