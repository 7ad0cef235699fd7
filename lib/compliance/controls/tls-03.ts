// TLS-03: plain text is refused on a port that is meant for mutual TLS.
import { nist53, nist204a } from "../frameworks";
import { eachInbound } from "../inbound";
import { paired } from "../live";
import { fail, pass } from "../results";
import { nameOf } from "../services";
import { eachMode } from "../transport";
import type { Control } from "../types";

export const tls03: Control = {
  id: "TLS-03",
  title: "Plain text is refused",
  area: "transport",
  severity: "critical",
  asks: "A port that is declared for mutual TLS answers nothing to a client that speaks plain text, while a client with a certificate is served.",
  design: { look: (context) => eachMode(context, ["strict"], "plain text would be taken.") },
  compiled: {
    look: (context) =>
      eachInbound(context, ({ owner, takesPlaintext, path }) =>
        takesPlaintext
          ? fail(owner, `${nameOf(owner)}'s listener has a filter chain for plain text.`, path)
          : pass(owner, `${nameOf(owner)}'s listener has no filter chain for plain text.`, path),
      ),
  },
  live: { look: (context) => paired(context, "plaintext"), probes: ["plaintext", "mutual-tls"] },
  validHours: 24,
  mappings: [nist53("SC-8(1)", "SC-7(5)"), nist204a("SM-DR6")],
};
