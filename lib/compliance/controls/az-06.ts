// AZ-06: the wrong caller is refused, the right one served, and the same for requests where a rule tells them apart.
import { nist53, pci, unsure } from "../frameworks";
import { asMeasured, paired } from "../live";
import { planProbes } from "../probe-plan";
import { fail, pass } from "../results";
import { nameOf } from "../services";
import type { Control } from "../types";

export const az06: Control = {
  id: "AZ-06",
  title: "The wrong identity is refused, the right one served",
  area: "authorization",
  severity: "critical",
  asks: "For each service one caller of the mesh that must be refused and one that must be served are named, and both are tried; a forbidden request of an allowed caller too.",
  design: {
    look: ({ document }) =>
      planProbes(document).map(({ service, allowed, forbidden }) => {
        const [wrong] = forbidden;
        if (!allowed)
          return fail(service, `Nobody may read from ${nameOf(service)}, so there is no caller that must be served.`);
        if (!wrong)
          return fail(
            service,
            `Everybody of the mesh may call ${nameOf(service)}, so there is no caller that must be refused.`,
          );
        return pass(
          service,
          `${nameOf(allowed.caller)} must be served, ${nameOf(wrong.caller)} refused (${wrong.why}).`,
        );
      }),
  },
  compiled: {
    doesNotApply: "The catalogue asks for a measurement: what the configuration says is asked by AZ-01 and AZ-03.",
  },
  live: {
    look: (context) => [
      ...paired(context, "forbidden-caller", "forbidden-path"),
      ...asMeasured(context, "allowed-call"),
    ],
    probes: ["forbidden-caller", "forbidden-path", "allowed-call"],
  },
  validHours: 24,
  mappings: [nist53("AC-3", "SI-4"), unsure(pci(["11.4.5"]))],
};
