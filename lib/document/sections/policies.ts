// Sections 5 to 7: proxy configuration, policies in words and as YAML, identity.
import { buildIndex, toYaml } from "@/lib/mesh";
import { effectOf, isPolicy, POLICY_FAMILIES, type PolicyObject, targetOf } from "@/lib/mesh/policies";
import type { Block } from "../schema";
import type { DocumentInput } from "../types";
import { count, NOT_STATED } from "../words";
import { accountsOf } from "./architecture";

const MOST_ROWS = 300;
/** YAML beyond it is in the export; a document is read by people. */
const MOST_YAML_OBJECTS = 120;

export function proxyConfiguration(input: DocumentInput): Block[] {
  const index = buildIndex(input.document);
  return [
    { kind: "heading", level: 1, text: "5 Proxy configuration" },
    {
      kind: "paragraph",
      text: `What the compiler writes for each kind of proxy, as Envoy v3 resources (LDS, RDS, CDS, EDS, SDS). A proxy is told only of the services that its own may call. Mutual TLS is ${index.mesh?.spec.defaults.mutualTls ?? NOT_STATED} by default, authorization is by ${authorizationWords(index.mesh?.spec.defaults.authorization)}.`,
    },
    input.proxies.length > 0
      ? {
          kind: "table",
          head: ["Proxy of", "Listeners", "Route tables", "Clusters"],
          rows: input.proxies
            .slice(0, MOST_ROWS)
            .map(({ owner, listeners, routes, clusters }) => [
              owner,
              listeners.join(", "),
              String(routes),
              String(clusters),
            ]),
          widths: ["auto", "*", "auto", "auto"],
        }
      : { kind: "paragraph", text: "No proxy could be compiled from this design." },
  ];
}

function authorizationWords(mode: string | undefined): string {
  if (mode === "drawn") return "drawn dependency: who is drawn may call, everybody else is refused";
  if (mode === "deny") return "policy only: who no policy allows is refused";
  return mode === "allow" ? "policy where there is one: without one everybody in the mesh may call" : NOT_STATED;
}

export function policies(input: DocumentInput): Block[] {
  const index = buildIndex(input.document);
  const all = input.document.objects.filter(isPolicy);
  const blocks: Block[] = [{ kind: "heading", level: 1, text: "6 Policies" }];
  if (all.length === 0) {
    return [...blocks, { kind: "paragraph", text: "No policy is written: the mesh's defaults hold everywhere." }];
  }
  let section = 0;
  for (const family of POLICY_FAMILIES) {
    const own = all.filter(({ kind }) => (family.kinds as readonly string[]).includes(kind));
    if (own.length === 0) continue;
    section += 1;
    blocks.push(
      { kind: "heading", level: 2, text: `6.${section} ${family.title}` },
      {
        kind: "table",
        head: ["On", "Policy", "What it does"],
        rows: own
          .slice(0, MOST_ROWS)
          .map((policy) => [targetOf(policy).words, policy.metadata.name, `${effectOf(policy, index)}.`]),
        widths: ["auto", "auto", "*"],
      },
    );
  }
  return blocks;
}

export function policyText(input: DocumentInput): Block[] {
  const all = input.document.objects.filter((object): object is PolicyObject => isPolicy(object));
  if (all.length === 0) return [];
  const shown = all.slice(0, MOST_YAML_OBJECTS);
  return [
    { kind: "heading", level: 1, text: "Appendix: policies as YAML" },
    {
      kind: "paragraph",
      text:
        all.length > shown.length
          ? `The first ${shown.length} of ${count(all.length, "policy", "policies")}; the export has them all.`
          : "As they are exported, and as the command line and a repository hold them.",
    },
    { kind: "code", language: "yaml", text: toYaml({ objects: shown }).trim() },
  ];
}

export function identity(input: DocumentInput): Block[] {
  const mesh = buildIndex(input.document).mesh;
  const domain = mesh?.spec.trustDomain ?? NOT_STATED;
  const rows = [...accountsOf(input)].slice(0, MOST_ROWS).map(([account, holders]) => {
    const [namespace, name] = account.split("/");
    return [`spiffe://${domain}/ns/${namespace}/sa/${name}`, holders.join(", ")];
  });
  return [
    { kind: "heading", level: 1, text: "7 Identity" },
    {
      kind: "paragraph",
      text: `Every sidecar proves itself by an X.509 SVID of the trust domain ${domain}: a P-256 key that is made where it is used and never leaves it, a certificate that lives ${mesh?.spec.certificateTtlHours ?? 24} hours and is renewed at half of its life. First contact is by a join token that is good once, for ten minutes.`,
    },
    { kind: "table", head: ["SPIFFE ID", "Held by"], rows, widths: ["*", "*"] },
  ];
}
