// The x-forwarded-client-cert element of a connection, made once when the handshake is done (Envoy's format).

import type { XfccPlan } from "../plan/types";
import type { PeerCertificate } from "../tls/peer-certificate";

export function xfccElement(plan: XfccPlan, peer: PeerCertificate, ownSpiffeId: string): string {
  const parts = [`By=${ownSpiffeId}`, `Hash=${peer.fingerprint256}`];
  if (plan.subject) parts.push(`Subject="${peer.subject.replace(/["\\]/g, "\\$&")}"`);
  if (plan.uri) parts.push(`URI=${peer.uriSans[0] ?? ""}`);
  if (plan.dns) for (const name of peer.dnsSans) parts.push(`DNS=${name}`);
  return parts.join(";");
}
