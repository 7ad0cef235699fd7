// What analyzers say, and what an analyzer is.
// The rule: a code is stable for ever; a message names the objects, a cause says why it is so, and a fix is a command on the design.
import type { Command, Kind, MeshIndex, ObjectKey, ObjectOf } from "@/lib/mesh";

export type Severity = "error" | "warning" | "info";
export type Fix = { title: string; command: Command };
export type Finding = {
  code: string;
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

/** What is known beside the design. */
export type Facts = {
  /** How many endpoints a workload has, by its key; absent: its replicas, else 1. */
  endpointsOf(workload: ObjectOf<"Workload">): number;
};

type Described = { code: string; title: string };
/** Looks at one object at a time; asked again only when the object or what it refers to changed. */
export type ObjectAnalyzer<K extends Kind = Kind> = Described & {
  scope: "object";
  kind: K;
  run(index: MeshIndex, object: ObjectOf<K>, facts: Facts): Finding[];
};
/** Looks at the whole design. */
export type MeshAnalyzer = Described & { scope: "mesh"; run(index: MeshIndex, facts: Facts): Finding[] };
export type Analyzer = MeshAnalyzer | { [K in Kind]: ObjectAnalyzer<K> }[Kind];
