// The upstream's side of an exchange: its response as it goes on to the caller, and what becomes of a request whose upstream
// went away. Rule: what another attempt may cure is tried again before the caller hears of it (attempts.ts).

import type { UpstreamHost } from "../cluster/host";
import type { ClusterChoice, ForwardAction, InternalRedirectPlan } from "../plan/types";
import { choiceOf, grpcStatusIn, httpStatusOfGrpc, type RetryEvent } from "../semantics";
import { turnNow } from "../turn-clock";
import type { ResetFacts, ResetReason } from "./exchange";
import { type HeaderList, NAME } from "./h1/header-list";
import { lengthUnknown, type RequestHead } from "./h1/request-head";
import { type ResponseHead, untilClose } from "./h1/response-head";
import { httpDate } from "./http-date";
import { appendTo, applyOps, stripHopByHop } from "./request-headers";
import { isIdempotent } from "./retries";
import { TimedExchange } from "./time-limits";

export abstract class RespondingExchange extends TimedExchange {
  /** What a header says of the cluster, where the route asks one. */
  protected namedCluster = "";

  /** Where the request goes by its route; "" where the route answers itself. */
  protected clusterName(): string {
    const choice = choiceOf(this.route, this.random);
    return choice === null ? "" : this.nameOf(choice);
  }

  protected nameOf(choice: ClusterChoice): string {
    return choice.header === null ? choice.name : this.namedCluster;
  }

  onResponse(response: ResponseHead): void {
    const now = turnNow();
    const { status, headers } = response;
    this.responseAt = now;
    this.tryDeadline.cancel();
    this.judgeHost(response, now);
    if (this.cluster?.checker && headers.has("x-envoy-immediate-health-check-fail"))
      this.cluster.checker.failPassively(this.host as UpstreamHost);
    const latency = this.host?.latency ?? null;
    if (latency !== null) {
      if (status < 500) latency.observe(now - this.sentAt, now);
      else latency.observeAtLeast(now - this.sentAt, now);
    }
    const action = this.action as ForwardAction;
    if (action.retry !== null && this.retryResponse(status, headers)) return;
    if (action.internalRedirects !== null && this.followRedirect(action.internalRedirects, response)) return;
    this.countAnswer(status);
    if ((headers.seen & (NAME.hop | NAME.contentLength | NAME.te)) !== 0) {
      stripHopByHop(headers);
      headers.removeFlagged(NAME.te);
      const isBodyless = status === 204 || response.bodyLength < 0;
      if (isBodyless) headers.removeFlagged(NAME.contentLength);
    }
    const plan = this.info.http.plan;
    if (this.newCookies !== null) for (const cookie of this.newCookies) headers.push("set-cookie", cookie);
    this.dressResponse(headers);
    this.filterResponse(headers);
    if (plan.serverHeader === "overwrite") headers.set("server", plan.serverName);
    else if (plan.serverHeader === "append-if-absent" && !headers.has("server"))
      headers.push("server", plan.serverName);
    if ((headers.seen & NAME.dated) === 0) headers.push("date", httpDate());
    if (plan.via !== null) appendTo(headers, "via", plan.via, ", ");
    if (plan.alwaysSetRequestIdInResponse) headers.set("x-request-id", this.requestHeader("x-request-id") ?? "");
    this.isResponseStarted = true;
    this.status = status;
    this.details = "via_upstream";
    this.responseHeaders = headers;
    this.replay.drop();
    this.replay.isWhole = false;
    const length = response.bodyLength === untilClose ? lengthUnknown : response.bodyLength;
    this.stream?.sendHead(status, response.reason, headers, length, response.mayHaveTrailers);
  }

  /** True: the request goes on to where it was sent, and this response ends here. */
  protected abstract followRedirect(plan: InternalRedirectPlan, response: ResponseHead): boolean;

  protected dressResponse(headers: HeaderList): void {
    const { choice } = this;
    if (choice !== null && choice.responseHeaders.length > 0) applyOps(headers, choice.responseHeaders);
    if (this.attempts > 0 && this.virtualHost?.includeAttemptCountInResponse)
      headers.set("x-envoy-attempt-count", String(this.attempts));
  }

  /** As Envoy judges a host: by grpc-status where the head says it, by the status of the answer otherwise. */
  private judgeHost({ status, headers }: ResponseHead, now: number): void {
    const detector = this.cluster?.detector;
    if (!detector) return;
    const grpcStatus = this.isGrpc ? grpcStatusIn(headers) : null;
    if (grpcStatus === null) detector.onStatus(this.host as UpstreamHost, status, now);
    else detector.onGrpcStatus(this.host as UpstreamHost, httpStatusOfGrpc(grpcStatus), now);
  }

  onResponseData(chunk: Buffer, start: number, end: number): void {
    this.responseBytes += end - start;
    this.stream?.sendData(chunk, start, end);
  }

  onResponseFlush(): void {
    this.touchedAt = turnNow();
    this.heardWord();
    if (this.stream !== null && !this.stream.flush()) this.upstream?.pauseResponse();
  }

  onResponseEnd(trailers: HeaderList | null): void {
    if (!this.isActive) return;
    this.responseTrailers = trailers;
    this.upstream = null;
    const stream = this.stream;
    this.finish();
    stream?.endResponse(trailers);
  }

  onUpstreamReset(reason: ResetReason, detail: string, how: ResetFacts): void {
    this.upstream = null;
    const host = this.host as UpstreamHost;
    this.trace?.failAttempt(reason);
    this.noteWait(host);
    this.leaveHost();
    if (this.isResponseStarted) {
      this.flags = reason === "protocol-error" ? "UPE" : reason === "remote-reset" ? "UC" : "UR";
      this.details = `upstream_reset_after_response_started{${detail}}`;
      this.cluster?.detector?.onLocalFailure(host, performance.now());
      this.breakResponse();
      return;
    }
    // The connection went away before it said anything about this request: the keep-alive race, or a sidecar that died.
    // RFC 9110 9.2.2 lets a proxy repeat what is idempotent. A refused stream was not looked at by anybody.
    const isRace = how.isReused && !how.hadBytes && reason === "remote-reset";
    const isRefused = reason === "refused-stream";
    // Where the policy speaks of refused streams it decides, as in Envoy; without one they are repeated all the same.
    const isFree = isRefused && this.action?.retry?.on.refusedStream !== true;
    const isHarmless = isFree || (isRace && isIdempotent(this.head as RequestHead));
    if (isHarmless && this.replay.isWhole && this.retries.takeFreeRepeat()) {
      this.attempts--;
      this.isRepeated = true;
      this.startAttempt();
      return;
    }
    this.transportFailure = detail;
    this.cluster?.detector?.onLocalFailure(host, performance.now());
    const event: RetryEvent = isRefused
      ? { kind: "refused-stream" }
      : { kind: "reset", requestStarted: how.hasStarted };
    if (reason !== "protocol-error" && this.retry(event)) return;
    if (reason === "protocol-error") this.failWith(502, "UPE", "protocol error");
    else if (isRefused) this.failWith(503, "UR", "remote refused stream reset");
    else if (reason === "stream-reset") this.failWith(503, "UR", "remote reset");
    else this.failWith(503, "UC", "connection termination");
  }

  onUpstreamWritable(): void {
    this.stream?.resumeRequest();
  }
}
