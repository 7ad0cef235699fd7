// What analyzers say, and what an analyzer is.
// The rule: a code is stable for ever; a message names the objects, a cause says why it is so, and a fix is a command on the design.
import {
  type Command,
  isOfKind,
  type Kind,
  type MeshIndex,
  type MeshObject,
  type ObjectKey,
  type ObjectOf,
} from "@/lib/mesh";

export type Severity = "error" | "warning" | "info";
export type Fix = { title: string; command: Command };
/** What a finding asks for, and the order in which a person goes through them. */
export type Area = "broken" | "access" | "encryption" | "routing" | "resilience" | "ownership";
/** As an analyzer makes it. */
export type FindingBody = {
  code: string;
  /** Computed for this case, not for the code. */
  severity: Severity;
  /** One sentence. */
  message: string;
  cause: string;
  /** The objects it is about, the one to change first. */
  refs: ObjectKey[];
  /** Inside the first object. */
  path?: string;
  fixes?: Fix[];
};
/** `id` names it for accepted risks, links and history; title and area are those of its analyzer. */
export type Finding = FindingBody & { id: string; title: string; area: Area };

/** What is known beside the design. */
export type Facts = {
  /** How many endpoints a workload has, by its key; absent: its replicas, else 1. */
  endpointsOf(workload: ObjectOf<"Workload">): number;
  /** `2026-11-21`; undefined: nothing is judged by its date. */
  today: string | undefined;
};

/** `ofDesign`: about what only a design says (drawn dependencies, owners, budgets), so not asked of a product's manifests. */
type Described = { code: string; title: string; area: Area; ofDesign?: true };
type RunOn<O> = (index: MeshIndex, object: O, facts: Facts) => FindingBody[];
/** Looks at one object at a time; asked again only when the object or what it looked up changed. */
export type ObjectAnalyzer<K extends Kind> = Described & { scope: "object"; kind: K; run: RunOn<ObjectOf<K>> };
/** The same for several kinds. `looksWide`: it may look at much of the mesh, so what it looked at is noted by kind only. */
export type KindsAnalyzer = Described & {
  scope: "object";
  kinds: readonly Kind[];
  run: RunOn<MeshObject>;
  looksWide?: true;
};
/** Looks at the whole design; asked again when anything changed that it looked up. */
export type MeshAnalyzer = Described & { scope: "mesh"; run(index: MeshIndex, facts: Facts): FindingBody[] };

/** An analyzer as the engine runs it: it may be given any object and says nothing about those of other kinds. */
export type Analyzer = MeshAnalyzer | KindsAnalyzer;

export function onObject<K extends Kind>(analyzer: ObjectAnalyzer<K>): Analyzer {
  const { run, kind, ...described } = analyzer;
  return {
    ...described,
    kinds: [kind],
    run: (index, object, facts) => (isOfKind(kind, object) ? run(index, object, facts) : []),
  };
}
