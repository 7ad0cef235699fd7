// IP addresses and CIDR ranges without Node. One rule: an IPv4-mapped IPv6 address is its IPv4 address.

/** 4 or 16 bytes, or null when the text is no address. */
export function parseIp(text: string): Uint8Array | null {
  const bytes = text.includes(":") ? parseIpv6(text) : parseIpv4(text);
  const isMapped =
    bytes?.length === 16 && bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  return bytes && isMapped ? bytes.slice(12) : bytes;
}

/** Tester of a range; null when the range is not valid. */
export function cidrMatcher(prefix: string, length: number): ((address: string) => boolean) | null {
  const base = parseIp(prefix);
  if (!base || length < 0 || length > base.length * 8) {
    return null;
  }
  let lastText = "";
  let lastResult = false;
  return (address) => {
    if (address !== lastText) {
      const bytes = parseIp(address);
      lastResult = bytes !== null && bytes.length === base.length && samePrefix(base, bytes, length);
      lastText = address;
    }
    return lastResult;
  };
}

function samePrefix(left: Uint8Array, right: Uint8Array, bits: number): boolean {
  for (let index = 0; index * 8 < bits; index += 1) {
    const mask = bits - index * 8 >= 8 ? 0xff : (0xff << (8 - (bits - index * 8))) & 0xff;
    if (((left[index] ?? 0) & mask) !== ((right[index] ?? 0) & mask)) {
      return false;
    }
  }
  return true;
}

function parseIpv4(text: string): Uint8Array | null {
  const parts = text.split(".");
  const isValid = parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
  return isValid ? Uint8Array.from(parts, Number) : null;
}

function parseIpv6(text: string): Uint8Array | null {
  const halves = text.split("::");
  if (halves.length > 2) {
    return null;
  }
  const head = groups(halves[0] ?? "");
  const tail = groups(halves[1] ?? "");
  if (!head || !tail) {
    return null;
  }
  const missing = 16 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 2) {
    return null;
  }
  return Uint8Array.from([...head, ...new Array<number>(missing).fill(0), ...tail]);
}

function groups(text: string): number[] | null {
  if (text === "") {
    return [];
  }
  const bytes: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1 && part.includes(".")) {
      const embedded = parseIpv4(part);
      if (!embedded) {
        return null;
      }
      bytes.push(...embedded);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      const value = Number.parseInt(part, 16);
      bytes.push(value >> 8, value & 0xff);
    } else {
      return null;
    }
  }
  return bytes;
}
