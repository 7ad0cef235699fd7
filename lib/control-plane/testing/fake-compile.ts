// A compiler for tests: a listener that carries the design's digest, one cluster with every ready instance behind it.

import { create, toBinary } from "@bufbuild/protobuf";
import {
  ClusterLoadAssignmentSchema,
  ClusterSchema,
  ListenerSchema,
  RouteConfigurationSchema,
} from "@meshwright/proxy/contract";
import type { CompileInput, CompileResult, EncodedResources } from "@/lib/compile/types";

export function fakeCompile(input: CompileInput, _proxyId: string): CompileResult<EncodedResources> {
  if (input.digest === "broken") {
    return {
      ok: false,
      violations: [{ path: "Service/production/cart.spec", message: "cannot be compiled", fix: "repair it" }],
    };
  }
  const callable = input.endpoints.filter((endpoint) => endpoint.ready && !endpoint.draining);
  const lbEndpoints = callable.map((endpoint) => ({
    hostIdentifier: {
      case: "endpoint" as const,
      value: {
        address: {
          address: {
            case: "socketAddress" as const,
            value: {
              address: endpoint.host,
              portSpecifier: { case: "portValue" as const, value: endpoint.inboundPort },
            },
          },
        },
      },
    },
  }));
  const listener = create(ListenerSchema, { name: "inbound", statPrefix: input.digest });
  const virtualHosts = [{ name: input.digest, domains: ["*"] }];
  const routes = create(RouteConfigurationSchema, { name: "outbound", virtualHosts });
  const peers = create(ClusterLoadAssignmentSchema, { clusterName: "peers", endpoints: [{ lbEndpoints }] });
  return {
    ok: true,
    warnings: [],
    resources: {
      listeners: new Map([["inbound", toBinary(ListenerSchema, listener)]]),
      routes: new Map([["outbound", toBinary(RouteConfigurationSchema, routes)]]),
      clusters: new Map([["peers", toBinary(ClusterSchema, create(ClusterSchema, { name: "peers" }))]]),
      endpoints: new Map([["peers", toBinary(ClusterLoadAssignmentSchema, peers)]]),
    },
  };
}
