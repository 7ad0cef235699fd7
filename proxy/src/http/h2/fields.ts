// Header fields as HPACK tables hold them: checked once when they enter, then shared by every message that names them.
// Rule: what would be malformed in HTTP/2 or dangerous in HTTP/1.1 (RFC 9113 8.2.1, 10.3) is marked here, at the door.

import { isAuthority } from "../h1/authority";
import { CHAR, charClass } from "../h1/chars";
import { flatCopy, type NameInfo, nameInfo } from "../h1/header-list";

export const PSEUDO = {
  none: 0,
  method: 1,
  scheme: 2,
  authority: 3,
  path: 4,
  status: 5,
  unknown: 6,
  protocol: 7,
} as const;

export interface Field {
  readonly info: NameInfo;
  readonly value: string;
  /** RFC 7541 4.1. */
  readonly size: number;
  readonly pseudo: number;
  /** "name: value" CRLF as HTTP/1.1 sends it; for :authority the Host line. */
  readonly line: string;
  /** Why a message with this field is malformed, or "". */
  readonly problem: string;
}

/** Takes the fields of one block. */
export interface FieldSink {
  onField(field: Field): void;
}

export const hostInfo = nameInfo("host");
const pseudoNames: Readonly<Record<string, number>> = {
  ":method": PSEUDO.method,
  ":scheme": PSEUDO.scheme,
  ":authority": PSEUDO.authority,
  ":path": PSEUDO.path,
  ":status": PSEUDO.status,
  ":protocol": PSEUDO.protocol,
};

export function createField(info: NameInfo, value: string, nameProblem: string): Field {
  const name = info.lower;
  const pseudo = name.charCodeAt(0) === 58 ? (pseudoNames[name] ?? PSEUDO.unknown) : PSEUDO.none;
  return {
    info,
    value,
    size: name.length + value.length + 32,
    pseudo,
    line: pseudo === PSEUDO.none ? `${name}: ${value}\r\n` : pseudo === PSEUDO.authority ? `host: ${value}\r\n` : "",
    problem: nameProblem !== "" ? nameProblem : problemOf(pseudo, value),
  };
}

/** A name from the wire: lower case tokens only. The problem, or "". */
export function nameProblem(name: string): string {
  const size = name.length;
  if (size === 0) return "empty_header_name";
  const first = name.charCodeAt(0) === 58 ? 1 : 0;
  if (first === size) return "invalid_header_name";
  for (let i = first; i < size; i++) {
    const code = name.charCodeAt(i);
    if (code >= 65 && code <= 90) return "upper_case_header_name";
    if (((charClass[code] ?? 0) & CHAR.token) === 0) return "invalid_header_name";
  }
  return "";
}

function problemOf(pseudo: number, value: string): string {
  switch (pseudo) {
    case PSEUDO.path:
      return isPath(value) ? "" : "invalid_path";
    case PSEUDO.authority:
      return isAuthority(value) ? "" : "invalid_authority";
    case PSEUDO.unknown:
      return "unknown_pseudo_header";
    default:
      return isFieldValue(value) ? "" : "invalid_header_value";
  }
}

function isPath(value: string): boolean {
  for (let i = 0; i < value.length; i++) if (((charClass[value.charCodeAt(i)] ?? 0) & CHAR.target) === 0) return false;
  return value.charCodeAt(0) === 47 || value === "*";
}

function isFieldValue(value: string): boolean {
  const size = value.length;
  for (let i = 0; i < size; i++) if (((charClass[value.charCodeAt(i)] ?? 0) & CHAR.value) === 0) return false;
  return size === 0 || (isInk(value.charCodeAt(0)) && isInk(value.charCodeAt(size - 1)));
}

function isInk(code: number): boolean {
  return code !== 32 && code !== 9;
}

/** A field that outlives the message it came in. */
export function keptField(field: Field): Field {
  return { ...field, value: flatCopy(field.value) };
}

const staticPairs =
  ":authority|,:method|GET,:method|POST,:path|/,:path|/index.html,:scheme|http,:scheme|https,:status|200,:status|204," +
  ":status|206,:status|304,:status|400,:status|404,:status|500,accept-charset|,accept-encoding|gzip; deflate," +
  "accept-language|,accept-ranges|,accept|,access-control-allow-origin|,age|,allow|,authorization|,cache-control|," +
  "content-disposition|,content-encoding|,content-language|,content-length|,content-location|,content-range|," +
  "content-type|,cookie|,date|,etag|,expect|,expires|,from|,host|,if-match|,if-modified-since|,if-none-match|," +
  "if-range|,if-unmodified-since|,last-modified|,link|,location|,max-forwards|,proxy-authenticate|," +
  "proxy-authorization|,range|,referer|,refresh|,retry-after|,server|,set-cookie|,strict-transport-security|," +
  "transfer-encoding|,user-agent|,vary|,via|,www-authenticate|";

/** RFC 7541 appendix A: index 1 to 61; 0 is unused. */
export const staticFields: readonly Field[] = [["", ""], ...staticPairs.split(",").map((pair) => pair.split("|"))].map(
  ([name = "", value = ""]) => createField(nameInfo(name), value.replace("gzip; ", "gzip, "), ""),
);

/** Index of the first static field of a name. */
export const staticNameIndex: ReadonlyMap<string, number> = new Map(
  [...staticFields.entries()].reverse().map(([index, field]) => [field.info.lower, index]),
);
