// MW1078: requests that a gateway sends on to HTTPS, where it does not serve their name.
import { type Gateway, objectKey, redirectTarget, serverNamesMeet } from "@/lib/mesh";
import type { FindingBody, ObjectAnalyzer } from "../finding";

export const mw1078RedirectToNobody: ObjectAnalyzer<"Gateway"> = {
  code: "MW1078",
  title: "Sent on to HTTPS that nobody serves",
  area: "routing",
  scope: "object",
  kind: "Gateway",
  run(_index, gateway) {
    const key = objectKey(gateway);
    return gateway.spec.listeners.flatMap(({ name, httpsRedirect, hosts }, i): FindingBody[] => {
      if (!httpsRedirect) return [];
      const lost = hosts.filter((host) => !isServed(gateway, host));
      if (lost.length === 0) return [];
      return [
        {
          code: "MW1078",
          severity: "warning",
          message: `Listener ${name} of ${gateway.metadata.name} sends requests for ${lost.join(", ")} on to HTTPS, and no listener takes TLS for that.`,
          cause:
            "The answer is 301 to port 443 of the same host. Where something in front of the gateway ends TLS, that sends plain HTTP again and is answered 301 again.",
          refs: [key],
          path: `spec.listeners[${i}].httpsRedirect`,
          fixes: [
            {
              title: `Answer requests of listener ${name} instead`,
              command: { type: "patchSpec", key, path: ["listeners", i, "httpsRedirect"] },
            },
          ],
        },
      ];
    });
  },
};

/** In TLS that ends at the gateway, or that it passes on. */
const isServed = ({ spec: { listeners } }: Gateway, host: string): boolean =>
  redirectTarget(listeners, host) !== undefined ||
  listeners.some(({ protocol, hosts }) => protocol === "tls" && hosts.some((each) => serverNamesMeet(each, host)));
