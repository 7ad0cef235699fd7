import { OK } from "../../support/authorizers";
import { httpFilter, TO_APP } from "../config";
import type { Case, Config } from "../types";
import {
  ASKED,
  authz,
  DENIES,
  deny,
  does,
  GRPC,
  limited,
  logged,
  patterns,
  perRoute,
  post,
  SCRIPT,
  seen,
  service,
  settings,
} from "./ext-authz-parts";

const FILTER = "ExtAuthz.";
const BODY = "BufferSettings.";
const HTTP = "ext_authz.v3.HttpService.";
const REQUEST = "ext_authz.v3.AuthorizationRequest.";
const RESPONSE = "ext_authz.v3.AuthorizationResponse.";
const SETTINGS = "ext_authz.v3.CheckSettings.";

const bodies: readonly Case[] = [
  authz(
    "with the body",
    { filter: { ...GRPC, ...limited() } },
    {
      proves: [`${FILTER}with_request_body`],
      needs: [`${BODY}max_request_bytes`],
      run: seen(post("hello"), post(""), post("12345678"), post("123456789"), post("hello", { http2: true })),
    },
  ),
  authz(
    "with a part of the body",
    { filter: { ...GRPC, ...limited({ allow_partial_message: true }) } },
    {
      proves: [`${BODY}allow_partial_message`],
      run: seen(post("hello"), post("12345678"), post("123456789")),
    },
  ),
  authz(
    "with the body as bytes",
    { filter: { ...GRPC, ...limited({ pack_as_bytes: true }) } },
    {
      proves: [`${BODY}pack_as_bytes`],
      run: seen(post("hello")),
    },
  ),
  authz(
    "by HTTP with the body",
    {
      filter: {
        ...service({ authorization_request: SCRIPT, authorization_response: ASKED }),
        ...limited({ allow_partial_message: true }),
      },
    },
    {
      run: seen(does("200", { method: "POST", body: "123456789" })),
    },
  ),
];

const routes: readonly Case[] = [
  authz(
    "is off for a route",
    { route: perRoute({ disabled: true }) },
    {
      needs: ["ExtAuthzPerRoute.disabled"],
      run: (wire) => wire.statuses([deny({})]),
    },
  ),
  authz(
    "tells what a route says",
    {
      route: settings({ context_extensions: { a: "route", b: "route" } }),
      host: settings({ context_extensions: { b: "host", c: "host" } }),
    },
    {
      proves: [`${SETTINGS}context_extensions`],
      needs: ["ExtAuthzPerRoute.check_settings"],
    },
  ),
  authz(
    "without the body of a route",
    { filter: { ...GRPC, ...limited() }, route: settings({ disable_request_body_buffering: true }) },
    {
      proves: [`${SETTINGS}disable_request_body_buffering`],
      run: seen(post("123456789")),
    },
  ),
  authz(
    "with the body of a route",
    { route: settings(limited()) },
    {
      proves: [`${SETTINGS}with_request_body`],
      run: seen(post("hello")),
    },
  ),
  authz(
    "where no route is",
    { host: { routes: [{ ...TO_APP, match: { path: "/only" } }] } },
    {
      run: (wire) => wire.statuses([deny({}), { ...deny({}), path: "/only" }]),
    },
  ),
];

/** What stands before the authorizer and says which requests it is asked about. */
const watches = (action: string, prefix: string): Config => {
  const paths = { any: { permissions: [{ url_path: { path: { prefix: "/a" } } }], principals: [{ any: true }] } };
  return httpFilter("watch", "rbac.v3.RBAC", {
    shadow_rules: { action, policies: paths },
    ...(prefix === "" ? {} : { shadow_rules_stat_prefix: prefix }),
  });
};
const where = (key: string, value: Config, over: Config = {}): Config => ({
  filter_enabled_metadata: { filter: "envoy.filters.http.rbac", path: [{ key }], value, ...over },
});
const ASKED_ABOUT = [
  deny({}),
  { ...deny({}), path: "/a" },
  { ...does(OK), path: "/a/b" },
  { ...does("x"), path: "/b" },
];

const asked: readonly Case[] = [
  authz(
    "asks about what a shadow rule matches",
    {
      before: [watches("LOG", "own_")],
      filter: { ...GRPC, ...where("own_shadow_effective_policy_id", { present_match: true }) },
    },
    {
      proves: [`${FILTER}filter_enabled_metadata`, "filters.http.rbac.v3.RBAC.shadow_rules_stat_prefix"],
      run: logged(...ASKED_ABOUT),
    },
  ),
  authz(
    "asks about what a shadow rule would deny",
    {
      before: [watches("DENY", "")],
      filter: { ...GRPC, ...where("shadow_engine_result", { string_match: { exact: "denied" } }) },
    },
    { run: logged(...ASKED_ABOUT) },
  ),
  authz(
    "asks about what a shadow rule would not allow",
    {
      before: [watches("ALLOW", "")],
      filter: { ...GRPC, ...where("shadow_engine_result", { string_match: { exact: "allowed" } }, { invert: true }) },
    },
    { run: logged(...ASKED_ABOUT) },
  ),
  authz(
    "denies what it is not asked about",
    {
      before: [watches("LOG", "")],
      filter: { ...GRPC, ...DENIES, ...where("shadow_effective_policy_id", { string_match: { exact: "any" } }) },
    },
    { run: logged(...ASKED_ABOUT, { ...does(OK), path: "/b" }) },
  ),
];

/** Envoy does not outlive a request without a server. */
const NOBODY = { uri: "http://x.test", cluster: "missing", timeout: "5s" };

const byHttp: readonly Case[] = [
  authz(
    "by HTTP",
    { filter: service({ authorization_request: SCRIPT, authorization_response: ASKED }) },
    {
      proves: [
        `${FILTER}http_service`,
        `${HTTP}authorization_request`,
        `${HTTP}authorization_response`,
        `${REQUEST}allowed_headers`,
        `${RESPONSE}allowed_upstream_headers`,
        `${HTTP}server_uri`,
      ],
      removal: {
        [`${FILTER}http_service`]: () => authz("", {}, {}).config,
        [`${HTTP}server_uri`]: () => authz("", { filter: service({ server_uri: NOBODY }) }, {}).config,
      },
      run: seen(
        does("200", { path: "/p?q", headers: { authorization: "me", accept: "x" } }),
        does("401", { method: "POST", body: "untold" }),
      ),
    },
  ),
  authz(
    "by HTTP with a prefix",
    { filter: service({ path_prefix: "/check", authorization_response: ASKED }) },
    {
      proves: [`${HTTP}path_prefix`],
      run: seen({ path: "/p?q" }),
    },
  ),
  authz(
    "by HTTP with more headers",
    {
      filter: service({
        authorization_request: {
          headers_to_add: [
            { key: "x-say", value: "200" },
            { key: "authorization", value: "proxy" },
          ],
        },
        authorization_response: ASKED,
      }),
    },
    {
      proves: [`${REQUEST}headers_to_add`],
      run: seen({ headers: { authorization: "caller", "x-say": "403" } }),
    },
  ),
  authz(
    "by HTTP that adds",
    {
      filter: service({
        authorization_request: SCRIPT,
        authorization_response: {
          allowed_upstream_headers_to_append: patterns({ exact: "x-old" }),
          allowed_client_headers_on_success: patterns({ exact: "x-told" }),
        },
      }),
    },
    {
      proves: [`${RESPONSE}allowed_upstream_headers_to_append`, `${RESPONSE}allowed_client_headers_on_success`],
      run: seen(does("200+x-old=1+x-told=1"), does("200+x-envoy-auth-headers-to-remove=x-old")),
    },
  ),
  authz(
    "by HTTP that refuses",
    {
      filter: service({
        authorization_request: SCRIPT,
        authorization_response: { allowed_client_headers: patterns({ exact: "x-why" }) },
      }),
    },
    {
      proves: [`${RESPONSE}allowed_client_headers`],
      run: seen(
        ...[
          "201",
          "302+location=/in",
          "401+www-authenticate=b+x-other=1",
          "403+content-type=text/html+x-why=1",
          "404",
        ].map((one) => does(one)),
      ),
    },
  ),
  authz(
    "by HTTP that fails",
    { filter: service({ authorization_request: SCRIPT }) },
    {
      run: logged(does("500"), does("503"), does("reset", { method: "POST" }), does("404")),
    },
  ),
  authz(
    "by HTTP in time",
    {
      filter: {
        http_service: {
          server_uri: { uri: "http://x.test", cluster: "http", timeout: "0.1s" },
          authorization_request: SCRIPT,
        },
      },
    },
    {
      run: logged(does("silent")),
    },
  ),
];

export const moreExtAuthzCases: readonly Case[] = [...bodies, ...routes, ...asked, ...byHttp];
