// Envoy ExtAuthz and ExtAuthzPerRoute -> plans. Rule: defaults are Envoy's; what would hold too much in memory is refused here.

import { create } from "@bufbuild/protobuf";
import type { ListStringMatcher } from "../contract/gen/envoy/type/matcher/v3/string_pb";
import {
  HeaderValueOption_HeaderAppendAction as Action,
  type BufferSettings,
  type ExtAuthz,
  type ExtAuthzHttpService,
  type ExtAuthzPerRoute,
  HeaderValueOptionSchema,
} from "../contract/messages";
import type {
  AuthorizedBodyPlan,
  AuthorizerPlan,
  ExtAuthzFilterPlan,
  ExtAuthzRoutePlan,
  HttpAuthorizerPlan,
  NameTest,
} from "./ext-authz-types";
import { grpcServicePlan } from "./grpc-service";
import { headerAddition } from "./header-ops";
import { stringMatcher } from "./matchers";
import { metadataMatcher } from "./metadata-matcher";
import type { Scope } from "./scope";
import { share, timeout } from "./values";

const FORBIDDEN = 403;
const DEFAULT_TIMEOUT_MS = 200;
/** Of an answer, and of what is told of a body. */
export const MAX_AUTHORIZATION_BYTES = 1024 * 1024;
const ALWAYS = { numerator: 100, denominator: 100 };

/** What an HTTP authorizer is told in any case, and what a refused caller is told of its answer where a list is given. */
const TOLD = ["authorization", ":method", ":path", ":authority"];
const REFUSAL_HEADERS = [":status", "content-length", "www-authenticate", "location"];

export function extAuthzFilterPlan(name: string, config: ExtAuthz, scope: Scope): ExtAuthzFilterPlan {
  const { services } = config;
  if (services.case === undefined) scope.fail("one of grpc_service, http_service must be set");
  return {
    kind: "ext-authz",
    name,
    statPrefix: config.statPrefix,
    service: authorizerPlan(config, scope),
    tells: toldHeaders(config, scope),
    enabled: config.filterEnabled ? share(config.filterEnabled.defaultValue) : ALWAYS,
    asks: config.filterEnabledMetadata
      ? metadataMatcher(config.filterEnabledMetadata, scope.field("filter_enabled_metadata"))
      : null,
    deniesWhereDisabled: config.denyAtDisable?.defaultValue ?? false,
    allowsOnError: config.failureModeAllow,
    marksAllowedOnError: config.failureModeAllowHeaderAdd,
    statusOnError: config.statusOnError?.code ?? FORBIDDEN,
    body: bodyPlan(config.withRequestBody, scope.field("with_request_body")),
    clearsRoute: config.clearRouteCache,
    tellsCertificate: config.includePeerCertificate,
    tellsServerName: config.includeTlsSession,
    takesMetadata: config.enableDynamicMetadataIngestion ?? true,
    chargesCluster: config.chargeClusterResponseStats ?? true,
  };
}

export function extAuthzRoutePlan({ override }: ExtAuthzPerRoute, scope: Scope): ExtAuthzRoutePlan {
  const settings = override.case === "checkSettings" ? override.value : null;
  const at = scope.field("check_settings");
  if (settings?.withRequestBody && settings.disableRequestBodyBuffering)
    at.field("with_request_body").fail("cannot be set together with disable_request_body_buffering");
  return {
    isDisabled: override.case === "disabled",
    extensions: settings?.contextExtensions ?? {},
    skipsBody: settings?.disableRequestBodyBuffering ?? false,
    body: bodyPlan(settings?.withRequestBody, at.field("with_request_body")),
  };
}

/** `inner` decides; what is told about the route is told by every level. */
export function mergeExtAuthz(outer: ExtAuthzRoutePlan | undefined, inner: ExtAuthzRoutePlan): ExtAuthzRoutePlan {
  return { ...inner, extensions: { ...outer?.extensions, ...inner.extensions } };
}

function authorizerPlan({ services }: ExtAuthz, scope: Scope): AuthorizerPlan {
  if (services.case === "httpService") return httpAuthorizer(services.value, scope.field("http_service"));
  const grpc = services.case === "grpcService" ? services.value : undefined;
  return { kind: "grpc", grpc: grpcServicePlan(grpc, DEFAULT_TIMEOUT_MS, MAX_AUTHORIZATION_BYTES) };
}

function httpAuthorizer(service: ExtAuthzHttpService, scope: Scope): HttpAuthorizerPlan {
  const { serverUri, pathPrefix, authorizationRequest: request, authorizationResponse: response } = service;
  if (!serverUri) scope.field("server_uri").fail("must be set");
  if (pathPrefix !== "" && !/^\/[!-"$-~]*$/.test(pathPrefix))
    scope.field("path_prefix").fail("must begin with a slash and hold nothing that a path cannot");
  const requestAt = scope.field("authorization_request");
  const at = scope.field("authorization_response");
  const test = (list: ListStringMatcher | undefined, field: string): NameTest | null => nameTest(list, at.field(field));
  const refusal = test(response?.allowedClientHeaders, "allowed_client_headers");
  return {
    kind: "http",
    cluster: serverUri?.httpUpstreamType.case === "cluster" ? serverUri.httpUpstreamType.value : "",
    timeoutMs: timeout(serverUri?.timeout, null),
    pathPrefix,
    requestHeaders: (request?.headersToAdd ?? []).flatMap((header, index) => {
      const option = create(HeaderValueOptionSchema, { header, appendAction: Action.OVERWRITE_IF_EXISTS_OR_ADD });
      return headerAddition(option, requestAt.item("headers_to_add", index));
    }),
    replaces: test(response?.allowedUpstreamHeaders, "allowed_upstream_headers") ?? nothing,
    appends: test(response?.allowedUpstreamHeadersToAppend, "allowed_upstream_headers_to_append") ?? nothing,
    refusalHeaders: refusal === null ? () => true : (name) => REFUSAL_HEADERS.includes(name) || refusal(name),
    responseHeaders: test(response?.allowedClientHeadersOnSuccess, "allowed_client_headers_on_success") ?? nothing,
  };
}

const nothing: NameTest = () => false;

function toldHeaders(config: ExtAuthz, scope: Scope): NameTest {
  const { services } = config;
  const http = services.case === "httpService" ? services.value : null;
  const ofService = http?.authorizationRequest?.allowedHeaders;
  if (ofService && config.allowedHeaders)
    scope.field("allowed_headers").fail("cannot be set together with authorization_request.allowed_headers");
  const at = ofService ? scope.field("http_service").field("authorization_request") : scope;
  const listed = nameTest(ofService ?? config.allowedHeaders, at.field("allowed_headers"));
  const refused = nameTest(config.disallowedHeaders, scope.field("disallowed_headers")) ?? nothing;
  if (http !== null) return (name) => (TOLD.includes(name) || (listed?.(name) ?? false)) && !refused(name);
  return (name) => (listed?.(name) ?? true) && !refused(name);
}

/** null: nothing is listed. */
function nameTest(list: ListStringMatcher | undefined, scope: Scope): NameTest | null {
  const patterns = (list?.patterns ?? []).map((one, index) => stringMatcher(one, scope.item("patterns", index)));
  return patterns.length === 0 ? null : (name) => patterns.some((pattern) => pattern.matches(name));
}

function bodyPlan(settings: BufferSettings | undefined, scope: Scope): AuthorizedBodyPlan | null {
  if (!settings) return null;
  const { maxRequestBytes: maxBytes, allowPartialMessage: allowsPart, packAsBytes: asBytes } = settings;
  if (maxBytes > MAX_AUTHORIZATION_BYTES)
    scope.field("max_request_bytes").fail(`must be at most ${MAX_AUTHORIZATION_BYTES}: bodies are held in memory`);
  return { maxBytes, allowsPart, asBytes };
}
