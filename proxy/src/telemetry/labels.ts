// Who is who in metrics: labels of the two parties from node, cluster, endpoint and certificate.
// Rule: nothing a client can write (a header, a path) ever becomes a label.

import type { NodePlan } from "../plan/types";
import type { PartyLabels } from "./request-metrics";

const unknown = "unknown";
const or = (text: string | undefined): string => (text === undefined || text === "" ? unknown : text);

export interface SpiffeName {
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** spiffe://td/ns/NAMESPACE/sa/ACCOUNT */
export function spiffeName(id: string): SpiffeName {
  const match = /^spiffe:\/\/[^/]+\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(id);
  return { namespace: match?.[1] ?? unknown, serviceAccount: match?.[2] ?? unknown };
}

/** Inbound: we are the destination, the certificate says who calls. */
export function inboundLabels(
  node: NodePlan,
  ownPrincipal: string,
  peerPrincipal: string,
  isMutualTls: boolean,
): PartyLabels {
  const peer = spiffeName(peerPrincipal);
  return {
    reporter: "destination",
    source_workload: peer.serviceAccount,
    source_workload_namespace: peer.namespace,
    source_principal: or(peerPrincipal),
    source_version: unknown,
    destination_workload: or(node.workload),
    destination_workload_namespace: or(node.namespace),
    destination_principal: or(ownPrincipal),
    destination_service: `${or(node.service)}.${or(node.namespace)}`,
    destination_service_name: or(node.service),
    destination_service_namespace: or(node.namespace),
    destination_version: or(node.version),
    request_protocol: "http",
    connection_security_policy: isMutualTls ? "mutual_tls" : "none",
  };
}

export interface DestinationNames {
  readonly service: string;
  readonly namespace: string;
  readonly workload: string;
  readonly version: string;
  readonly principal: string;
  readonly isMutualTls: boolean;
}

/** Outbound: we are the source, cluster and endpoint metadata say who is called. */
export function outboundLabels(node: NodePlan, ownPrincipal: string, to: DestinationNames): PartyLabels {
  return {
    reporter: "source",
    source_workload: or(node.workload),
    source_workload_namespace: or(node.namespace),
    source_principal: or(ownPrincipal),
    source_version: or(node.version),
    destination_workload: or(to.workload),
    destination_workload_namespace: or(to.namespace),
    destination_principal: or(to.principal),
    destination_service: to.service === "" ? unknown : `${to.service}.${or(to.namespace)}`,
    destination_service_name: or(to.service),
    destination_service_namespace: or(to.namespace),
    destination_version: or(to.version),
    request_protocol: "http",
    connection_security_policy: to.isMutualTls ? "mutual_tls" : "none",
  };
}
