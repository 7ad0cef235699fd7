// MW1086: a traffic policy goes by localities or labels that no workload of its service has, so all hosts are alike.
import { objectKey, PLACE_LABELS, placedOf, serviceRefKey, type TrafficLocality, type Workload } from "@/lib/mesh";
import type { ObjectAnalyzer } from "../finding";
import { hostsOf, preferenceOf } from "../localities";

export const mw1086HostsWithoutPlace: ObjectAnalyzer<"TrafficPolicy"> = {
  code: "MW1086",
  title: "Localities that nobody says",
  area: "resilience",
  scope: "object",
  kind: "TrafficPolicy",
  ofDesign: true,
  run(index, policy) {
    const locality = preferenceOf(policy);
    const hosts = hostsOf(index, policy);
    if (!locality || hosts.length === 0 || hosts.some((host) => isTold(locality, host))) return [];
    const key = objectKey(policy);
    const { service } = policy.spec;
    const labels = locality.failoverPriority?.map((label) => label.split("=")[0]);
    const what = labels ? `has ${labels.join(" or ")}` : "says where it runs";
    return [
      {
        code: "MW1086",
        severity: "warning",
        message: `${policy.metadata.name} goes by localities, and no workload of ${service.name} ${what}.`,
        cause: locality.distribute
          ? "A share goes to hosts in a place. Hosts of which nobody says where they are are in none, and get nothing."
          : "Hosts that all differ from the caller in the same way are of one level: the policy changes nothing.",
        refs: [key, serviceRefKey(service, policy), ...hosts.map(objectKey)],
        path: "spec.locality",
        fixes: [{ title: "Call all hosts alike", command: { type: "patchSpec", key, path: ["locality"] } }],
      },
    ];
  },
};

function isTold({ failoverPriority, failover, distribute }: TrafficLocality, host: Workload): boolean {
  // A share for any place asks for none.
  if (distribute?.some(({ to }) => Object.keys(to).includes("*"))) return true;
  const { labels } = placedOf(host);
  const asked = failoverPriority?.map((label) => label.split("=")[0] ?? "") ?? [];
  const places = failover || !failoverPriority ? [PLACE_LABELS.region] : [];
  return [...asked, ...places].some((label) => labels[label] !== undefined);
}
