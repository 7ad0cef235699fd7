// The frameworks that controls are mapped to: edition, how their text was read, and what a mapping may claim.
// One rule: only a mapping that was read in the primary text may say "supports"; everything else is a suggestion.
import type { FrameworkId, Mapping } from "./types";

export interface Framework {
  id: FrameworkId;
  name: string;
  edition: string;
  /** What was read, and its limits. */
  basis: string;
}

export const frameworks: readonly Framework[] = [
  {
    id: "nist-800-53",
    name: "NIST SP 800-53",
    edition: "Revision 5 (catalog 5.1.1)",
    basis: "Statements read in NIST's own OSCAL catalog, HIGH baseline.",
  },
  {
    id: "nist-800-204a",
    name: "NIST SP 800-204A",
    edition: "May 2020",
    basis: "Wording read in a reproduction, not in the publication itself.",
  },
  {
    id: "pci-dss",
    name: "PCI DSS",
    edition: "4.0.1",
    basis:
      "Wording read in a reproduction. 4.2.1 speaks of open, public networks: inside a private network mutual TLS supports it, it does not satisfy it.",
  },
  {
    id: "soc-2",
    name: "SOC 2 Trust Services Criteria",
    edition: "2017, points of focus 2022",
    basis: "Licensed text: matched by the titles of the criteria only.",
  },
];

export const CONFIDENCE_WORDS: Readonly<Record<Mapping["confidence"], string>> = {
  primary: "supports (primary text read)",
  reproduced: "suggested (reproduction read)",
  title: "suggested (title only)",
  uncertain: "suggested (not confirmed)",
};

export const nist53 = (...ids: string[]): Mapping => ({ framework: "nist-800-53", ids, confidence: "primary" });
export const nist204a = (...ids: string[]): Mapping => ({ framework: "nist-800-204a", ids, confidence: "reproduced" });
export const soc2 = (...ids: string[]): Mapping => ({ framework: "soc-2", ids, confidence: "title" });
export const pci = (ids: readonly string[], note?: string): Mapping => ({
  framework: "pci-dss",
  ids,
  confidence: "reproduced",
  ...(note ? { note } : {}),
});
/** A mapping that nobody has confirmed. */
export const unsure = (mapping: Mapping): Mapping => ({ ...mapping, confidence: "uncertain" });
