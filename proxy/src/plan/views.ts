// How decisions see a request and its peer. The data path and the simulator each bring their own implementation.
// One rule: reading through a view allocates nothing unless a value has to be decoded.

/** Header lines in order; names are lower case, repeated names stay apart. */
export interface HeaderView {
  readonly count: number;
  nameAt(index: number): string;
  valueAt(index: number): string;
}

export interface HttpRequestView {
  readonly method: string;
  /** Origin form with query, as it will be routed (after normalisation). */
  readonly path: string;
  /** Host header, or the authority of an absolute-form target. */
  readonly authority: string;
  readonly scheme: "http" | "https";
  readonly headers: HeaderView;
}

/** The verified certificate of a TLS peer. All empty: TLS without a client certificate. */
export interface PeerIdentity {
  readonly uriSans: readonly string[];
  readonly dnsSans: readonly string[];
  readonly subject: string;
}

/** What verified tokens said about the request: by filter, then as the configuration names it. */
export type DynamicMetadata = Readonly<Record<string, Readonly<Record<string, JsonValue>>>>;

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

export interface RequestContext {
  readonly request: HttpRequestView;
  /** A uniform integer in [0, 2^32): one per request, used for fractions and weights, as in Envoy. */
  readonly random: number;
}

const PSEUDO: Readonly<Record<string, (request: HttpRequestView) => string>> = {
  ":method": (request) => request.method,
  ":path": (request) => request.path,
  ":authority": (request) => request.authority,
  ":scheme": (request) => request.scheme,
  host: (request) => request.authority,
};

/** Reader of a pseudo-header (or `host`, which is the authority); undefined for an ordinary name. */
export function pseudoHeader(name: string): ((request: HttpRequestView) => string) | undefined {
  return Object.hasOwn(PSEUDO, name) ? PSEUDO[name] : undefined;
}

/** A view over plain pairs, for questions and tests. */
export function headerViewOf(pairs: Iterable<readonly [string, string]>): HeaderView {
  const list = Array.from(pairs, ([name, value]) => [name.toLowerCase(), value] as const);
  return {
    count: list.length,
    nameAt: (index) => list[index]?.[0] ?? "",
    valueAt: (index) => list[index]?.[1] ?? "",
  };
}
