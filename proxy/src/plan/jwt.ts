// Envoy JwtAuthentication -> JwtFilterPlan. Rule: a name that stands for no provider is refused here, as Envoy refuses it.

import type { Duration } from "@bufbuild/protobuf/wkt";
import type {
  DataSource,
  JwtRequirement as EnvoyRequirement,
  JwtAuthentication,
  JwtPerRoute,
  JwtProvider,
  RemoteJwks,
} from "../contract/messages";
import { bareAudience } from "./audiences";
import { dataSource } from "./data-source";
import { httpTarget } from "./http-uri";
import type {
  JwksPlan,
  JwtFilterPlan,
  JwtHeaderPlace,
  JwtPlace,
  JwtPlaces,
  JwtProviderPlan,
  JwtRequirement,
  JwtRoutePlan,
} from "./jwt-types";
import { stringMatcher } from "./matchers";
import { routeMatch } from "./route-match";
import type { Scope } from "./scope";
import type { DataSourcePlan } from "./secret-types";
import { milliseconds } from "./values";

const DEFAULT_CACHE_MS = 600_000;
const DEFAULT_FAILED_MS = 1000;
const DEFAULT_SKEW_S = 60;
const DEFAULT_BACK_OFF_MS = 1000;
/** A timer of Node takes no more. */
const MAX_TIMER_MS = 2_147_483_647;

export function jwtFilterPlan(name: string, config: JwtAuthentication, scope: Scope): JwtFilterPlan {
  const names = Object.keys(config.providers).sort();
  const providers = new Map<string, JwtProviderPlan>();
  for (const each of names) {
    const provider = config.providers[each];
    if (provider) providers.set(each, providerPlan(each, provider, scope.item("providers", each)));
  }
  const read = new Requirements(providers);
  const requirements = new Map(
    Object.entries(config.requirementMap).map(([each, requirement]) => [
      each,
      read.one(requirement, scope.item("requirement_map", each)),
    ]),
  );
  return {
    kind: "jwt-authn",
    name,
    providers: [...providers.values()],
    rules: config.rules.map((rule, index) => {
      const at = scope.item("rules", index);
      const match = routeMatch(rule.match, at.field("match"));
      const { requirementType: type } = rule;
      if (type.case === "requires") return { match, requirement: read.one(type.value, at.field("requires")) };
      if (type.case !== "requirementName") return { match, requirement: null };
      const requirement = requirements.get(type.value);
      if (!requirement) at.field("requirement_name").fail(`names no requirement of requirement_map: ${type.value}`);
      return { match, requirement: requirement ?? null };
    }),
    requirements,
    bypassesPreflight: config.bypassCorsPreflight,
    isSilent: config.stripFailureResponse,
  };
}

export function jwtRoutePlan(config: JwtPerRoute, scope: Scope): JwtRoutePlan {
  const { requirementSpecifier: specifier } = config;
  if (specifier.case === "requirementName") return { kind: "requirement", name: specifier.value };
  if (specifier.case !== "disabled" || !specifier.value) scope.fail("needs disabled: true or a requirement_name");
  return { kind: "disabled" };
}

class Requirements {
  constructor(private readonly providers: ReadonlyMap<string, JwtProviderPlan>) {}

  /** @param within providers that stand beside it in a requires_any; empty: all of them */
  one(requirement: EnvoyRequirement, scope: Scope, within: readonly string[] = []): JwtRequirement {
    const { requiresType: type } = requirement;
    switch (type.case) {
      case "providerName":
        return this.provider(type.value, null, scope.field("provider_name"));
      case "providerAndAudiences": {
        const { providerName, audiences } = type.value;
        const own = audiences.length > 0 ? audiences.map(bareAudience) : null;
        return this.provider(providerName, own, scope.field("provider_and_audiences").field("provider_name"));
      }
      case "requiresAny":
        return { kind: "any", requirements: this.any(type.value.requirements, scope.field("requires_any")) };
      case "requiresAll": {
        const at = scope.field("requires_all");
        const all = type.value.requirements.map((one, index) => this.one(one, at.item("requirements", index)));
        return { kind: "all", requirements: all };
      }
      case "allowMissing":
      case "allowMissingOrFailed": {
        const all = [...this.providers.values()];
        const used = within.length > 0 ? all.filter(({ name }) => within.includes(name)) : all;
        const kind = type.case === "allowMissing" ? "allow-missing" : "allow-missing-or-failed";
        return { kind, places: placesOf(used.map(({ places }) => places)), providers: all };
      }
      default:
        return { kind: "none" };
    }
  }

  /** Envoy: of those that let a request without a token by, the most lenient one counts, after all others. */
  private any(requirements: readonly EnvoyRequirement[], scope: Scope): JwtRequirement[] {
    const lenient = (one: EnvoyRequirement) =>
      one.requiresType.case === "allowMissing" || one.requiresType.case === "allowMissingOrFailed";
    const used = requirements.flatMap(({ requiresType: type }) =>
      type.case === "providerName"
        ? [type.value]
        : type.case === "providerAndAudiences"
          ? [type.value.providerName]
          : [],
    );
    const found = requirements.flatMap((one, index) =>
      lenient(one) ? [] : [this.one(one, scope.item("requirements", index))],
    );
    const bypass =
      requirements.find(({ requiresType }) => requiresType.case === "allowMissingOrFailed") ??
      requirements.find(lenient);
    return bypass ? [...found, this.one(bypass, scope, used)] : found;
  }

  private provider(name: string, audiences: readonly string[] | null, scope: Scope): JwtRequirement {
    const provider = this.providers.get(name);
    if (provider) return { kind: "provider", provider, audiences, places: provider.places };
    scope.fail(`names no provider: ${JSON.stringify(name)}`);
    return { kind: "none" };
  }
}

function providerPlan(name: string, provider: JwtProvider, scope: Scope): JwtProviderPlan {
  const { jwksSourceSpecifier: source, forwardPayloadHeader } = provider;
  const jwks: JwksPlan =
    source.case === "remoteJwks"
      ? remoteJwks(source.value, scope.field("remote_jwks"))
      : { kind: "local", source: localSource(source.value, scope.field("local_jwks")) };
  return {
    name,
    key: `${scope.id} ${jwks.kind === "remote" ? JSON.stringify(jwks) : localKey(jwks.source)}`,
    issuer: provider.issuer,
    audiences: provider.audiences.map(bareAudience),
    subjects: provider.subjects ? stringMatcher(provider.subjects, scope.field("subjects")) : null,
    maxLifetime: lifetimeOf(provider),
    clockSkew: provider.clockSkewSeconds || DEFAULT_SKEW_S,
    jwks,
    forwards: provider.forward,
    payloadHeader: forwardPayloadHeader === "" ? null : forwardPayloadHeader.toLowerCase(),
    padsPayload: provider.padForwardPayloadHeader,
    payloadKey: provider.payloadInMetadata,
    headerKey: provider.headerInMetadata,
    spaceDelimited: provider.normalizePayloadInMetadata?.spaceDelimitedClaims ?? [],
    claimHeaders: provider.claimToHeaders.map(({ headerName, claimName }) => ({
      header: headerName.toLowerCase(),
      claim: claimName.split("."),
    })),
    places: ownPlaces(provider),
  };
}

/** What stands in the configuration must be a key set; what is in a file is seen when it is read. */
function localSource(source: DataSource | undefined, scope: Scope): DataSourcePlan {
  const plan = dataSource(source, scope);
  if (plan.kind !== "inline") return plan;
  let keys: unknown;
  try {
    const set: unknown = JSON.parse(new TextDecoder().decode(plan.bytes));
    keys = typeof set === "object" && set !== null ? (set as { keys?: unknown }).keys : undefined;
  } catch {
    // Said below.
  }
  if (!Array.isArray(keys) || keys.length === 0)
    scope.fail('must be a JSON Web Key Set: {"keys": [...]} with at least one key');
  return plan;
}

const localKey = (source: Extract<JwksPlan, { kind: "local" }>["source"]): string =>
  source.kind === "inline" ? new TextDecoder().decode(source.bytes) : JSON.stringify(source);

function lifetimeOf({ maxLifetime, requireExpiration }: JwtProvider): number | null {
  if (maxLifetime) return secondsOf(maxLifetime);
  return requireExpiration ? Number.POSITIVE_INFINITY : null;
}

const secondsOf = ({ seconds, nanos }: Duration): number => Number(seconds) + nanos / 1e9;

function remoteJwks(remote: RemoteJwks, scope: Scope): JwksPlan {
  const uri = remote.httpUri;
  // Whole seconds, as Envoy counts.
  const cacheMs = remote.cacheDuration ? Number(remote.cacheDuration.seconds) * 1000 : DEFAULT_CACHE_MS;
  if (cacheMs > MAX_TIMER_MS) scope.field("cache_duration").fail(`must be at most ${Math.floor(MAX_TIMER_MS / 1000)}s`);
  const { asyncFetch, retryPolicy } = remote;
  const baseMs = retryPolicy?.retryBackOff?.baseInterval;
  const retryBaseMs = baseMs ? milliseconds(baseMs) : DEFAULT_BACK_OFF_MS;
  const maxMs = retryPolicy?.retryBackOff?.maxInterval;
  return {
    kind: "remote",
    ...httpTarget(uri, scope.field("http_uri")),
    timeoutMs: Math.max(1, uri?.timeout ? milliseconds(uri.timeout) : 0),
    cacheMs,
    retries: retryPolicy ? (retryPolicy.numRetries ?? 1) : 0,
    retryBaseMs,
    retryMaxMs: maxMs ? milliseconds(maxMs) : retryBaseMs * 10,
    background: asyncFetch
      ? {
          failedMs: asyncFetch.failedRefetchDuration
            ? milliseconds(asyncFetch.failedRefetchDuration)
            : DEFAULT_FAILED_MS,
        }
      : null,
  };
}

function ownPlaces(provider: JwtProvider): JwtPlaces {
  const issuers = provider.issuer === "" ? null : [provider.issuer];
  const place = (name: string): JwtPlace => ({ name, issuers });
  const isDefault = provider.fromHeaders.length + provider.fromParams.length + provider.fromCookies.length === 0;
  const headers: JwtHeaderPlace[] = isDefault
    ? [{ name: "authorization", prefix: "Bearer ", issuers }]
    : provider.fromHeaders.map(({ name, valuePrefix }) => ({ name: name.toLowerCase(), prefix: valuePrefix, issuers }));
  return placesOf([
    {
      headers,
      params: (isDefault ? ["access_token"] : provider.fromParams).map(place),
      cookies: provider.fromCookies.map(place),
      sanitized: [
        ...(provider.forwardPayloadHeader === "" ? [] : [provider.forwardPayloadHeader.toLowerCase()]),
        ...provider.claimToHeaders.map(({ headerName }) => headerName.toLowerCase()),
      ],
    },
  ]);
}

/** Together, each place once, in byte order as Envoy's maps are. */
function placesOf(all: readonly JwtPlaces[]): JwtPlaces {
  return {
    headers: merged(
      all.flatMap(({ headers }) => headers),
      ({ name, prefix }) => name + prefix,
    ),
    params: merged(
      all.flatMap(({ params }) => params),
      ({ name }) => name,
    ),
    cookies: merged(
      all.flatMap(({ cookies }) => cookies),
      ({ name }) => name,
    ),
    sanitized: [...new Set(all.flatMap(({ sanitized }) => sanitized))],
  };
}

function merged<P extends JwtPlace>(places: readonly P[], keyOf: (place: P) => string): P[] {
  const found = new Map<string, P>();
  for (const place of places) {
    const known = found.get(keyOf(place));
    const issuers = known && (known.issuers && place.issuers ? [...known.issuers, ...place.issuers] : null);
    found.set(keyOf(place), known ? { ...known, issuers: issuers ?? null } : place);
  }
  return [...found].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, place]) => place);
}
