// TLS-01: mutual TLS on every call inside the mesh.
import { objectKey } from "@/lib/mesh";
import { type JsonObject, textAt } from "../compiled-mesh";
import { nist53, nist204a, soc2 } from "../frameworks";
import { eachInbound } from "../inbound";
import { asMeasured } from "../live";
import { fail, pass } from "../results";
import { nameOf } from "../services";
import { eachMode } from "../transport";
import type { CompiledContext, Control, SubjectResult } from "../types";

const UPSTREAM = "UpstreamTlsContext";

export const tls01: Control = {
  id: "TLS-01",
  title: "Mutual TLS on every call inside the mesh",
  area: "transport",
  severity: "critical",
  asks: "Each service takes only mutual TLS on each of its ports, and each caller's sidecar speaks it; exceptions are registered with reason and owner.",
  design: {
    look: (context) => [
      ...eachMode(context, ["strict"], "it has to be strict."),
      ...context.index
        .all("Service")
        .flatMap((service) =>
          service.spec.optOut
            ? [
                pass(
                  objectKey(service),
                  `${service.metadata.name} is out of the mesh on purpose, says ${service.spec.optOut.owner}: ${service.spec.optOut.reason}`,
                  "spec.optOut",
                ),
              ]
            : [],
        ),
    ],
  },
  compiled: {
    look: (context) => [
      ...eachInbound(context, ({ owner, tls, takesPlaintext, path }) =>
        tls !== undefined && !takesPlaintext
          ? pass(owner, `${nameOf(owner)}'s sidecar listens for mutual TLS only.`, path)
          : fail(
              owner,
              `${nameOf(owner)}'s sidecar ${tls === undefined ? "has no TLS" : "takes plain text too"}.`,
              path,
            ),
      ),
      ...plainClusters(context),
    ],
  },
  live: { look: (context) => asMeasured(context, "mutual-tls"), probes: ["mutual-tls"] },
  validHours: 24,
  mappings: [nist53("SC-8", "SC-8(1)", "SC-23", "IA-3"), nist204a("SM-DR6"), soc2("CC6.1", "CC6.7")],
};

/** Ways to services of the mesh that a caller's sidecar would go without TLS. */
function plainClusters({ compiled }: CompiledContext): SubjectResult[] {
  return compiled.proxies.flatMap(({ owner, proxyId, clusters }) =>
    Object.entries(clusters)
      .filter(([name, cluster]) => name.startsWith("outbound|") && !isTls(cluster))
      .map(([name]) =>
        fail(
          owner,
          `${nameOf(owner)}'s sidecar calls ${name.split("|")[3] ?? name} without TLS.`,
          `${proxyId}: cluster ${name}`,
        ),
      ),
  );
}

const isTls = (cluster: JsonObject) =>
  textAt(cluster, "transport_socket", "typed_config", "@type")?.endsWith(UPSTREAM) ?? false;
