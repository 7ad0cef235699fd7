// EG-01: nothing leaves the mesh that was not drawn.
import { objectKey, refKey } from "@/lib/mesh";
import { listAt } from "../compiled-mesh";
import { nist53, nist204a, pci } from "../frameworks";
import { paired } from "../live";
import { fail, pass } from "../results";
import { nameOf } from "../services";
import type { Control, DesignContext, SubjectResult } from "../types";

export const eg01: Control = {
  id: "EG-01",
  title: "Egress is denied by default",
  area: "egress",
  severity: "high",
  asks: "External services are drawn by name, each way out has its Egress with a reason, and a sidecar refuses every other host. (An app that goes around its sidecar is another control, EG-03.)",
  design: { look: (context) => [...externals(context), ...egresses(context)] },
  compiled: {
    look: ({ compiled }) =>
      compiled.proxies
        .filter(({ owner }) => owner.startsWith("Service/"))
        .map(({ owner, proxyId, routes }) => {
          const open = listAt(routes["outbound"], "virtual_hosts").findIndex((host) =>
            listAt(host, "domains").some((domain) => typeof domain === "string" && domain.startsWith("*")),
          );
          const path = `${proxyId}: routes outbound`;
          return open < 0
            ? pass(owner, `${nameOf(owner)}'s sidecar knows the hosts that were drawn and no other.`, path)
            : fail(
                owner,
                `${nameOf(owner)}'s sidecar lets calls to any host out.`,
                `${path}, virtual_hosts[${open}].domains`,
              );
        }),
  },
  live: { look: (context) => paired(context, "undeclared-host"), probes: ["undeclared-host", "declared-host"] },
  validHours: 24,
  mappings: [nist53("SC-7(5)", "AC-4", "SI-4(4)"), nist204a("SM-DR8"), pci(["1.3.2"])],
};

function externals({ index }: DesignContext): SubjectResult[] {
  return index.all("ExternalService").map((external) => {
    const wild = external.spec.hosts.find((host) => host.includes("*"));
    const key = objectKey(external);
    return wild
      ? fail(key, `${external.metadata.name} stands for every host that "${wild}" matches.`, "spec.hosts")
      : pass(key, `${external.metadata.name} is ${external.spec.hosts.join(", ")}.`, "spec.hosts");
  });
}

function egresses({ index }: DesignContext): SubjectResult[] {
  return index.all("Egress").map((egress) => {
    const key = objectKey(egress);
    return egress.spec.reason
      ? pass(key, `${egress.metadata.name} opens ${nameOf(refKey(egress.spec.to, egress))}: ${egress.spec.reason}`)
      : fail(key, `${egress.metadata.name} opens a way out without a reason.`, "spec.reason");
  });
}
