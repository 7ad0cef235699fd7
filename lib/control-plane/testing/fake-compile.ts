// A compiler for tests: a listener that carries the design's digest, one cluster with every ready instance behind it.

import { create } from "@bufbuild/protobuf";
import {
  ClusterLoadAssignmentSchema,
  ClusterSchema,
  ListenerSchema,
  RouteConfigurationSchema,
} from "@meshwright/proxy/contract";
import type { CompileInput, CompileResult } from "@/lib/compile/types";

export function fakeCompile(input: CompileInput, _proxyId: string): CompileResult {
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
  return {
    ok: true,
    warnings: [],
    resources: {
      listeners: new Map([["inbound", create(ListenerSchema, { name: "inbound", statPrefix: input.digest })]]),
      routes: new Map([
        [
          "outbound",
          create(RouteConfigurationSchema, {
            name: "outbound",
            virtualHosts: [{ name: input.digest, domains: ["*"] }],
          }),
        ],
      ]),
      clusters: new Map([["peers", create(ClusterSchema, { name: "peers" })]]),
      endpoints: new Map([
        ["peers", create(ClusterLoadAssignmentSchema, { clusterName: "peers", endpoints: [{ lbEndpoints }] })],
      ]),
      secrets: ["bundle", "denylist"],
    },
  };
}
