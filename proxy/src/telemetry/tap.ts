// Finished requests as they pass, for who watches now: some of them, some of each. Rule: without a watcher a request costs one comparison;
// a watcher gets no more than it asked for and than it reads, and what it missed is counted for it.

import { type AccessRecord, isoTime } from "./access-log";

export interface TapRequest {
  /** All that are given have to hold. */
  readonly match: {
    readonly method?: string | undefined;
    /** Without the query. */
    readonly path?: string | undefined;
    readonly pathPrefix?: string | undefined;
    /** "503" or "5xx". */
    readonly status?: string | undefined;
    /** Of the request: by name, in lower case, their whole values. */
    readonly headers?: Readonly<Record<string, string>> | undefined;
  };
  readonly samplePercent: number;
  readonly maxPerSecond: number;
  /** Names of headers that are told, in lower case. */
  readonly headers: readonly string[];
  readonly tellsQuery: boolean;
}

/** Told as being there, never what they say. */
const SECRETS = new Set(["authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key"]);
const REDACTED = "redacted";

export const MAX_TAPS = 4;

/** Another watcher, as long as there are few; returns how to end it, else null. */
export function watch(taps: Set<Tap>, request: TapRequest, tell: (line: string) => boolean): (() => void) | null {
  if (taps.size >= MAX_TAPS) return null;
  const tap = new Tap(request, tell);
  taps.add(tap);
  return () => void taps.delete(tap);
}

/** One watcher. */
export class Tap {
  missed = 0;
  private second = 0;
  private told = 0;

  /** @param write false: it does not read fast enough */
  constructor(
    private readonly request: TapRequest,
    private readonly write: (line: string) => boolean,
    private readonly chance: () => number = Math.random,
  ) {}

  look(record: AccessRecord): void {
    const { request } = this;
    if (!matches(record, request.match)) return;
    if (request.samplePercent < 100 && this.chance() * 100 >= request.samplePercent) return;
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.second) {
      this.second = second;
      this.told = 0;
    }
    if (this.told >= request.maxPerSecond || !this.write(`${JSON.stringify(this.describe(record))}\n`)) {
      this.missed++;
      return;
    }
    this.told++;
    this.missed = 0;
  }

  private describe(record: AccessRecord): object {
    const { headers, tellsQuery } = this.request;
    const said = (read: (name: string) => string | undefined): Record<string, string> =>
      Object.fromEntries(
        headers.flatMap((name) => {
          const value = read(name);
          return value === undefined ? [] : [[name, SECRETS.has(name) ? REDACTED : value]];
        }),
      );
    return {
      time: isoTime(Date.now()),
      method: record.method,
      authority: record.requestHeader(":authority") ?? "",
      path: tellsQuery ? record.path : withoutQuery(record.path),
      protocol: record.protocol,
      status: record.status,
      ...(record.grpcStatus === null ? {} : { grpcStatus: record.grpcStatus }),
      flags: record.flags,
      details: record.details,
      durationMs: Math.round(record.durationMs * 1000) / 1000,
      requestBytes: record.requestBytes,
      responseBytes: record.responseBytes,
      route: record.routeName,
      cluster: record.upstreamCluster,
      upstream: record.upstreamHost,
      attempts: record.attempts,
      peer: record.peerUriSan,
      from: record.remoteAddress,
      requestHeaders: said((name) => record.requestHeader(name)),
      responseHeaders: said((name) => record.responseHeader(name)),
      // Since the line before.
      ...(this.missed > 0 ? { missed: this.missed } : {}),
    };
  }
}

function matches(record: AccessRecord, { method, path, pathPrefix, status, headers }: TapRequest["match"]): boolean {
  if (method !== undefined && record.method !== method) return false;
  if (path !== undefined && withoutQuery(record.path) !== path) return false;
  if (pathPrefix !== undefined && !record.path.startsWith(pathPrefix)) return false;
  if (status !== undefined && !isStatus(record.status, status)) return false;
  for (const name in headers) if (record.requestHeader(name) !== headers[name]) return false;
  return true;
}

const isStatus = (status: number, wanted: string): boolean =>
  wanted.endsWith("xx") ? Math.floor(status / 100) === Number(wanted[0]) : status === Number(wanted);

function withoutQuery(path: string): string {
  const at = path.indexOf("?");
  return at < 0 ? path : path.slice(0, at);
}
