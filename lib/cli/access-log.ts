// Requests out of access logs: JSON lines as Meshwright's proxies and Istio write them, and the text formats of Envoy and Istio.
// The rule: a line that cannot be asked is counted with the reason, never guessed.
import type { Question, RecordedRequest } from "@/lib/simulate";
import { question } from "@/lib/simulate";

/** Questions of one run; more are paths with too many identifiers to be told apart. */
export const MAX_RECORDED = 20_000;

/** A line as it was logged, before it is known who called. */
type Entry = { method: string; path: string; authority: string; userAgent: string; peer: string; isInbound: boolean };

export type Callers = {
  /** Who made the calls of outbound lines. */
  own: Question["from"] | undefined;
  /** By SPIFFE ID, of inbound lines. */
  byIdentity: ReadonlyMap<string, Question["from"]>;
};

export type ReadLog = {
  recorded: RecordedRequest[];
  lines: number;
  /** Lines that were not asked, by why. */
  skipped: Map<string, number>;
};

const NO_REQUEST = "lines without a request of HTTP";
const UNREADABLE = "lines that are neither JSON nor a text format of Envoy or Istio";
export const NO_CALLER = "lines that do not say who called";
const TOO_MANY = `lines above ${MAX_RECORDED} different requests`;

/** @param lines of one or more logs, in any order */
export async function readAccessLog(lines: AsyncIterable<string>, callers: Callers): Promise<ReadLog> {
  const counts = new Map<string, RecordedRequest>();
  const skipped = new Map<string, number>();
  let total = 0;
  for await (const line of lines) {
    if (line.trim() === "") continue;
    total++;
    const read = requestOf(line, callers);
    const key = typeof read === "string" ? read : JSON.stringify(read);
    const known = counts.get(key);
    if (known) known.count++;
    else if (typeof read === "string") add(skipped, read);
    else if (counts.size === MAX_RECORDED) add(skipped, TOO_MANY);
    else counts.set(key, { question: read, count: 1 });
  }
  return { recorded: [...counts.values()], lines: total, skipped };
}

const add = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);

/** The question, or why there is none. */
function requestOf(line: string, { own, byIdentity }: Callers): Question | string {
  const entry = line.trimStart().startsWith("{") ? jsonEntry(line) : textEntry(line);
  if (!entry) return UNREADABLE;
  const { method, path, authority, userAgent } = entry;
  if (method === "" || authority === "") return NO_REQUEST;
  const from = entry.isInbound ? byIdentity.get(entry.peer) : own;
  if (!from) return NO_CALLER;
  const [, host = "", port] = /^(.*?)(?::(\d{1,5}))?$/.exec(authority) ?? [];
  const parsed = question.safeParse({
    from,
    to: { host, ...(port === undefined ? {} : { port: Number(port) }) },
    method,
    path,
    headers: userAgent === "" ? {} : { "user-agent": userAgent },
  });
  return parsed.success ? parsed.data : NO_REQUEST;
}

/** Names under which proxies log what is asked for: Istio's defaults first, which are ours too. */
const NAMES = {
  method: ["method", ":method", "request_method"],
  path: ["path", "x-envoy-original-path", ":path", "request_path"],
  authority: ["authority", ":authority", "host", "request_authority"],
  userAgent: ["user_agent", "user-agent"],
  peer: ["downstream_peer", "downstream_peer_uri_san", "source_principal"],
} as const;

function jsonEntry(line: string): Entry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const fields = value as Record<string, unknown>;
  const textOf = (names: readonly string[]) => {
    const found = names.map((name) => fields[name]).find((each) => typeof each === "string");
    return typeof found === "string" && found !== "-" ? found : "";
  };
  const isInbound = fields["listener"] === "inbound" || textOf(["upstream_cluster"]).startsWith("inbound|");
  const { method, path, authority, userAgent, peer } = NAMES;
  return {
    method: textOf(method),
    path: textOf(path),
    authority: textOf(authority),
    userAgent: textOf(userAgent),
    peer: textOf(peer),
    isInbound,
  };
}

/**
 * Envoy's default format and Istio's, which has more fields between: both begin with the time and the request line, and quote, last of all,
 * the authority and the host that answered (envoyproxy.io, "Default format string"; istio.io, "Envoy Access Logs").
 */
function textEntry(line: string): Entry | undefined {
  const head = /^\[[^\]]*\] "(\S+) (\S+) (\S+)" /.exec(line);
  if (!head) return undefined;
  const quoted = [...line.slice(head[0].length).matchAll(/"([^"]*)"/g)].map(([, text = ""]) => dashed(text));
  const authority = quoted.at(-2);
  const userAgent = quoted.at(-4);
  if (authority === undefined || userAgent === undefined) return undefined;
  const [, method = "", path = ""] = head;
  const isInbound = /"\s+inbound\|/.test(line);
  return { method: dashed(method), path: dashed(path), authority, userAgent, peer: "", isInbound };
}

const dashed = (text: string) => (text === "-" ? "" : text);
