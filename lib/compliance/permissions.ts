// Who the design means to let in: the proxy's own authorization code, asked about the design as it would be with every
// step of adoption taken. A service that still takes everybody is then measured against what was drawn, not against itself.

import type { HttpConnectionPlan, ListenerPlan } from "@meshwright/proxy/plan";
import { headerViewOf, plan } from "@meshwright/proxy/plan";
import { authorizeRequest } from "@meshwright/proxy/semantics";
import { asksSomebody } from "@/lib/compile/authorizers";
import type { MeshDocument, MeshObject } from "@/lib/mesh";
import type { CompiledProxy } from "./compiled-mesh";

export interface Asked {
  principal: string;
  method: string;
  path: string;
  host: string;
}

export interface Decision {
  isAllowed: boolean;
  /** Key of the object that decided; null when nothing granted it. */
  policy: string | null;
  /** Somebody outside of the design is asked as well: what becomes of it, only they know. */
  isAsked: boolean;
}

/** The design with strict mutual TLS and every list of callers enforced. */
export function intendedDocument(document: MeshDocument): MeshDocument {
  return {
    objects: document.objects.flatMap((object): MeshObject[] => {
      if (object.kind === "MutualTls") return [];
      if (object.kind === "Mesh") {
        const defaults = { ...object.spec.defaults, mutualTls: "strict" as const };
        return [{ ...object, spec: { ...object.spec, defaults } }];
      }
      if (object.kind === "Service" && object.spec.mode) {
        const { mode: _step, ...spec } = object.spec;
        return [{ ...object, spec }];
      }
      return [object];
    }),
  };
}

/** Null when the proxy has no inbound listener that speaks HTTP over mutual TLS. */
export function deciderOf(proxy: CompiledProxy): ((asked: Asked) => Decision) | null {
  const { listeners, routes, clusters, endpoints } = proxy.resources;
  const planned = plan({ listeners, routes, clusters, endpoints });
  if (!planned.ok) return null;
  const listener = planned.plan.listeners.find(({ name }) => name === "inbound");
  const http = listener && httpOf(listener);
  if (!listener || !http) return null;
  return ({ principal, method, path, host }) => {
    const decision = authorizeRequest(http.rbac, null, {
      request: { method, path, authority: host, scheme: "https", headers: headerViewOf([]) },
      peer: { uriSans: [principal], dnsSans: [], subject: "" },
      directRemoteAddress: "127.0.0.1",
      remoteAddress: "127.0.0.1",
      destinationAddress: listener.address.address,
      destinationPort: listener.address.port,
      requestedServerName: host,
    });
    return { isAllowed: decision.allowed, policy: decision.policy, isAsked: asksSomebody(decision.shadow ?? {}) };
  };
}

function httpOf(listener: ListenerPlan): HttpConnectionPlan | null {
  const chain = listener.filterChains.find((each) => each.tls !== null && each.network.kind === "http");
  return chain?.network.kind === "http" ? chain.network : null;
}
