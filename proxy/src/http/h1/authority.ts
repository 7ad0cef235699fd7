// Host and :authority (RFC 3986 3.2, without userinfo). Rule: what two parsers could take for different hosts is none.

import { CHAR, charClass } from "./chars";

const COLON = 58;

export function isAuthority(host: string): boolean {
  const size = host.length;
  if (size === 0 || size > 255 + 6) return false;
  let colon = -1;
  for (let i = 0; i < size; i++) {
    const code = host.charCodeAt(i);
    if (((charClass[code] ?? 0) & CHAR.host) === 0) return false;
    if (code === COLON) colon = i;
  }
  if (host.charCodeAt(0) === 91) return /^\[[0-9a-fA-F:.]+\](:[0-9]{1,5})?$/.test(host);
  if (host.includes("[") || host.includes("]")) return false;
  if (colon === -1) return true;
  if (host.indexOf(":") !== colon || colon === 0) return false;
  const digits = size - colon - 1;
  if (digits > 5) return false;
  for (let i = colon + 1; i < size; i++) if (((charClass[host.charCodeAt(i)] ?? 0) & CHAR.digit) === 0) return false;
  return true;
}
