// PKI-02: workload certificates live for hours, not for months.
import { objectKey } from "@/lib/mesh";
import { eachCertificate } from "../certificates";
import { nist53, nist204a } from "../frameworks";
import { fail, pass } from "../results";
import type { Control } from "../types";

const MAX_HOURS = 24;
const HOUR_MS = 3_600_000;
/** Certificates are back-dated by a minute for clocks that are behind. */
const TOLERANCE_HOURS = 0.1;

export const pki02: Control = {
  id: "PKI-02",
  title: "Workload certificates are short-lived",
  area: "identity",
  severity: "high",
  asks: `A certificate of a workload lives for at most ${MAX_HOURS} hours: in the design, and in what each sidecar really serves.`,
  design: {
    look: ({ index: { mesh } }) => {
      if (!mesh) return [];
      const { certificateTtlHours } = mesh.spec;
      const key = objectKey(mesh);
      return [
        certificateTtlHours <= MAX_HOURS
          ? pass(key, `Certificates are issued for ${certificateTtlHours} hours.`, "spec.certificateTtlHours")
          : fail(
              key,
              `Certificates are issued for ${certificateTtlHours} hours; at most ${MAX_HOURS} are accepted.`,
              "spec.certificateTtlHours",
            ),
      ];
    },
  },
  compiled: {
    doesNotApply: "The lifetime is set by the certificate authority at each issue; no proxy's configuration holds it.",
  },
  live: {
    look: (context) =>
      eachCertificate(
        context,
        (each) =>
          hoursOf(each) > MAX_HOURS + TOLERANCE_HOURS
            ? `its certificate lives for ${Math.round(hoursOf(each))} hours.`
            : null,
        (each) => `its certificate lives for ${Math.round(hoursOf(each))} hours.`,
      ),
    probes: ["certificate"],
  },
  validHours: 24,
  mappings: [nist53("SC-12", "IA-5(2)"), nist204a("SM-DR13")],
};

const hoursOf = ({ notBefore, notAfter }: { notBefore: string; notAfter: string }) =>
  (Date.parse(notAfter) - Date.parse(notBefore)) / HOUR_MS;
