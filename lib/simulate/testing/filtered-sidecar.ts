// The inbound filters of a compiled design before one app, on our proxy or on Envoy: what they let in is asked without mutual TLS.
import { bootstrapOf, startConfigured } from "../../../proxy/test/support/both-proxies";
import { startOrigin } from "../../../proxy/test/support/network";
import { compile } from "../../compile/compile";
import { resourcesToJson } from "../../compile/resources";
import { inputFor } from "../../compile/testing/inputs";
import type { MeshDocument } from "../../mesh";

type Kind = Parameters<typeof startConfigured>[0];
type InboundListener = { filter_chains: { filters: { typed_config: { http_filters: { name: string }[] } }[] }[] };

/** Returns the port; everything that the filters of `proxyId` let in is answered with 200. */
export async function startFiltered(kind: Kind, design: MeshDocument, proxyId: string): Promise<number> {
  const app = await startOrigin((_, response) => response.end("app"));
  const listener = {
    http_filters: filtersOf(design, proxyId),
    route_config: {
      virtual_hosts: [{ name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: "app" } }] }],
    },
  };
  const clusters = { app: { port: app.port, options: { http_protocol_options: {} } } };
  return startConfigured(kind, (at) => bootstrapOf(at, [], clusters, listener));
}

function filtersOf(design: MeshDocument, proxyId: string): unknown[] {
  const compiled = compile(inputFor(design), proxyId);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.violations));
  const listener = resourcesToJson(compiled.resources).listeners["inbound"] as unknown as InboundListener;
  const filters = listener.filter_chains[0]?.filters[0]?.typed_config.http_filters ?? [];
  // Nobody proves who they are here: the list of callers is another test's.
  return filters.filter(({ name }) => name !== "meshwright.rbac.allow");
}
