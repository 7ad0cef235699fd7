// OB-05: what was changed and who called leaves a trail that shows when somebody touches it.
import { objectKey } from "@/lib/mesh";
import { at, textAt } from "../compiled-mesh";
import { nist53, pci, soc2 } from "../frameworks";
import { eachInbound } from "../inbound";
import { asMeasured } from "../live";
import { fail, pass } from "../results";
import { nameOf } from "../services";
import type { Control } from "../types";

/** Time, who, what and with which result (OB-01). */
const FIELDS = {
  http: ["start_time", "downstream_peer", "method", "path", "response_code"],
  tcp: ["start_time", "downstream_peer", "upstream_cluster", "response_flags"],
} as const;

export const ob05: Control = {
  id: "OB-05",
  title: "Changes and calls leave a protected trail",
  area: "governance",
  severity: "high",
  asks: "Somebody answers for the trail; every sidecar logs each call with time, caller, request and result; and the log of changes is a chain of hashes in which a touched entry shows.",
  design: {
    look: ({ index: { mesh } }) => {
      if (!mesh) return [];
      const { ownerTeam } = mesh.spec;
      return [
        ownerTeam
          ? pass(objectKey(mesh), `${ownerTeam} answers for the mesh and its trail.`, "spec.ownerTeam")
          : fail(objectKey(mesh), "Nobody answers for the mesh and its trail.", "spec.ownerTeam"),
      ];
    },
  },
  compiled: {
    look: (context) =>
      eachInbound(context, ({ owner, carries, accessLogs, path }) => {
        const format = at(accessLogs[0], "typed_config", "log_format", "json_format");
        const missing = FIELDS[carries].filter((field) => textAt(format, field) === undefined);
        return missing.length === 0
          ? pass(owner, `${nameOf(owner)}'s sidecar logs each call with its caller and result.`, `${path}.access_log`)
          : fail(owner, `${nameOf(owner)}'s access log lacks ${missing.join(", ")}.`, `${path}.access_log`);
      }),
  },
  live: { look: (context) => asMeasured(context, "audit-chain", "access-log"), probes: ["audit-chain", "access-log"] },
  validHours: 24,
  mappings: [nist53("AU-9", "AU-10", "AU-11", "AU-12", "CM-3"), pci(["10.3"]), soc2("CC7.2", "CC8.1")],
};
