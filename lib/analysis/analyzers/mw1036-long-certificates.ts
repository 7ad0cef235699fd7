// MW1036: certificates that live so long that a stolen key is worth stealing.
import { objectKey } from "@/lib/mesh";
import type { ObjectAnalyzer } from "../finding";

/** NIST SP 800-204A asks for short-lived identities; a day is what meshes give by default, a week is the longest that is still automatic. */
const DAY_HOURS = 24;
const LONG_HOURS = 72;
const TOO_LONG_HOURS = 168;

export const mw1036LongCertificates: ObjectAnalyzer<"Mesh"> = {
  code: "MW1036",
  title: "Certificates that live long",
  area: "encryption",
  scope: "object",
  kind: "Mesh",
  run(_index, mesh) {
    const hours = mesh.spec.certificateTtlHours;
    if (hours <= LONG_HOURS) return [];
    const key = objectKey(mesh);
    return [
      {
        code: "MW1036",
        severity: hours > TOO_LONG_HOURS ? "warning" : "info",
        message: `Certificates of workloads live ${hours} hours.`,
        cause: "Renewal is automatic and costs nothing. A key that leaks is good for as long as its certificate.",
        refs: [key],
        path: "spec.certificateTtlHours",
        fixes: [
          {
            title: "Let them live a day",
            command: { type: "patchSpec", key, path: ["certificateTtlHours"], value: DAY_HOURS },
          },
        ],
      },
    ];
  },
};
