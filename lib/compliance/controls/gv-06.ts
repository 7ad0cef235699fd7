// GV-06: everything has an owner. Not in the catalogue under an id of its own: it continues the governance series.
import { type MeshObject, objectKey } from "@/lib/mesh";
import { nist53, soc2, unsure } from "../frameworks";
import { fail, pass } from "../results";
import type { Control } from "../types";

export const gv06: Control = {
  id: "GV-06",
  title: "Everything has an owner",
  area: "governance",
  severity: "medium",
  asks: "Each service, gateway, external service and way out names who answers for it.",
  design: {
    look: ({ index }) => {
      const owned: MeshObject[] = [
        ...index.all("Service"),
        ...index.all("Gateway"),
        ...index.all("ExternalService"),
        ...index.all("Egress"),
      ];
      return owned.map((object) => {
        const owner = "owner" in object.spec ? object.spec.owner : undefined;
        const what = `${object.kind} ${object.metadata.name}`;
        return owner
          ? pass(objectKey(object), `${what} is owned by ${owner}.`, "spec.owner")
          : fail(objectKey(object), `Nobody answers for ${what}.`, "spec.owner");
      });
    },
  },
  compiled: { doesNotApply: "Owners are people; the configuration of proxies does not hold them." },
  live: { doesNotApply: "Owners are people; there is nothing to measure on a proxy." },
  validHours: 24,
  mappings: [nist53("CM-8"), unsure(soc2("CC1.3"))],
};
