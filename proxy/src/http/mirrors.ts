// The mirrors of one request: which are drawn, and what they get of it.
// Rule: they get what the destination gets, and are given up with a request that never becomes whole.

import type { UpstreamCluster } from "../cluster/cluster";
import type { MirrorPlan } from "../plan/types";
import { clusterInHeader, isInShare } from "../semantics";
import type { HeaderList } from "./h1/header-list";
import type { RequestHead } from "./h1/request-head";
import { MirrorCall } from "./mirror-call";

interface Drawn {
  readonly call: MirrorCall;
  readonly cluster: UpstreamCluster | undefined;
}

export class Mirrors {
  private drawn: Drawn[] = [];
  private isStarted = false;

  /** `random` is the request's own, as in Envoy: mirrors of the same share are of the same requests. */
  draw(
    plans: readonly MirrorPlan[],
    random: number,
    head: RequestHead,
    path: string,
    timeoutMs: number | null,
    clusters: ReadonlyMap<string, UpstreamCluster>,
  ): void {
    for (const plan of plans) {
      if (plan.share !== null && !isInShare(plan.share, random)) continue;
      const name = plan.header === null ? plan.cluster : clusterInHeader(plan.header, head);
      this.drawn.push({ call: new MirrorCall(head, path, plan, timeoutMs), cluster: clusters.get(name) });
    }
  }

  /** With what has come of the body so far. */
  start(pieces: readonly Buffer[], isRequestEnded: boolean, trailers: HeaderList | null): void {
    if (this.drawn.length === 0) return;
    this.isStarted = true;
    for (const { call, cluster } of this.drawn) {
      call.start(cluster);
      for (const piece of pieces) call.sendData(piece, 0, piece.length);
      if (isRequestEnded) call.endRequest(trailers);
    }
  }

  sendData(chunk: Buffer, start: number, end: number): void {
    if (!this.isStarted) return;
    for (const { call } of this.drawn) call.sendData(chunk, start, end);
  }

  flush(): void {
    if (!this.isStarted) return;
    for (const { call } of this.drawn) call.flush();
  }

  endRequest(trailers: HeaderList | null): void {
    if (!this.isStarted) return;
    for (const { call } of this.drawn) call.endRequest(trailers);
  }

  /** The request is over; a mirror that has all of it goes on alone. */
  leave(isRequestEnded: boolean): void {
    if (this.drawn.length === 0) return;
    if (!isRequestEnded) for (const { call } of this.drawn) call.cancel();
    this.drawn = [];
    this.isStarted = false;
  }
}
