// What of a policy has no words in a design: kept as a policy that says only that, and written back beside the rest.
// The rule: rules of Cilium are a union, so a rule may stand in a policy of its own; each part that is left out is told once.
import type { Path } from "@/lib/mesh";
import type { ImportContext } from "../shared/context";
import { keptWords } from "../shared/kept-kinds";
import { keepBeside } from "../shared/verbatim";
import type { Callers } from "./callers";
import type { Said } from "./operations";
import type { Peer, PolicyPart, PortEntry, Raw, Rule, Section } from "./state";
import { REST_OF } from "./state";

type Left = { section: Section; raw: Raw };
type Told = { path: Path; why: string; isQuiet: boolean; section: Section };

/** What is left over of one part. */
export class Rest {
  private readonly left = new Map<string, Left>();
  private readonly told = new Map<string, Told>();
  private isWhole = false;
  private isBeside = false;

  constructor(private readonly part: PolicyPart) {}

  /** The part as a whole: nothing of it, or not all that it is for (`isBeside`), is in the design. */
  whole(isBeside = false): void {
    this.isWhole = true;
    this.isBeside ||= isBeside;
  }

  rule(rule: Rule, why: string, isQuiet = false): void {
    this.add(rule.section, rule.raw, { path: rule.path, why, isQuiet });
  }

  /** Peers that have no words, with all ports of the rule. */
  peers(rule: Rule, unsaid: Callers["unsaid"]): void {
    if (unsaid.length === 0) return;
    const raw = { ...withoutPeers(rule), ...grouped(unsaid.map(({ peer }) => peer)) };
    for (const { peer, why } of unsaid) this.add(rule.section, raw, { path: peer.path, why, isQuiet: false });
  }

  /** Ports that have no words, with all peers of the rule. */
  ports(rule: Rule, unsaid: Said["unsaid"]): void {
    if (unsaid.length === 0) return;
    const entries = new Map<PortEntry["path"], Raw>(unsaid.map(({ entry }) => [entry.path, entry.raw]));
    const raw = { ...rule.raw, toPorts: [...entries.values()] };
    for (const { entry, why, isQuiet } of unsaid) this.add(rule.section, raw, { path: entry.path, why, isQuiet });
  }

  private add(section: Section, raw: Raw, { path, why, isQuiet }: Omit<Told, "section">): void {
    this.left.set(`${section} ${JSON.stringify(raw)}`, { section, raw });
    this.told.set(`${path.join(".")} ${why}`, { path, why, isQuiet, section });
  }

  finish(context: ImportContext): void {
    const { part } = this;
    const { resource, name, raw: source } = part;
    if (!this.isWhole && this.left.size === 0) return;
    const rest: Raw = { endpointSelector: source["endpointSelector"], ...closing(part) };
    for (const { section, raw } of this.left.values())
      rest[section] = [...((rest[section] as Raw[] | undefined) ?? []), raw];
    const { specs: _specs, ...whole } = source;
    const { annotations: own, ...place } = resource;
    const isRest = !this.isWhole || this.isBeside;
    const annotations = { ...own, ...(isRest ? { [REST_OF]: name } : {}) };
    const kept = {
      ...place,
      name: isRest ? `${name}-rest` : name,
      ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
      spec: this.isWhole ? whole : rest,
    };
    const what = keptWords(keepBeside(context, { resource: kept, result: part.result }));
    for (const { path, why, isQuiet, section } of this.told.values()) {
      const [effect, fix] = WORDS[section];
      const judgement = isQuiet ? { verdict: "ignored" as const } : { verdict: "lost" as const, changesMeaning: true };
      const message = isQuiet ? `${why}: ${what}` : `${why}: ${effect}; ${what}`;
      context.warn(resource, path, message, isQuiet ? "Nothing has to be done here." : fix, judgement);
    }
  }
}

const WORDS: Record<Section, [string, string]> = {
  ingress: ["these callers are refused here", "Say by hand who they are, or keep Cilium."],
  ingressDeny: ["these calls are not denied here", "Write the denial as an AuthorizationPolicy."],
  egress: ["these calls are not drawn here", "Draw them, and give what is outside an Egress."],
  egressDeny: ["these calls are not denied here", "Draw only what may be called."],
};

/** Said only where it is not what the rules themselves say. */
function closing({ closes, rules }: PolicyPart): Raw {
  const has = (side: string) => rules.some(({ section }) => section.startsWith(side));
  const own = {
    ...(closes.ingress === has("ingress") ? {} : { ingress: closes.ingress }),
    ...(closes.egress === has("egress") ? {} : { egress: closes.egress }),
  };
  return Object.keys(own).length > 0 ? { enableDefaultDeny: own } : {};
}

function withoutPeers({ raw, peers = [] }: Rule): Raw {
  const fields = new Set(peers.map(({ field }) => field));
  return Object.fromEntries(Object.entries(raw).filter(([field]) => !fields.has(field)));
}

function grouped(peers: readonly Peer[]): Raw {
  const lists: Record<string, unknown[]> = {};
  for (const { field, raw } of peers) lists[field] = [...(lists[field] ?? []), raw];
  return lists;
}
