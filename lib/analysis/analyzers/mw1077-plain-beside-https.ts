// MW1077: a name that a gateway serves in HTTPS and answers in plain HTTP too, instead of sending on.
import { isHttpsListener, objectKey, plainListenerOf } from "@/lib/mesh";
import type { FindingBody, ObjectAnalyzer } from "../finding";

export const mw1077PlainBesideHttps: ObjectAnalyzer<"Gateway"> = {
  code: "MW1077",
  title: "Plain HTTP beside HTTPS",
  area: "encryption",
  // of Gateway API's manifests the redirect is in a route, which may be in another file
  ofDesign: true,
  scope: "object",
  kind: "Gateway",
  run(_index, gateway) {
    const { listeners, type } = gateway.spec;
    if (type !== "ingress") return [];
    const inHttps = new Set(listeners.filter(isHttpsListener).flatMap(({ hosts }) => hosts));
    const key = objectKey(gateway);
    return listeners.flatMap((listener, i): FindingBody[] => {
      if (listener.httpsRedirect) return [];
      const plain = [...inHttps].filter((host) => plainListenerOf(listeners, host) === listener);
      if (plain.length === 0) return [];
      return [
        {
          code: "MW1077",
          severity: "warning",
          message: `Listener ${listener.name} of ${gateway.metadata.name} answers ${plain.join(", ")} without TLS, beside HTTPS.`,
          cause:
            "A client that begins with http:// stays there: cookies, tokens and answers go as plain text, and who is in between can keep it so.",
          refs: [key],
          path: `spec.listeners[${i}]`,
          fixes: [
            {
              title: `Send requests of listener ${listener.name} on to HTTPS`,
              command: { type: "patchSpec", key, path: ["listeners", i, "httpsRedirect"], value: true },
            },
          ],
        },
      ];
    });
  },
};
