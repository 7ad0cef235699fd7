// Findings grouped by what to do, and filtered by what the URL says. Pure.
import type { FindingDto } from "@/components/api-client";
import { parseKey } from "@/lib/mesh";
import { isPolicyKind } from "@/lib/mesh/policies";

export type Area = FindingDto["area"];

/** In the order in which a person goes through them. */
const AREAS: { area: Area; title: string; hint: string }[] = [
  { area: "broken", title: "Repair what cannot work", hint: "No revision can be made, or calls fail for certain." },
  { area: "access", title: "Settle who may call whom", hint: "Too much is allowed, or what is drawn is refused." },
  {
    area: "encryption",
    title: "Close what is open on the wire",
    hint: "Plain text, and identities that live too long.",
  },
  { area: "routing", title: "Put the routes in order", hint: "Rules that do not do what they seem to say." },
  { area: "resilience", title: "Make it hold when something fails", hint: "Timeouts, retries, breakers, instances." },
  { area: "ownership", title: "Say who answers for it", hint: "Owners, budgets, ends." },
];

export interface Group {
  area: Area;
  title: string;
  hint: string;
  findings: FindingDto[];
}

export function groupsOf(findings: readonly FindingDto[]): Group[] {
  return AREAS.flatMap((each) => {
    const own = findings.filter((finding) => finding.area === each.area);
    return own.length > 0 ? [{ ...each, findings: own }] : [];
  });
}

export interface Filter {
  severity: string | null;
  area: string | null;
  code: string | null;
  object: string | null;
  /** Accepted risks: hidden unless asked for. */
  accepted: boolean;
  search: string;
}

export function filterFrom(search: URLSearchParams): Filter {
  return {
    severity: search.get("severity"),
    area: search.get("area"),
    code: search.get("code"),
    object: search.get("object"),
    accepted: search.get("accepted") === "1",
    search: search.get("q") ?? "",
  };
}

export function isShown(finding: FindingDto, filter: Filter): boolean {
  const text = filter.search.trim().toLowerCase();
  return (
    Boolean(finding.accepted) === filter.accepted &&
    (!filter.severity || finding.severity === filter.severity) &&
    (!filter.area || finding.area === filter.area) &&
    (!filter.code || finding.code === filter.code) &&
    (!filter.object || finding.refs.includes(filter.object)) &&
    (text === "" || `${finding.code} ${finding.message} ${finding.refs.join(" ")}`.toLowerCase().includes(text))
  );
}

/** Where an object is looked at: policies in the editor, services on their page, the rest on the canvas. */
export function objectLink(mesh: string, key: string): string {
  const parts = parseKey(key);
  if (parts && isPolicyKind(parts.kind))
    return `/meshes/${mesh}/policies/${parts.kind}/${parts.namespace}/${parts.name}`;
  if (parts?.kind === "Service") return `/meshes/${mesh}/services/${parts.namespace}/${parts.name}`;
  return `/meshes/${mesh}/topology?sel=${encodeURIComponent(key)}`;
}
