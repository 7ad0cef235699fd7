// Consul's extension builtin/ext-authz <-> authorizers of the mesh and policies that ask them about every request.
// The rule: an extension is read whole or kept whole; half of what an authorizer is told would be another question.
import { z } from "zod";
import type { Authorizer } from "@/lib/mesh";
import { defined, durationToMs, isRecord, msToDuration } from "../shared/fields";
import { spelled } from "./documents";

export const EXT_AUTHZ = "builtin/ext-authz";
/** Envoy's, where Target.Timeout says nothing (source/extensions/filters/http/ext_authz). */
const DEFAULT_TIMEOUT_MS = 200;

const matcher = z.union([
  z.strictObject({ exact: z.string().min(1) }).transform(({ exact }) => exact),
  z.strictObject({ prefix: z.string().min(1) }).transform(({ prefix }) => `${prefix}*`),
  z.strictObject({ suffix: z.string().min(1) }).transform(({ suffix }) => `*${suffix}`),
]);
const matchers = z.array(matcher).max(64).optional();
const target = z.strictObject({
  service: z.strictObject({
    name: z.string().min(1),
    namespace: z.literal("default").optional(),
    partition: z.literal("default").optional(),
  }),
  timeout: z.string().optional(),
});
/** agent/envoyextensions/builtin/ext-authz/structs.go, without what has no place in the model. */
const config = z.strictObject({
  clearRouteCache: z.boolean().optional(),
  grpcService: z.strictObject({ target }).optional(),
  httpService: z
    .strictObject({
      target,
      pathPrefix: z.string().optional(),
      authorizationRequest: z
        .strictObject({
          allowedHeaders: matchers,
          headersToAdd: z.array(z.strictObject({ key: z.string(), value: z.string() })).optional(),
        })
        .optional(),
      authorizationResponse: z
        .strictObject({
          allowedUpstreamHeaders: matchers,
          allowedClientHeaders: matchers,
          allowedClientHeadersOnSuccess: matchers,
        })
        .optional(),
    })
    .optional(),
  statPrefix: z.string().optional(),
  statusOnError: z.int().optional(),
  transportApiVersion: z.string().optional(),
  withRequestBody: z
    .strictObject({
      maxRequestBytes: z.int(),
      allowPartialMessage: z.boolean().optional(),
      packAsBytes: z.boolean().optional(),
    })
    .optional(),
});
const extension = z.strictObject({
  name: z.literal(EXT_AUTHZ),
  required: z.boolean().optional(),
  consulVersion: z.string().optional(),
  envoyVersion: z.string().optional(),
  arguments: z.strictObject({
    proxyType: z.literal("connect-proxy").optional(),
    listenerType: z.literal("inbound").optional(),
    insertOptions: z.strictObject({ location: z.string(), filterName: z.string().optional() }).optional(),
    config,
  }),
});

/** Whom an extension asks: a service by its name in Consul, and the rest as an authorizer has it. */
export type Asking = {
  service: string;
  protocol: "http" | "grpc";
  pathPrefix?: string;
  authorizer: Omit<Authorizer, "name" | "address">;
};

export const isExtAuthz = (value: unknown): boolean => isRecord(value) && value["name"] === EXT_AUTHZ;

/** Undefined: it has something that the model has no words for, or Consul would not take it. */
export function readExtension(value: unknown): Asking | undefined {
  const read = extension.safeParse(withSpelling(value));
  if (!read.success) return undefined;
  const { required, arguments: said } = read.data;
  const { grpcService, httpService, withRequestBody: body, statusOnError, clearRouteCache } = said.config;
  const asked = grpcService ?? httpService;
  if (!asked || (grpcService && httpService)) return undefined;
  const { timeout } = asked.target;
  const timeoutMs = timeout === undefined ? DEFAULT_TIMEOUT_MS : durationToMs(timeout);
  if (timeoutMs === undefined || timeoutMs <= 0) return undefined;
  const request = httpService?.authorizationRequest;
  const response = httpService?.authorizationResponse;
  const some = <T>(list: readonly T[] | undefined) => (list && list.length > 0 ? [...list] : undefined);
  const pathPrefix = httpService?.pathPrefix || undefined;
  return {
    service: asked.target.service.name,
    protocol: grpcService ? "grpc" : "http",
    ...(pathPrefix === undefined ? {} : { pathPrefix }),
    authorizer: defined<Omit<Authorizer, "name" | "address">>({
      timeoutMs,
      // an extension that is not required lets requests on while nobody answers
      whenAway: required ? undefined : "allow",
      statusOnError,
      requestHeaders: some(request?.allowedHeaders),
      addedHeaders: some(request?.headersToAdd?.map(({ key, value: text }) => ({ name: key, value: text }))),
      upstreamHeaders: some(response?.allowedUpstreamHeaders),
      allowedResponseHeaders: some(response?.allowedClientHeadersOnSuccess),
      deniedResponseHeaders: some(response?.allowedClientHeaders),
      body:
        body &&
        defined<NonNullable<Authorizer["body"]>>({
          maxBytes: body.maxRequestBytes,
          allowPartial: body.allowPartialMessage || undefined,
          asBytes: body.packAsBytes || undefined,
        }),
      clearsRouteCache: clearRouteCache || undefined,
    }),
  };
}

/** Arguments are of free form, and Consul takes their names in any case. */
function withSpelling(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSpelling);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [spelled(name), withSpelling(each)]));
}

const matcherOf = (pattern: string) => {
  if (pattern.startsWith("*")) return { Suffix: pattern.slice(1) };
  return pattern.endsWith("*") ? { Prefix: pattern.slice(0, -1) } : { Exact: pattern };
};

/** In front of every other filter, as in the model: authorizers are asked before intentions. */
export function writeExtension(authorizer: Authorizer, service: string): Record<string, unknown> {
  const { address, timeoutMs, whenAway, statusOnError, body, clearsRouteCache, addedHeaders } = authorizer;
  const list = (patterns: readonly string[] | undefined) => patterns?.map(matcherOf);
  const Target = { Service: { Name: service }, Timeout: msToDuration(timeoutMs ?? ISTIO_TIMEOUT_MS) };
  const request = defined({
    AllowedHeaders: list(authorizer.requestHeaders),
    HeadersToAdd: addedHeaders?.map(({ name, value }) => ({ Key: name, Value: value })),
  });
  const response = defined({
    AllowedUpstreamHeaders: list(authorizer.upstreamHeaders),
    AllowedClientHeaders: list(authorizer.deniedResponseHeaders),
    AllowedClientHeadersOnSuccess: list(authorizer.allowedResponseHeaders),
  });
  const unlessEmpty = (value: object) => (Object.keys(value).length > 0 ? value : undefined);
  const asked: Record<string, unknown> =
    address?.protocol === "grpc"
      ? { GrpcService: { Target } }
      : {
          HttpService: defined({
            Target,
            PathPrefix: address?.pathPrefix,
            AuthorizationRequest: unlessEmpty(request),
            AuthorizationResponse: unlessEmpty(response),
          }),
        };
  const Config = defined<Record<string, unknown>>({
    ...asked,
    StatusOnError: statusOnError,
    ClearRouteCache: clearsRouteCache,
    WithRequestBody:
      body &&
      defined({ MaxRequestBytes: body.maxBytes, AllowPartialMessage: body.allowPartial, PackAsBytes: body.asBytes }),
  });
  return {
    name: EXT_AUTHZ,
    required: whenAway !== "allow",
    arguments: { ProxyType: "connect-proxy", InsertOptions: { Location: "First" }, Config },
  };
}

/** An authorizer of which nobody said how long it may take. */
const ISTIO_TIMEOUT_MS = 600_000;
