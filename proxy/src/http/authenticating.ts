// The JWT filter of a request: asks what its tokens are worth, holds it while keys are fetched, and writes what they said.
// Rule: a refusal says what Envoy says; nothing of the request is changed before every requirement is met.

import type { JwtFilterPlan, RbacContext } from "../plan/types";
import {
  authenticate,
  isBypassed,
  JWT_MISSING,
  JWT_OK,
  JWT_WRONG_AUDIENCE,
  type RequestChange,
  requirementOf,
  type TokenChecks,
  withoutParam,
} from "../semantics";
import type { RequestHead } from "./h1/request-head";
import { RateLimitingExchange } from "./rate-limiting";

const DETAILS = "jwt_authn_access_denied";
/** Longer ones are cut in what the caller is told (Envoy MaximumUriLength). */
const MAX_URI_LENGTH = 256;
const METADATA = "envoy.filters.http.jwt_authn";

type JwtResult = "passed" | "answered" | "held";

export abstract class AuthenticatingExchange extends RateLimitingExchange {
  protected abstract readonly rbacContext: { -readonly [Key in keyof RbacContext]: RbacContext[Key] };
  /** The filter looked at this request: there is something to forget. */
  protected isAuthenticated = false;
  /** What holds the request now; another one once it is let go. */
  private hold: object | null = null;
  /** When it began to wait for keys: an earlier failure is not its own. */
  private askedAt = -1;

  /** `goOn` is called when the keys are there, or have failed to come. */
  protected authenticateTokens(filter: JwtFilterPlan, goOn: () => void): JwtResult {
    const head = this.head as RequestHead;
    const requirement = requirementOf(filter, this.own?.jwt.get(filter.name), head);
    const counts = this.info.http.filterCounts.jwt(filter);
    if (requirement === null) {
      counts.allowed++;
      if (isBypassed(filter, head)) counts.cors_preflight_bypassed++;
      return "passed";
    }
    if (typeof requirement === "string") return this.refuseRoute(requirement, filter);
    const { keySets, telemetry } = this.info.http;
    this.isAuthenticated = true;
    if (this.askedAt < 0) this.askedAt = performance.now();
    const checks: TokenChecks = {
      now: Math.floor(Date.now() / 1000),
      verify: (provider, jwt, token) => keySets.of(provider).verify(jwt, token, this.askedAt),
    };
    const { status, waitsFor, changes, metadata } = authenticate(requirement, head, checks);
    const [provider] = waitsFor;
    if (status === null && provider) {
      const hold = {};
      this.hold = hold;
      keySets.of(provider).whenFetched(() => {
        if (this.hold !== hold || !this.isActive) return;
        this.hold = null;
        goOn();
      });
      return "held";
    }
    this.askedAt = -1;
    if (status !== JWT_OK) {
      telemetry.jwtDenied++;
      counts.denied++;
      return this.refuseTokens(status ?? JWT_MISSING, filter);
    }
    counts.allowed++;
    for (const change of changes) this.applyChange(change);
    if (metadata !== null) this.rbacContext.metadata = { ...this.rbacContext.metadata, [METADATA]: metadata };
    return "passed";
  }

  protected endAuthentication(): void {
    this.hold = null;
    this.askedAt = -1;
    this.rbacContext.metadata = null;
    this.isAuthenticated = false;
  }

  private applyChange(change: RequestChange): void {
    const head = this.head as RequestHead;
    if (change.kind === "add") head.headers.push(change.name, change.value);
    else if (change.kind === "remove") head.headers.remove(change.name);
    else head.path = withoutParam(head.path, change.name);
  }

  private refuseRoute(problem: string, filter: JwtFilterPlan): JwtResult {
    const { isSilent } = filter;
    this.info.http.telemetry.jwtDenied++;
    this.info.http.filterCounts.jwt(filter).denied++;
    const body = isSilent ? undefined : `Failed JWT authentication: ${problem}`;
    this.localReply(403, "-", detailsOf(problem), body);
    return "answered";
  }

  private refuseTokens(problem: string, { isSilent }: JwtFilterPlan): JwtResult {
    this.localHeaders.clear();
    if (!isSilent) {
      const error = problem === JWT_MISSING ? "" : ', error="invalid_token"';
      this.localHeaders.push("www-authenticate", `Bearer realm="${this.originalUri()}"${error}`);
    }
    const status = problem === JWT_WRONG_AUDIENCE ? 403 : 401;
    this.reply(status, "-", detailsOf(problem), isSilent ? null : problem);
    return "answered";
  }

  private originalUri(): string {
    const { path, authority } = this.head as RequestHead;
    const scheme = this.info.isTls ? "https" : "http";
    return `${scheme}://${authority}${path.slice(0, MAX_URI_LENGTH)}`;
  }
}

const detailsOf = (problem: string): string => `${DETAILS}{${problem.replace(/\s/g, "_")}}`;
