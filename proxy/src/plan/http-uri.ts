// Envoy HttpUri -> whom to ask through a cluster, and for what. Rule: the cluster is looked up when it is asked: it may come later.

import type { HttpUri } from "../contract/gen/envoy/config/core/v3/http_uri_pb";
import type { Scope } from "./scope";

export interface HttpTarget {
  readonly cluster: string;
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly path: string;
}

export function httpTarget(uri: HttpUri | undefined, scope: Scope): HttpTarget {
  const found = /^(https?):\/\/([^/?#]+)([/?][^#]*)?$/i.exec(uri?.uri ?? "");
  if (!found) scope.field("uri").fail("must be a URL that begins with http:// or https://");
  const path = found?.[3] ?? "/";
  return {
    cluster: uri?.httpUpstreamType.case === "cluster" ? uri.httpUpstreamType.value : "",
    scheme: found?.[1]?.toLowerCase() === "https" ? "https" : "http",
    host: found?.[2] ?? "",
    path: path.startsWith("/") ? path : `/${path}`,
  };
}
