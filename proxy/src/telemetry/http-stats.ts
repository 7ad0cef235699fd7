// Answers by code, and what one stat_prefix counts, for statistics under Envoy's names. Rule: counting is a number on an object
// already in hand; names are made when somebody asks (admin/envoy-stats.ts).

import type { RedirectRefusal } from "../semantics";

interface CodeCount {
  readonly code: number;
  count: number;
}

export class ResponseCodes {
  readonly all: CodeCount[] = [];
  private last: CodeCount | null = null;

  count(code: number): void {
    let counter = this.last;
    if (counter === null || counter.code !== code) {
      counter = this.of(code);
      this.last = counter;
    }
    counter.count++;
  }

  private of(code: number): CodeCount {
    for (const one of this.all) if (one.code === code) return one;
    const fresh = { code, count: 0 };
    this.all.push(fresh);
    return fresh;
  }
}

/** Requests by what decided whether they are traced. */
export interface TracingStats {
  clientEnabled: number;
  serviceForced: number;
  randomSampling: number;
  notTraceable: number;
}

/** Of all connection managers with one stat_prefix. */
export class HttpStats {
  connections = 0;
  requests = 0;
  noRoute = 0;
  noCluster = 0;
  /** Requests that were answered by 503 because the process has too much to do. */
  overloadRefused = 0;
  /** Connections that end after their answer for the same reason. */
  overloadClosing = 0;
  /** Redirects that the proxy was to follow, and did not. */
  readonly redirectsPassedOn: Record<RedirectRefusal, number> = {
    bad_location: 0,
    unsafe_scheme: 0,
    too_many_redirects: 0,
    no_route: 0,
    predicate: 0,
  };
  readonly tracing: TracingStats = { clientEnabled: 0, serviceForced: 0, randomSampling: 0, notTraceable: 0 };
  readonly codes = new ResponseCodes();
}

export class HttpStatsByPrefix {
  readonly all = new Map<string, HttpStats>();

  of(statPrefix: string): HttpStats {
    const known = this.all.get(statPrefix) ?? new HttpStats();
    this.all.set(statPrefix, known);
    return known;
  }
}
