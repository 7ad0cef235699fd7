// Rules on HTTP, both ways: Cilium compares whole texts with regular expressions, a path together with its query.
// The rule: what cannot be said is said to be so, and the rule is left out; a path that is written takes every query, as a design's does.
import type { AuthorizationOperation, HeaderCondition } from "@/lib/mesh";
import { quoted, unquoted } from "../gateway-api/match";

const QUERY = "(\\?.*)?";
const PORT = "(:[0-9]+)?";
const MAX_CHOICES = 64;

/** Null: the model has no words for it. Undefined: any. */
type Read = string[] | null | undefined;

const anchored = (regex: string) => regex.replace(/^\^/, "").replace(/(?<!\\)\$$/, "");

/** `(a|b)c` -> `ac`, `bc`: alternatives of one group, or of the whole. */
function alternatives(regex: string): string[] | null {
  if (/[()|]/.test(regex.replaceAll(/\\./g, ""))) {
    const group = /^((?:[^()\\|]|\\.)*)\((?:\?:)?((?:[^()\\]|\\.)*)\)((?:[^()\\|]|\\.)*)$/.exec(regex);
    const [, before = "", inner = regex, after = ""] = group ?? [];
    if ((!group && /[()]/.test(regex.replaceAll(/\\./g, ""))) || /^[*+?{]/.test(after)) return null;
    const parts = inner.split(/(?<!\\)\|/).map((each) => `${before}${each}${after}`);
    return parts.length <= MAX_CHOICES ? parts : null;
  }
  return [regex];
}

/** A text without operators; a dot stands for itself, which is narrower than Cilium. */
function literal(regex: string): string | null {
  const bare = regex.replaceAll(/\\./g, "");
  return /[\\^$*+?()[\]{}|]/.test(bare) ? null : unquoted(regex);
}

const everyOne = <T>(list: readonly (T | null)[]): T[] | null =>
  list.some((each) => each === null) ? null : list.filter((each) => each !== null);

export function readMethods(regex: string): Read {
  const own = anchored(regex);
  if (own === "" || own === ".*" || own === ".+") return undefined;
  const found = everyOne((alternatives(own) ?? [null]).map((each) => (each === null ? null : literal(each))));
  return found?.every((each) => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(each)) ? found : null;
}

/** `isWider`: a call with a query is refused there, and taken here. */
export function readPaths(regex: string): { paths: Read; isWider: boolean } {
  const own = anchored(regex);
  if (own === "" || own === ".*") return { paths: undefined, isWider: false };
  const takesQuery = own.endsWith(QUERY);
  const bare = takesQuery ? own.slice(0, -QUERY.length) : own;
  const tails = bare.endsWith("(/.*)?")
    ? ["", "/.*"].map((tail) => `${bare.slice(0, -"(/.*)?".length)}${tail}`)
    : bare.endsWith("/?")
      ? [bare.slice(0, -2), bare.slice(0, -1)]
      : [bare];
  const parts = tails.flatMap((each) => alternatives(each) ?? [null]);
  const paths = everyOne(parts.map((each) => (each === null ? null : readPath(each))));
  const isWider = !takesQuery && (paths ?? []).some((each) => !each.endsWith("*"));
  return { paths, isWider };
}

function readPath(regex: string): string | null {
  const [, before, core = "", after] = /^(\[\^\?\]\*|\.\*)?(.*?)(\.\*)?$/.exec(regex) ?? [];
  const text = literal(core);
  if (text === null || text.includes("*") || (before && after)) return null;
  if (before) return text === "" ? null : `*${text}`;
  return after ? `${text}*` : text === "" ? null : text;
}

export function readHosts(regex: string): Read {
  let own = anchored(regex).replace(/^\(\?i\)/, "");
  if (own === "" || own === ".*") return undefined;
  if (own.endsWith(PORT)) own = own.slice(0, -PORT.length);
  const parts = (alternatives(own) ?? [null]).map((each) => {
    if (each === null) return null;
    const [, any, rest = ""] = /^(\.\+\\\.|\.\*\\\.)?(.*)$/.exec(each) ?? [];
    const text = literal(rest);
    return text === null || text === "" ? null : `${any ? "*." : ""}${text}`;
  });
  const hosts = everyOne(parts);
  return hosts?.every((each) => /^(\*\.)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?(:\d{1,5})?$/.test(each))
    ? hosts
    : null;
}

/** `X-Name: value` as it has to be, or `X-Name` alone: it has to be there. */
export function readHeader(text: string): HeaderCondition | null {
  const [, name = "", value] = /^([^\s:]+):?(?: (.*))?$/.exec(text) ?? [];
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) return null;
  return value === undefined || value === "" ? { name, type: "present" } : { name, type: "exact", values: [value] };
}

export type HttpRule = { method?: string; path?: string; host?: string; headers?: string[] };

/** One operation -> rules, any of which has to hold; a text says why it has none. */
export function httpRules(operation: Omit<AuthorizationOperation, "ports">): HttpRule[] | string {
  const { methods, paths, hosts, headers = [], ...others } = operation;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return `Cilium has no ${unknown}`;
  const odd = headers.find(({ type, invert }) => invert || (type !== "exact" && type !== "present"));
  if (odd)
    return `Cilium compares a header with one value or asks that it is there, and has no ${odd.invert ? '"not"' : odd.type} for ${odd.name}`;
  const choices = headers.reduce<string[][]>(
    (lists, { name, type, values = [] }) => {
      const own = type === "present" ? [name] : values.map((value) => `${name}: ${value}`);
      return lists.flatMap((list) => own.map((each) => [...list, each])).slice(0, MAX_CHOICES + 1);
    },
    [[]],
  );
  const written = !paths || paths.includes("*") ? [undefined] : paths.map(pathRegex);
  if (written.length * choices.length > MAX_CHOICES) return `it needs more than ${MAX_CHOICES} rules on HTTP`;
  return written.flatMap((path) =>
    choices.map((own) => ({
      ...(methods ? { method: methods.map(quoted).join("|") } : {}),
      ...(path === undefined ? {} : { path }),
      ...(hosts && !hosts.includes("*") ? { host: hostRegex(hosts) } : {}),
      ...(own.length > 0 ? { headers: own } : {}),
    })),
  );
}

/** A design compares the path without its query; Cilium compares both. */
export function pathRegex(path: string): string {
  if (path.startsWith("*")) return `[^?]*${quoted(path.slice(1))}${QUERY}`;
  if (path.endsWith("*")) return `${quoted(path.slice(0, -1))}.*`;
  return `${quoted(path)}${QUERY}`;
}

function hostRegex(hosts: readonly string[]): string {
  const own = hosts.map((host) => (host.startsWith("*.") ? `.+${quoted(host.slice(1))}` : quoted(host)));
  return `(?i)${own.length === 1 ? own[0] : `(${own.join("|")})`}${hosts.every((each) => /:\d+$/.test(each)) ? "" : PORT}`;
}
