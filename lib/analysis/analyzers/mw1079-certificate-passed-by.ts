// MW1079: a host whose clients have to show certificates, and that answers without one at another port of its gateway.
import { httpsListenersOf, type Listener, objectKey, plainListenerOf } from "@/lib/mesh";
import type { FindingBody, Fix, ObjectAnalyzer } from "../finding";

export const mw1079CertificatePassedBy: ObjectAnalyzer<"Gateway"> = {
  code: "MW1079",
  title: "Client certificates that can be gone around",
  area: "access",
  scope: "object",
  kind: "Gateway",
  run(_index, gateway) {
    const { listeners } = gateway.spec;
    const key = objectKey(gateway);
    return listeners.flatMap((listener, i): FindingBody[] => {
      if (listener.tls?.clients?.mode !== "required") return [];
      const [found] = listener.hosts.flatMap((host) => {
        const [way] = waysAround(listeners, host);
        return way ? [{ host, way }] : [];
      });
      if (!found) return [];
      const { host, way } = found;
      const how = way.tls ? "in TLS without one" : "in plain HTTP";
      return [
        {
          code: "MW1079",
          severity: "warning",
          message: `Clients of ${host} have to show a certificate at port ${listener.port} of ${gateway.metadata.name}, and are answered ${how} at listener ${way.name}.`,
          cause:
            "The same routes answer at both. Who has no certificate takes the other port, so that asking for one protects nothing.",
          refs: [key],
          path: `spec.listeners[${i}].tls.clients`,
          fixes: [fixOf(key, listeners.indexOf(way), way, listener)],
        },
      ];
    });
  },
};

function waysAround(listeners: readonly Listener[], host: string): Listener[] {
  const plain = plainListenerOf(listeners, host);
  const open = httpsListenersOf(listeners, host).filter(({ tls }) => tls?.clients?.mode !== "required");
  return [...(plain && !plain.httpsRedirect ? [plain] : []), ...open];
}

function fixOf(key: string, at: number, way: Listener, asking: Listener): Fix {
  return way.tls
    ? {
        title: `Ask clients of ${way.name} too`,
        command: { type: "patchSpec", key, path: ["listeners", at, "tls", "clients"], value: asking.tls?.clients },
      }
    : {
        title: `Send plain HTTP of ${way.name} on to HTTPS`,
        command: { type: "patchSpec", key, path: ["listeners", at, "httpsRedirect"], value: true },
      };
}
