// The technical design document of one revision. Pure: everything that it says is handed in.
// The rule: the order of the sections is fixed, so that two revisions' documents can be laid side by side.

import type { DesignDocument } from "./schema";
import { architecture, purpose } from "./sections/architecture";
import { controls, decisions, risks, rollout } from "./sections/assurance";
import { identity, policies, policyText, proxyConfiguration } from "./sections/policies";
import type { DocumentInput } from "./types";
import { minute } from "./words";

export function designDocument(input: DocumentInput): DesignDocument {
  return {
    title: `${input.mesh.name}: technical design`,
    subtitle: `${input.at === "draft" ? "Draft" : `Revision ${input.at}`}, made ${minute(input.madeAt)}`,
    digest: input.digest,
    blocks: [
      ...purpose(input),
      ...architecture(input),
      ...proxyConfiguration(input),
      ...policies(input),
      ...identity(input),
      ...controls(input),
      ...risks(input),
      ...decisions(input),
      ...rollout(input),
      ...policyText(input),
    ],
  };
}
