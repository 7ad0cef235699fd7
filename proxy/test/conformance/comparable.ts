// Makes observations comparable. Rule: what is left out is named here with its reason; everything else has to be equal.

/** Differ from run to run, or follow from the length of a port number in an echoed body. */
const VOLATILE = new Set(["date", "content-length", "transfer-encoding", "connection", "keep-alive"]);

/** Rows of docs/reference/envoy-differences.md that would be in every case; counted as explained. */
export const EVERYWHERE: Readonly<Record<string, string>> = {
  "x-envoy-upstream-service-time": "headers that only Envoy adds",
  "x-envoy-expected-rq-timeout-ms": "headers that only Envoy adds",
  "x-envoy-external-address": "headers that only Envoy adds",
};

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
/** A JWT; its signature is another one in each run. */
const TOKEN = /\beyJ[\w-]+\.[\w-]+\.[\w-]+/g;
/** Words of a TLS library or the system: a row of envoy-differences.md. */
const LIBRARY_WORDS = /, transport failure reason: .*$|\|delayed_connect_error:[^}]*/s;

export interface Names {
  /** Port -> what stands there. */
  readonly ports: ReadonlyMap<number, string>;
}

export function comparable(value: unknown, names: Names): unknown {
  const text = (one: string): string =>
    one
      .replace(/~\d+~/g, "")
      .replace(UUID, "<id>")
      .replace(TOKEN, "<token>")
      .replace(LIBRARY_WORDS, "")
      .replace(/\b127\.0\.0\.1:(\d+)/g, (_, port) => `127.0.0.1:<${names.ports.get(Number(port)) ?? "port"}>`);
  const walk = (one: unknown): unknown => {
    if (typeof one === "string") return text(one);
    if (Array.isArray(one)) return one.map(walk);
    if (typeof one !== "object" || one === null) return one;
    const entries = Object.entries(one).flatMap(([key, inner]): [string, unknown][] =>
      inner === undefined || VOLATILE.has(key) || EVERYWHERE[key] !== undefined ? [] : [[text(key), walk(inner)]],
    );
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  };
  return walk(value);
}

export const same = (left: unknown, right: unknown): boolean => JSON.stringify(left) === JSON.stringify(right);
