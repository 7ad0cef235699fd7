// docs/reference/envoy-support.md, made of the support table and the descriptors. One rule: the page is never edited by
// hand; support-reference.test.ts fails when it is not current (UPDATE_GOLDEN=1 writes it).

import type { DescFile, DescMessage } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { registry } from "./registry";
import { type FieldSupport, SUPPORT } from "./support";

const HEAD = `# Which of Envoy's configuration the proxy takes

Made from \`proxy/src/contract/support.ts\`; do not edit. A field that is set and not listed here is refused, by its
path, at \`--mode validate\` and as a NACK. "Without effect" fields are taken because leaving them out of account cannot be
observed. A \`google.protobuf.Any\` may hold the types that are named, nothing else.
`;

export function supportReference(): string {
  const sections = Object.entries(SUPPORT).map(([typeName, fields]) => {
    const rows = Object.entries(fields).map(([name, support]) => `| \`${name}\` | ${describe(support)} |`);
    const refused = refusedFields(typeName, Object.keys(fields));
    const table = rows.length > 0 ? ["", "| field | |", "| --- | --- |", ...rows] : ["", "No fields."];
    return [
      `## ${typeName}`,
      ...table,
      ...(refused.length > 0 ? ["", `Refused: ${refused.map((name) => `\`${name}\``).join(", ")}.`] : []),
    ].join("\n");
  });
  return `${[HEAD, ...sections].join("\n")}\n`.replace(/\n## /g, "\n\n## ").replace(/\n{3,}/g, "\n\n");
}

/** Fields of the table that Envoy's message does not have: a misspelt entry would never let anything through. */
export function unknownEntries(): string[] {
  return Object.entries(SUPPORT).flatMap(([typeName, fields]) => {
    const known = messageByName(typeName)?.fields.map(({ name }) => name);
    return known
      ? Object.keys(fields).flatMap((name) => (known.includes(name) ? [] : [`${typeName}.${name}`]))
      : [typeName];
  });
}

function refusedFields(typeName: string, supported: readonly string[]): string[] {
  const names = messageByName(typeName)?.fields.map(({ name }) => name) ?? [];
  return names.filter((name) => !supported.includes(name)).sort();
}

function describe({ only, types, inert, note }: FieldSupport): string {
  const parts = [
    only ? `only ${only.map((value) => `\`${JSON.stringify(value)}\``).join(", ")}` : "",
    types ? `holds ${types.map((name) => `\`${name}\``).join(" or ")}` : "",
    inert ? `without effect: ${inert}` : "",
    note ?? "",
  ].filter((part) => part !== "");
  return parts.length > 0 ? parts.join("; ") : "yes";
}

let messages: Map<string, DescMessage> | null = null;

/** A message of the registry's files or of any file they import. */
function messageByName(name: string): DescMessage | undefined {
  if (!messages) {
    const found = new Map<string, DescMessage>();
    const seen = new Set<DescFile>();
    const visit = (file: DescFile): void => {
      if (!seen.has(file)) {
        seen.add(file);
        for (const type of nestedTypes(file)) {
          if (type.kind === "message") {
            found.set(type.typeName, type);
          }
        }
        file.dependencies.forEach(visit);
      }
    };
    for (const type of registry) {
      visit(type.file);
    }
    messages = found;
  }
  return messages.get(name);
}
