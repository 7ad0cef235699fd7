// Who is who in metrics: labels of the two parties from node, cluster, endpoint and certificate.
// Rule: nothing a client can write (a header, a path) ever becomes a label.

import type { NodePlan } from "../plan/types";
import type { PeerCertificate } from "../tls/peer-certificate";
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

/**
 * Version of callers that are no workloads: checks of the control plane, which take a workload's name to ask whether it is let in. The
 * authority says so in the certificate's subject, which is empty in those of workloads.
 */
export const PROBE_MARK = "meshwright-probe";

/** Who a certificate says that calls; empty strings where there is none. */
export type Peer = Pick<PeerCertificate, "spiffeId" | "subject">;

/** Inbound: we are the destination, the certificate says who calls. */
export function inboundLabels(node: NodePlan, ownPrincipal: string, peer: Peer | null, isTls: boolean): PartyLabels {
  const name = spiffeName(peer?.spiffeId ?? "");
  return {
    reporter: "destination",
    source_workload: name.serviceAccount,
    source_workload_namespace: name.namespace,
    source_principal: or(peer?.spiffeId),
    source_version: peer?.subject === `OU=${PROBE_MARK}` ? PROBE_MARK : unknown,
    destination_workload: or(node.workload),
    destination_workload_namespace: or(node.namespace),
    destination_principal: or(ownPrincipal),
    destination_service: `${or(node.service)}.${or(node.namespace)}`,
    destination_service_name: or(node.service),
    destination_service_namespace: or(node.namespace),
    destination_version: or(node.version),
    request_protocol: "http",
    connection_security_policy: isTls && peer !== null ? "mutual_tls" : "none",
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
