// TLS-04: a client without a certificate is refused.
import { at } from "../compiled-mesh";
import { nist53, nist204a } from "../frameworks";
import { eachInbound } from "../inbound";
import { paired } from "../live";
import { fail, pass } from "../results";
import { nameOf } from "../services";
import { eachMode } from "../transport";
import type { Control } from "../types";

export const tls04: Control = {
  id: "TLS-04",
  title: "A client without a certificate is refused",
  area: "transport",
  severity: "critical",
  asks: "The server asks for the client's identity: a TLS handshake without a client certificate ends with an alert.",
  design: { look: (context) => eachMode(context, ["strict", "permissive"], "no client would be asked who it is.") },
  compiled: {
    look: (context) =>
      eachInbound(context, ({ owner, tls, path }) =>
        at(tls, "require_client_certificate") === true
          ? pass(
              owner,
              `${nameOf(owner)}'s listener requires a client certificate.`,
              `${path}.transport_socket.require_client_certificate`,
            )
          : fail(owner, `${nameOf(owner)}'s listener does not require a client certificate.`, path),
      ),
  },
  live: { look: (context) => paired(context, "no-certificate"), probes: ["no-certificate", "mutual-tls"] },
  validHours: 24,
  mappings: [nist53("IA-3", "IA-5(2)"), nist204a("SM-DR16")],
};
