// How long one request may take: the route's time, the whole request, the whole exchange, and silence.
// Rule: a response that has begun is broken off, any other request gets the answer that Envoy gives.

import { Deadline } from "../deadline";
import { GRPC } from "../semantics";
import { AttemptingExchange } from "./attempts";

export abstract class TimedExchange extends AttemptingExchange {
  protected readonly routeDeadline = new Deadline(() => this.onRouteTimeout());
  protected readonly requestDeadline = new Deadline(() =>
    this.onLate(408, "request_overall_timeout", "request timeout"),
  );
  protected readonly streamDeadline = new Deadline(() =>
    this.onLate(504, "max_duration_timeout", "downstream duration timeout", GRPC.deadlineExceeded),
  );
  /** From the end of the request; null: no limit. */
  protected responseLimitMs: number | null = null;

  /** Coarse time of the last byte either way, for the stream idle timeout. */
  touchedAt = 0;

  /** What of its answer still waits is the caller's time, not the route's. */
  override onUpstreamDone(): void {
    super.onUpstreamDone();
    this.routeDeadline.cancel();
  }

  private onRouteTimeout(): void {
    if (!this.isActive) return;
    const host = this.host;
    if (this.cluster !== null) this.cluster.timeouts++;
    if (host !== null && !this.isResponseStarted) this.cluster?.detector?.onLocalFailure(host, performance.now());
    this.abandonUpstream();
    if (this.isResponseStarted) {
      this.flags = "UT";
      this.details = "response_timeout";
      this.breakResponse();
    } else this.routerReply(504, "UT", "response_timeout", "upstream request timeout");
  }

  /** The whole request, or the whole exchange, took too long; Envoy sets no flag for either. */
  private onLate(status: number, details: string, body: string, grpcStatus?: number): void {
    if (!this.isActive) return;
    this.abandonUpstream();
    this.stream?.closeAfterResponse();
    if (this.isResponseStarted) {
      this.details = details;
      this.breakResponse();
    } else this.localReply(status, "-", details, body, grpcStatus);
  }

  /** No byte either way for too long (stream_idle_timeout). */
  onIdleTimeout(): void {
    if (!this.isActive) return;
    this.abandonUpstream();
    if (this.isResponseStarted) {
      this.flags = "SI";
      this.details = "stream_idle_timeout";
      this.breakResponse();
    } else this.localReply(this.isRequestEnded ? 504 : 408, "SI", "stream_idle_timeout", "stream timeout");
  }

  /** Longest silence of this request; a route may say so instead of the listener. */
  get idleLimitMs(): number | null {
    return this.action?.hasIdleTimeout ? this.action.idleTimeoutMs : this.info.http.plan.streamIdleTimeoutMs;
  }

  protected cancelDeadlines(): void {
    this.routeDeadline.cancel();
    this.tryDeadline.cancel();
    this.requestDeadline.cancel();
    this.streamDeadline.cancel();
  }
}
