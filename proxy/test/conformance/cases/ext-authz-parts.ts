// What the cases about external authorization are made of. Rule: x-say of the request says what the authorizer answers, and x-asked
// tells the app, and so the caller, what it was asked.

import { OK, say } from "../../support/authorizers";
import { told } from "../answers";
import { cluster, HTTP2, header, httpFilter, logging, ROUTER, TO_APP, typed, web } from "../config";
import type { Case, Config } from "../types";
import type { Ask } from "../wire";

export const GRPC = {
  transport_api_version: "V3",
  grpc_service: { envoy_grpc: { cluster_name: "grpc" }, timeout: "5s" },
};
export const service = (over: Config = {}): Config => ({
  http_service: { server_uri: { uri: "http://x.test", cluster: "http", timeout: "5s" }, ...over },
});
export const patterns = (...list: Config[]): Config => ({ patterns: list });
/** What an HTTP authorizer needs for a script. */
export const SCRIPT = { allowed_headers: patterns({ prefix: "x-" }) };
export const ASKED = { allowed_upstream_headers: patterns({ exact: "x-asked" }) };

export const does = (answer: object | string, more: Ask = {}): Ask => ({
  ...more,
  headers: { "x-say": say(answer), "x-old": "old", ...more.headers },
});
export const allow = (ok_response: object): Ask => does({ status: {}, ok_response });
export const deny = (denied_response: object): Ask => does({ status: { code: 7 }, denied_response });
export const post = (body: string, more: Ask = {}): Ask => does(OK, { method: "POST", body, ...more });
/** An answer to a caller that no app gave, and what the app was told otherwise. */
export const seen =
  (...asks: readonly Ask[]): Case["run"] =>
  async (wire) =>
    (await wire.calls(asks)).map((answer) =>
      answer === "no answer" || answer.headers["x-upstream"] === undefined
        ? answer
        : [answer.status, told(answer, "path"), told(answer, "headers"), answer.headers],
    );

export interface Parts {
  readonly filter?: Config;
  readonly before?: readonly Config[];
  readonly more?: readonly Config[];
  readonly route?: Config;
  readonly host?: Config;
}

export const authz = (
  id: string,
  { filter = GRPC, before = [], more = [], route = {}, host = {} }: Parts,
  about: Partial<Case>,
): Case => ({
  id: `ext authz ${id}`,
  config: web({
    routes: [{ ...TO_APP, ...route }],
    host,
    hcm: {
      http_filters: [...before, httpFilter("authz", "ext_authz.v3.ExtAuthz", filter), ...more, ROUTER],
      ...logging("%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %UPSTREAM_CLUSTER%"),
    },
    clusters: [cluster("app"), cluster("grpc", HTTP2), cluster("http"), cluster("dead", HTTP2)],
  }),
  upstreams: { app: "http", grpc: "authz-grpc", http: "authz-http", dead: "dead" },
  run: seen(does(OK)),
  ...about,
});
export const logged =
  (...asks: readonly Ask[]): Case["run"] =>
  async (wire) => [await wire.statuses(asks), await wire.log(asks.length)];
export const perRoute = (value: Config): Config => ({
  typed_per_filter_config: { authz: typed("filters.http.ext_authz.v3.ExtAuthzPerRoute", value) },
});
export const settings = (check_settings: Config): Config => perRoute({ check_settings });
export const limited = (over: Config = {}): Config => ({ with_request_body: { max_request_bytes: 8, ...over } });
export const hp = (key: string, value: string, over: Config = {}): Config => header(key, value, over);
export const ACTIONS = [
  "APPEND_IF_EXISTS_OR_ADD",
  "ADD_IF_ABSENT",
  "OVERWRITE_IF_EXISTS",
  "OVERWRITE_IF_EXISTS_OR_ADD",
];
export const FAILURES = ["garbage", "compressed", "short", "nothing", "reset", "http 503", "grpc 7", "grpc 0", "giant"];
export const NEVER = { default_value: { numerator: 0 } };
export const DENIES = { deny_at_disable: { runtime_key: "x", default_value: true } };
