// What a filter's JWT requirement makes of a request, as Envoy evaluates it. Rule: decisions only; signatures are asked of the
// caller, and what has to change on the request comes back as a list.

import { bareAudience } from "../plan/audiences";
import type {
  HttpRequestView,
  JsonValue,
  JwtFilterPlan,
  JwtPlaces,
  JwtProviderPlan,
  JwtRequirement,
  JwtRoutePlan,
} from "../plan/types";
import { type FoundToken, type TokenPlace, tokensIn } from "./jwt-places";
import { type Jwt, own, parseJwt } from "./jwt-token";
import { matchesRule } from "./match-route";

export const JWT_OK = "OK";
export const JWT_MISSING = "Jwt is missing";
const FAILS = "Jwt verification fails";
const UNKNOWN_ISSUER = "Jwt issuer is not configured";
export const JWT_WRONG_AUDIENCE = "Audiences in Jwt are not allowed";

/** Who knows keys and signatures. */
export interface TokenChecks {
  /** Seconds since 1970; null: time is left out of account. */
  readonly now: number | null;
  /** {@link JWT_OK}, Envoy's words for what is wrong, or null: the keys have to be fetched first. */
  verify(provider: JwtProviderPlan, jwt: Jwt, token: string): string | null;
}

export type RequestChange =
  | { readonly kind: "add"; readonly name: string; readonly value: string }
  | { readonly kind: "remove"; readonly name: string }
  | { readonly kind: "remove-param"; readonly name: string };

export interface Authentication {
  /** {@link JWT_OK}, or Envoy's words. null: wait for the keys of `waitsFor`, then ask again. */
  readonly status: string | null;
  readonly waitsFor: readonly JwtProviderPlan[];
  /** In order. */
  readonly changes: readonly RequestChange[];
  /** For the filters after it; null: no token was verified. */
  readonly metadata: Readonly<Record<string, JsonValue>> | null;
}

/** What is asked of this request: null: nothing. A string: why the route's configuration refuses it. */
export function requirementOf(
  filter: JwtFilterPlan,
  route: JwtRoutePlan | undefined,
  request: HttpRequestView,
): JwtRequirement | string | null {
  if (isBypassed(filter, request)) return null;
  if (route?.kind === "disabled") return null;
  if (route) return filter.requirements.get(route.name) ?? wrongName(route.name, filter);
  return filter.rules.find(({ match }) => matchesRule(match, request))?.requirement ?? null;
}

/** A preflight of a browser, which brings no token. */
export const isBypassed = ({ bypassesPreflight }: JwtFilterPlan, request: HttpRequestView): boolean =>
  bypassesPreflight && isPreflight(request);

const wrongName = (name: string, { requirements }: JwtFilterPlan): string =>
  `Wrong requirement_name: ${name}. It should be one of [${[...requirements.keys()].sort().join(",")}]`;

function isPreflight({ method, headers }: HttpRequestView): boolean {
  if (method !== "OPTIONS") return false;
  let seen = 0;
  for (let i = 0; i < headers.count; i++) {
    if (headers.valueAt(i) === "") continue;
    const name = headers.nameAt(i);
    if (name === "origin") seen |= 1;
    else if (name === "access-control-request-method") seen |= 2;
  }
  return seen === 3;
}

export function authenticate(
  requirement: JwtRequirement,
  request: HttpRequestView,
  checks: TokenChecks,
): Authentication {
  const run = new Run(request, checks);
  const status = run.ask(requirement);
  const hasMetadata = status === JWT_OK && Object.keys(run.metadata).length > 0;
  return { status, waitsFor: run.waitsFor, changes: run.changes, metadata: hasMetadata ? run.metadata : null };
}

class Run {
  readonly waitsFor: JwtProviderPlan[] = [];
  readonly changes: RequestChange[] = [];
  readonly metadata: Record<string, JsonValue> = {};
  private readonly removed = new Set<string>();
  private path: string;

  constructor(
    private readonly request: HttpRequestView,
    private readonly checks: TokenChecks,
  ) {
    this.path = request.path;
  }

  /** null: keys are missing. */
  ask(requirement: JwtRequirement): string | null {
    switch (requirement.kind) {
      case "none":
        return JWT_OK;
      case "provider": {
        const { provider, audiences, places } = requirement;
        const tokens = this.tokens(places);
        return tokens.length === 0 ? JWT_MISSING : this.all(tokens, () => provider, audiences ?? provider.audiences);
      }
      case "allow-missing":
      case "allow-missing-or-failed":
        return this.lenient(requirement);
      case "all":
        return this.every(requirement.requirements);
      case "any":
        return this.any(requirement.requirements);
    }
  }

  private every(requirements: readonly JwtRequirement[]): string | null {
    for (const each of requirements) {
      const status = this.ask(each);
      if (status !== JWT_OK) return status;
    }
    return JWT_OK;
  }

  /** The first that is met; else what the last says, unless it found nothing that concerns it. */
  private any(requirements: readonly JwtRequirement[]): string | null {
    let told: string = JWT_MISSING;
    let isWaiting = false;
    for (const each of requirements) {
      const status = this.ask(each);
      if (status === JWT_OK) return JWT_OK;
      if (status === null) isWaiting = true;
      else told = moreTelling(told, status);
    }
    return isWaiting ? null : told;
  }

  private lenient(
    requirement: Extract<JwtRequirement, { kind: "allow-missing" | "allow-missing-or-failed" }>,
  ): string | null {
    const { kind, places, providers } = requirement;
    const isFailureFine = kind === "allow-missing-or-failed";
    const find = ({ issuer }: Jwt): JwtProviderPlan | undefined =>
      providers.find((provider) => provider.issuer === issuer) ??
      (issuer === "" ? undefined : providers.find((provider) => provider.issuer === ""));
    for (const found of this.tokens(places)) {
      const status = this.one(found, find, null);
      if (status === null || (status !== JWT_OK && !isFailureFine)) return status;
    }
    return JWT_OK;
  }

  /** Every token has to be right. */
  private all(
    tokens: readonly FoundToken[],
    find: (jwt: Jwt) => JwtProviderPlan | undefined,
    audiences: readonly string[],
  ): string | null {
    for (const found of tokens) {
      const status = this.one(found, find, audiences);
      if (status !== JWT_OK) return status;
    }
    return JWT_OK;
  }

  /** The last found is the first looked at (Envoy takes them off the end). */
  private tokens(places: JwtPlaces): FoundToken[] {
    for (const name of places.sanitized) this.remove(name);
    return tokensIn(this.request, this.path, places, this.removed).reverse();
  }

  private one(
    { token, issuers, place }: FoundToken,
    find: (jwt: Jwt) => JwtProviderPlan | undefined,
    audiences: readonly string[] | null,
  ): string | null {
    const jwt = parseJwt(token);
    if (typeof jwt === "string") return jwt;
    if (issuers !== null && !issuers.includes(jwt.issuer)) return UNKNOWN_ISSUER;
    const provider = find(jwt);
    if (!provider) return UNKNOWN_ISSUER;
    const problem = this.claimsProblem(jwt, provider, audiences ?? provider.audiences);
    if (problem !== null) return problem;
    const status = this.checks.verify(provider, jwt, token);
    if (status === null) this.waitsFor.push(provider);
    else if (status === JWT_OK) this.accept(provider, jwt, place);
    return status;
  }

  private claimsProblem(jwt: Jwt, provider: JwtProviderPlan, audiences: readonly string[]): string | null {
    const { now } = this.checks;
    if (now !== null && now + provider.clockSkew < jwt.notBefore) return "Jwt not yet valid";
    if (now !== null && jwt.expires !== 0 && now > jwt.expires + provider.clockSkew) return "Jwt is expired";
    const isAllowed = audiences.length === 0 || jwt.audiences.some((each) => audiences.includes(bareAudience(each)));
    if (!isAllowed) return JWT_WRONG_AUDIENCE;
    if (provider.subjects && !provider.subjects.matches(jwt.subject)) return FAILS;
    if (provider.maxLifetime === null) return null;
    if (!jwt.hasExpiry) return FAILS;
    return now !== null && jwt.expires - now >= provider.maxLifetime ? FAILS : null;
  }

  private accept(provider: JwtProviderPlan, jwt: Jwt, place: TokenPlace): void {
    const { payloadHeader, payloadKey, headerKey } = provider;
    if (payloadHeader !== null)
      this.add(payloadHeader, provider.padsPayload ? padded(jwt.payloadText) : jwt.payloadText);
    for (const { header, claim } of provider.claimHeaders) {
      const value = claimText(jwt.payload, claim);
      if (value !== "") this.add(header, value);
    }
    if (!provider.forwards) this.takeOut(place);
    if (headerKey !== "") this.metadata[headerKey] = jwt.header;
    if (payloadKey !== "") this.metadata[payloadKey] = normalized(jwt, provider.spaceDelimited);
  }

  private takeOut({ kind, name }: TokenPlace): void {
    if (kind === "header") this.remove(name);
    else if (kind === "param") {
      this.changes.push({ kind: "remove-param", name });
      this.path = withoutParam(this.path, name);
    }
  }

  private remove(name: string): void {
    this.removed.add(name);
    this.changes.push({ kind: "remove", name });
  }

  private add(name: string, value: string): void {
    this.changes.push({ kind: "add", name, value });
  }
}

/** That no token concerns a provider says less than what is wrong with one that does. */
function moreTelling(known: string, next: string): string {
  if (next === JWT_MISSING) return known;
  return next === UNKNOWN_ISSUER && known !== JWT_MISSING ? known : next;
}

const padded = (text: string): string => text.padEnd(Math.ceil(text.length / 4) * 4, "=");

function normalized({ payload }: Jwt, spaceDelimited: readonly string[]): Readonly<Record<string, JsonValue>> {
  const copy: Record<string, JsonValue> = { ...payload };
  for (const name of spaceDelimited) {
    const value = own(payload, name);
    if (typeof value === "string") copy[name] = value.split(" ");
  }
  return copy;
}

function claimText(payload: Jwt["payload"], path: readonly string[]): string {
  let value: JsonValue | undefined = payload;
  for (const name of path) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return "";
    value = own(value as Jwt["payload"], name);
  }
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number") return numberText(value);
  return value === undefined || value === null ? "" : btoa(String.fromCharCode(...utf8.encode(JSON.stringify(value))));
}

const utf8 = new TextEncoder();

/** As C++ prints a double. */
function numberText(value: number): string {
  if (!Number.isInteger(value)) return value.toFixed(6);
  const digits = BigInt(value).toString();
  return value >= 0 && value < 2 ** 64 ? digits : `${digits}.000000`;
}

/** The path without this parameter of its query, as Envoy writes what is left. */
export function withoutParam(path: string, name: string): string {
  const start = path.indexOf("?");
  if (start < 0) return path;
  const kept = path
    .slice(start + 1)
    .split("&")
    .filter(
      (pair) => decodeURIComponent((pair.split("=", 1)[0] ?? "").replace(/%(?![0-9A-Fa-f]{2})/g, "%25")) !== name,
    );
  return kept.length === 0 ? path.slice(0, start) : `${path.slice(0, start)}?${kept.join("&")}`;
}
