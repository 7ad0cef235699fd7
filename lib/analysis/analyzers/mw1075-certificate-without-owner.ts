// MW1075: a gateway that shows certificates, and nobody who renews them.
import { isHttpsListener, keyOf, objectKey } from "@/lib/mesh";
import type { ObjectAnalyzer } from "../finding";

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
    const team = index.find("Namespace", keyOf("Namespace", undefined, gateway.metadata.namespace))?.spec.ownerTeam;
    const key = objectKey(gateway);
    return [
      {
        code: "MW1075",
        severity: "warning",
        message: `Nobody answers for ${names.length === 1 ? `certificate ${names[0]}` : `certificates ${names.join(", ")}`} of gateway ${gateway.metadata.name}.`,
        cause:
          "What a gateway shows its clients is signed outside the mesh and not renewed by it: without somebody who does, the listener ends with its certificate.",
        refs: [key],
        path: "spec.owner",
        ...(team
          ? {
              fixes: [
                {
                  title: `Make ${team} the owner, as of the namespace`,
                  command: { type: "patchSpec", key, path: ["owner"], value: team },
                },
              ],
            }
          : {}),
      },
    ];
  },
};
