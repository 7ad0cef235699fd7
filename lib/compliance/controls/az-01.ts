// AZ-01: who was not let in is refused.
import { objectKey } from "@/lib/mesh";
import { nist53, nist204a, pci, soc2 } from "../frameworks";
import { eachInbound, enforcedCallers } from "../inbound";
import { paired } from "../live";
import { fail, pass } from "../results";
import { meshServices, nameOf } from "../services";
import type { Control, DesignContext, SubjectResult } from "../types";

export const az01: Control = {
  id: "AZ-01",
  title: "Default deny",
  area: "authorization",
  severity: "critical",
  asks: "The mesh's default is to refuse: an identity that nothing was drawn or written for gets no answer from any service.",
  design: { look: (context) => [meshDefault(context), ...steps(context)] },
  compiled: {
    look: (context) =>
      eachInbound(context, (inbound) => {
        const callers = enforcedCallers(inbound);
        const { owner, path } = inbound;
        return callers
          ? pass(
              owner,
              `${nameOf(owner)}'s sidecar lets in ${Object.keys(callers).length} named grants and refuses the rest.`,
              `${path}.rbac`,
            )
          : fail(owner, `${nameOf(owner)}'s sidecar enforces no list of callers.`, path);
      }),
  },
  live: { look: (context) => paired(context, "unknown-identity"), probes: ["unknown-identity", "allowed-call"] },
  validHours: 24,
  mappings: [
    nist53("AC-3", "AC-4", "SC-7(5)", "AC-6"),
    nist204a("SM-DR1"),
    pci(["1.3.1", "7.3.3"]),
    soc2("CC6.1", "CC6.6"),
  ],
};

function meshDefault({ index: { mesh } }: DesignContext): SubjectResult {
  const allowed = mesh?.spec.defaults.authorization ?? "drawn";
  const key = mesh ? objectKey(mesh) : "Mesh//";
  const path = "spec.defaults.authorization";
  return allowed === "allow"
    ? fail(key, "The mesh's default is to allow every call.", path)
    : pass(key, allowed === "deny" ? "The mesh's default is to deny." : "Only drawn dependencies are granted.", path);
}

/** Steps of adoption in which the list of callers is counted and not enforced. */
function steps({ index }: DesignContext): SubjectResult[] {
  return meshServices(index).flatMap((service) => {
    const { mode } = service.spec;
    return mode && mode !== "enforced"
      ? [
          fail(
            objectKey(service),
            `${service.metadata.name} is at the step "${mode}": refusals are counted, not enforced.`,
            "spec.mode",
          ),
        ]
      : [];
  });
}
