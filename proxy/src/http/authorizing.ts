// External authorization of a request: holds it, with as much of its body as the authorizer is to see, asks, and does what was
// decided. Rule: a request goes on only when it was let on, or when the configuration says what no answer means; who leaves asks no more.

import type { AuthorizedBodyPlan, ExtAuthzFilterPlan, RbacContext } from "../plan/types";
import { isInShare, routeFilters } from "../semantics";
import type { AuthorizationOutcome } from "../telemetry/telemetry";
import { AuthenticatingExchange } from "./authenticating";
import {
  type Allowed,
  type Decision,
  type Denied,
  decisionOfCheck,
  decisionOfHttp,
  type RequestOp,
} from "./authz/decision";
import { isUsableTarget } from "./authz/fields";
import { type Asked, authorizationRequest, checkRequest, type HeldBody } from "./authz/question";
import { type CancelCall, callCluster } from "./cluster-call";
import { callGrpc } from "./grpc-call";
import type { RequestHead } from "./h1/request-head";
import { appendTo, applyOps } from "./request-headers";
import { draw } from "./response-filters";

const CHECK = "/envoy.service.auth.v3.Authorization/Check";
const METADATA = "envoy.filters.http.ext_authz";
const RBAC_METADATA = "envoy.filters.http.rbac";
const UNAUTHORIZED = "UAEX";
const ALLOWED_ON_ERROR = "x-envoy-auth-failure-mode-allowed";
const MAX_ANSWER_BYTES = 1024 * 1024;
/** Of all bodies that wait for their end, in the whole process. */
const MAX_HELD_BYTES = 64 * 1024 * 1024;

let heldBytes = 0;

interface Waiting {
  readonly filter: ExtAuthzFilterPlan;
  readonly plan: AuthorizedBodyPlan;
  readonly goOn: () => void;
}

export abstract class AuthorizingExchange extends AuthenticatingExchange {
  protected abstract override readonly rbacContext: { -readonly [Key in keyof RbacContext]: RbacContext[Key] };
  /** There is something to forget. */
  protected hasAsked = false;
  private cancelCheck: CancelCall | null = null;
  private waiting: Waiting | null = null;
  private reserved = 0;

  /** The route for what the request is now. */
  protected abstract findRoute(): void;

  /** What shadow rules said may decide whether an authorizer is asked. */
  protected tellShadow(said: Readonly<Record<string, string>>): void {
    const { metadata } = this.rbacContext;
    this.hasAsked = true;
    this.rbacContext.metadata = { ...metadata, [RBAC_METADATA]: { ...metadata?.[RBAC_METADATA], ...said } };
  }

  /** False: answered, or held; then `goOn` is called when it may go on. */
  protected askAuthorizer(filter: ExtAuthzFilterPlan, goOn: () => void): boolean {
    const own = this.own?.authz.get(filter.name);
    // As Envoy: who goes nowhere is not asked for.
    if (this.route === null || own?.isDisabled) return true;
    if (!isInShare(filter.enabled, draw()) || !(filter.asks?.matches(this.rbacContext) ?? true)) {
      this.countOutcome(filter, this.clusterName(), "disabled");
      if (!filter.deniesWhereDisabled) return true;
      this.refuseWithout(filter);
      return false;
    }
    const plan = own?.skipsBody ? null : (own?.body ?? filter.body);
    const head = this.head as RequestHead;
    this.hasAsked = true;
    if (head.upgrade === "connect" && filter.service.kind === "http") this.follow(filter, { kind: "error" }, goOn);
    else if (plan === null || head.bodyLength === 0 || head.upgrade !== "") this.sendCheck(filter, null, goOn);
    else this.holdBody({ filter, plan, goOn }, head);
    return false;
  }

  private holdBody(waiting: Waiting, head: RequestHead): void {
    const { maxBytes, allowsPart } = waiting.plan;
    if (!allowsPart && head.bodyLength > maxBytes) {
      this.refuseBody();
      return;
    }
    if (heldBytes + maxBytes > MAX_HELD_BYTES) {
      this.nameCluster();
      this.localReply(503, "UO", "ext_authz_overflow");
      return;
    }
    this.reserved = maxBytes;
    heldBytes += maxBytes;
    this.replay.hold(maxBytes);
    this.waiting = waiting;
  }

  /** More of the body came, or its end: is it enough to ask? */
  protected lookAtBody(): void {
    const { waiting } = this;
    if (waiting === null) return;
    const { filter, plan, goOn } = waiting;
    const isFull = this.requestBytes > plan.maxBytes;
    if (isFull && !plan.allowsPart) {
      this.stopHolding();
      this.refuseBody();
      return;
    }
    if (!this.isRequestEnded && this.requestBytes < plan.maxBytes) return;
    if (!this.isRequestEnded) this.stream?.pauseRequest();
    this.waiting = null;
    const bytes = Buffer.concat(this.replay.pieces).subarray(0, plan.maxBytes);
    this.sendCheck(filter, { plan, bytes, isPart: isFull }, goOn);
  }

  private refuseBody(): void {
    this.stream?.closeAfterResponse();
    this.localReply(413, "-", "request_payload_too_large", "Payload Too Large");
  }

  private sendCheck(filter: ExtAuthzFilterPlan, body: HeldBody | null, goOn: () => void): void {
    const { clusters, telemetry } = this.info.http;
    const { service } = filter;
    const asked: Asked = {
      filter,
      body,
      head: this.head as RequestHead,
      info: this.info,
      ownPrincipal: telemetry.ownPrincipal,
      extensions: this.own?.authz.get(filter.name)?.extensions ?? {},
      receivedBytes: this.requestBytes,
      startedAtMs: Math.round(performance.timeOrigin + this.startedAt),
    };
    const decide = (decision: Decision): void => {
      this.cancelCheck = null;
      this.stopHolding();
      if (this.isActive) this.follow(filter, decision, goOn);
    };
    this.cancelCheck =
      service.kind === "grpc"
        ? callGrpc(clusters.get(service.grpc.cluster), service.grpc, CHECK, checkRequest(asked), (result) =>
            decide(decisionOfCheck(result)),
          )
        : callCluster(clusters.get(service.cluster), authorizationRequest(asked, service, MAX_ANSWER_BYTES), (result) =>
            decide(decisionOfHttp(result, service)),
          );
  }

  private follow(filter: ExtAuthzFilterPlan, decision: Decision, goOn: () => void): void {
    // Where it would have gone when it was asked, whatever the answer makes of it.
    const cluster = this.clusterName();
    switch (decision.kind) {
      case "ok":
        if (!this.change(filter, decision)) {
          this.countOutcome(filter, cluster, "invalid");
          this.refuseInvalid();
          return;
        }
        this.countOutcome(filter, cluster, "ok");
        goOn();
        return;
      case "denied":
        this.countOutcome(filter, cluster, "denied");
        this.refuseAs(decision, filter.chargesCluster);
        return;
      case "invalid":
        this.countOutcome(filter, cluster, "invalid");
        this.refuseInvalid();
        return;
      case "error":
        this.countOutcome(filter, cluster, "error");
        if (!filter.allowsOnError) {
          this.refuseWithout(filter);
          return;
        }
        this.countOutcome(filter, cluster, "failure_mode_allowed");
        if (filter.marksAllowedOnError) (this.head as RequestHead).headers.push(ALLOWED_ON_ERROR, "true");
        goOn();
    }
  }

  /** As Envoy: of the filter, and of where the request goes where somebody was asked. */
  private countOutcome(filter: ExtAuthzFilterPlan, clusterName: string, outcome: AuthorizationOutcome): void {
    const { clusters, telemetry, filterCounts } = this.info.http;
    telemetry.authorizations.add(clusterName, outcome === "invalid" ? "error" : outcome);
    filterCounts.authorization(filter)[outcome]++;
    const cluster = outcome === "disabled" ? undefined : clusters.get(clusterName);
    if (cluster !== undefined) filterCounts.authorizationOf(filter, cluster)[outcome]++;
  }

  /** False: the request could not be sent on like that. */
  private change(
    filter: ExtAuthzFilterPlan,
    { requestHeaders, responseHeaders, changePath, metadata }: Allowed,
  ): boolean {
    const head = this.head as RequestHead;
    const path = changePath === null ? head.path : changePath(head.path);
    if (path !== head.path && !isUsableTarget(path)) return false;
    head.path = path;
    for (const op of requestHeaders) applyToRequest(head, op);
    const { maxHeadersCount, maxRequestHeadersKb } = this.info.http.plan;
    if (
      requestHeaders.length > 0 &&
      (head.headers.length > maxHeadersCount || sizeOf(head) > maxRequestHeadersKb * 1024)
    )
      return false;
    if (responseHeaders.length > 0) this.toldByServices.set(filter, responseHeaders);
    if (metadata !== null && filter.takesMetadata)
      this.rbacContext.metadata = { ...this.rbacContext.metadata, [METADATA]: metadata };
    if (filter.clearsRoute && (requestHeaders.length > 0 || changePath !== null)) this.findAgain(head);
    return true;
  }

  /** An upgrade stays with the route that allowed it. */
  private findAgain(head: RequestHead): void {
    if (head.upgrade !== "") return;
    this.findRoute();
    this.own = routeFilters(this.route, this.random);
  }

  private refuseAs({ status, headers, body }: Denied, isCharged: boolean): void {
    this.localHeaders.clear();
    for (const [name, value] of headers) this.localHeaders.push(name, value);
    this.nameCluster();
    if (isCharged) this.cluster?.codes.count(status);
    this.reply(status, UNAUTHORIZED, "ext_authz_denied", body);
  }

  private refuseWithout(filter: ExtAuthzFilterPlan): void {
    this.nameCluster();
    this.localReply(filter.statusOnError, UNAUTHORIZED, "ext_authz_error");
  }

  private refuseInvalid(): void {
    this.nameCluster();
    this.localReply(500, UNAUTHORIZED, "ext_authz_invalid");
  }

  private stopHolding(): void {
    this.waiting = null;
    if (this.reserved === 0) return;
    heldBytes -= this.reserved;
    this.reserved = 0;
    this.replay.release();
  }

  /** The request has ended: nobody waits for a decision. */
  protected endAuthorization(): void {
    this.cancelCheck?.();
    this.cancelCheck = null;
    this.stopHolding();
    this.rbacContext.metadata = null;
    this.hasAsked = false;
  }
}

function applyToRequest(head: RequestHead, op: RequestOp): void {
  if (op.op === "join") {
    if (head.headers.has(op.name)) appendTo(head.headers, op.name, op.value);
  } else if (op.op !== "remove" && op.name === ":path") head.path = op.value;
  else {
    applyOps(head.headers, [op]);
    if (op.op !== "remove" && op.name === "host") head.authority = op.value;
  }
}

function sizeOf({ headers, path }: RequestHead): number {
  let size = path.length;
  for (let i = 0; i < headers.length; i++) size += headers.nameAt(i).length + headers.valueLength(i) + 4;
  return size;
}
