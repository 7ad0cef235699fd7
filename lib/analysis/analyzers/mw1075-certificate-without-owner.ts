// MW1075: a gateway that shows certificates, and nobody who renews them.
import { isHttpsListener, objectKey } from "@/lib/mesh";
import type { ObjectAnalyzer } from "../finding";
import { ownerFix } from "../owners";

export const mw1075CertificateWithoutOwner: ObjectAnalyzer<"Gateway"> = {
  code: "MW1075",
  title: "Certificate that nobody answers for",
  area: "ownership",
  ofDesign: true,
  scope: "object",
  kind: "Gateway",
  run(index, gateway) {
    const shown = gateway.spec.listeners.filter(isHttpsListener).flatMap(({ tls }) => (tls ? [tls.certificate] : []));
    if (gateway.spec.owner || shown.length === 0) return [];
    const names = [...new Set(shown)];
    return [
      {
        code: "MW1075",
        severity: "warning",
        message: `Nobody answers for ${names.length === 1 ? `certificate ${names[0]}` : `certificates ${names.join(", ")}`} of gateway ${gateway.metadata.name}.`,
        cause:
          "What a gateway shows its clients is signed outside the mesh and not renewed by it: without somebody who does, the listener ends with its certificate.",
        refs: [objectKey(gateway)],
        path: "spec.owner",
        ...ownerFix(index, gateway),
      },
    ];
  },
};
