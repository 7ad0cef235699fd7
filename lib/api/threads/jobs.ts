// What may take long because a design or a text is large: reading, writing, comparing, judging, asking. Each is one function by name.
// The rule: plain data in, plain data out, nothing else: a job runs on the thread of the requests or on one of its own, with the same result.
import { analyze } from "@/lib/analysis";
import type { EnvironmentBinding } from "@/lib/compile/types";
import { compileMesh, evaluateDesign } from "@/lib/compliance";
import {
  buildBundle,
  dialectOf,
  exportDocument,
  type ImportChoice,
  importDocuments,
  lossesOf,
  migrationOf,
} from "@/lib/dialects";
import type { ExportId } from "@/lib/dialects/catalogue";
import {
  applyCommand,
  type Command,
  diffDocuments,
  fromYaml,
  type MeshDocument,
  objectKey,
  type Positions,
  toYaml,
  type Violation,
} from "@/lib/mesh";
import { changePicture, compareAccess, compareFindings, trustView } from "@/lib/review/walkthrough";
import { PRODUCTS } from "@/lib/selection";
import { fitsOf } from "@/lib/selection/measure";
import {
  accessMatrix,
  ask,
  buildScene,
  consequencesOf,
  type ObservedCall,
  type Question,
  replay,
} from "@/lib/simulate";
import { mergeInto, type Sides } from "../merge-answer";
import { replacement } from "../replacement";
import type * as schema from "../schema";

type Pair = { from: MeshDocument; to: MeshDocument };
type Refused = { ok: false; violations: Violation[] };

/** The change that is merged: a whole design, its text, or commands on the base. */
export type Mine = { document: MeshDocument; positions: Positions } | { text: string } | { commands: Command[] };
interface MergeInput extends Omit<Sides, "mine"> {
  mine: Mine;
  body: Pick<schema.MergeRequest, "base" | "choices" | "otherwise" | "apply">;
  /** `2026-11-21`, for findings about dates. */
  today: string;
}
type Merged = { ok: true; answer: schema.MergeAnswer; command?: Command };

export const JOBS = {
  importText: ({
    choice,
    text,
    file,
    document,
    defaultNamespace,
  }: {
    choice: ImportChoice;
    text: string;
    file: string | undefined;
    document: MeshDocument;
    defaultNamespace: string | undefined;
  }) => importDocuments(choice, [{ text, file }], { document, defaultNamespace }),

  /** The command that puts the design of the text in the place of `before`. */
  replaceByText({ text, before }: { text: string; before: MeshDocument }): { ok: true; command: Command } | Refused {
    const read = fromYaml(text);
    return read.ok ? { ok: true, command: replacement(before, read.document) } : read;
  },

  /** With the command that saves it, where saving is asked for and nothing is open. */
  merge({ mine, body, today, ...sides }: MergeInput): Merged | Refused {
    const read = designOf(mine, sides.base);
    if (!read.ok) return read;
    const { answer, document } = mergeInto({ ...sides, mine: read.document }, body, today);
    if (!body.apply || answer.conflicts.open > 0 || answer.result.total === 0) return { ok: true, answer };
    const drawn = new Set(sides.theirs.objects.map(objectKey));
    const added = document.objects.map(objectKey).filter((key) => !drawn.has(key));
    const places = added.flatMap((key) => (read.positions[key] ? [[key, read.positions[key]] as const] : []));
    return { ok: true, answer, command: replacement(sides.theirs, document, Object.fromEntries(places)) };
  },

  exportText({
    format,
    document,
    channel,
    bundle,
  }: {
    format: "yaml" | "json" | ExportId;
    document: MeshDocument;
    channel: string | undefined;
    bundle: boolean;
  }) {
    if (format === "yaml" || format === "json") {
      const text = format === "yaml" ? toYaml(document) : `${JSON.stringify(document, null, 2)}\n`;
      return { text, losses: [], report: [] };
    }
    const dialect = dialectOf(format);
    // a channel of another product is none of this one
    const variant = dialect.channels?.find((each) => each === channel) ?? dialect.channels?.[0];
    const made = exportDocument(format, document, variant === undefined ? {} : { channel: variant });
    const { text, report } = made;
    const input = { dialect, channel: variant, document, made };
    const more = bundle ? { files: buildBundle(input), migration: migrationOf(input) } : {};
    // files of their own hold the text already, and may be many
    const whole = bundle && made.files ? "" : text;
    return { text: whole, losses: lossesOf(report), report, ...more };
  },

  findings: ({ document, today }: { document: MeshDocument; today?: string }) =>
    analyze(document, today === undefined ? {} : { today }),

  diff: ({ from, to }: Pair) => diffDocuments(from, to),

  /** Every control on the design and on what it compiles to. */
  controls: ({ document, binding }: { document: MeshDocument; binding?: EnvironmentBinding }) =>
    evaluateDesign(document, binding ? { binding } : {}),

  /** The design exported to every product that is compared, and compiled. */
  fits: ({ document }: { document: MeshDocument }) => fitsOf(PRODUCTS, document),

  compiledSizes: ({ document }: { document: MeshDocument }) =>
    compileMesh(document).proxies.map(({ workload, owner, listeners, routes, clusters }) => ({
      workload,
      owner,
      listeners: Object.keys(listeners),
      routes: Object.keys(routes).length,
      clusters: Object.keys(clusters).length,
    })),

  changes: ({ from, to, places }: Pair & { places: { before: Positions; after: Positions } }) => ({
    changes: diffDocuments(from, to),
    picture: changePicture(from, to, places),
  }),

  access: ({ from, to }: Pair) => compareAccess(accessMatrix(buildScene(from)), accessMatrix(buildScene(to))),

  trust: ({ document, access }: { document: MeshDocument; access: ReturnType<typeof compareAccess> }) =>
    trustView(document, access),

  routing: ({ from, to, observed }: Pair & { observed: readonly ObservedCall[] }) =>
    consequencesOf(buildScene(from), buildScene(to), observed),

  compareFindings: ({ from, to }: Pair) => compareFindings(analyze(from), analyze(to)),

  ask: ({ document, question }: { document: MeshDocument; question: Question }) => ask(buildScene(document), question),

  replay: ({ from, to, observed }: Pair & { observed: readonly ObservedCall[] }) =>
    replay(buildScene(from), buildScene(to), observed),
} as const;

function designOf(
  mine: Mine,
  base: MeshDocument,
): { ok: true; document: MeshDocument; positions: Positions } | Refused {
  if ("document" in mine) return { ok: true, ...mine };
  if ("commands" in mine) return applyCommand(base, {}, { type: "batch", commands: mine.commands });
  const read = fromYaml(mine.text);
  return read.ok ? { ok: true, document: read.document, positions: {} } : read;
}

export type Jobs = typeof JOBS;
export type JobName = keyof Jobs;
export type JobInput<N extends JobName> = Parameters<Jobs[N]>[0];
export type JobResult<N extends JobName> = ReturnType<Jobs[N]>;

/** A job as it goes to a thread. */
export type Task = { [N in JobName]: { name: N; input: JobInput<N> } }[JobName];

export function runJob<N extends JobName>(name: N, input: JobInput<N>): JobResult<N> {
  return (JOBS[name] as (input: JobInput<N>) => JobResult<N>)(input);
}

/** Characters of an object of a design as JSON, in the mean of a mesh of 1,000 services; a rule of it about as many. */
const OBJECT_CHARACTERS = 230;

/** How many characters a job has to go through, about; told without going through them. */
export function charactersOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (Array.isArray(value)) return value.length * OBJECT_CHARACTERS;
  if (typeof value !== "object" || value === null) return 0;
  if ("objects" in value && Array.isArray(value.objects)) return ofDesign(value as MeshDocument);
  return Object.values(value).reduce((sum: number, each) => sum + charactersOf(each), 0);
}

function ofDesign({ objects }: MeshDocument): number {
  const rules = objects.reduce(
    (sum, { spec }) => sum + ("rules" in spec && Array.isArray(spec.rules) ? spec.rules.length : 0),
    0,
  );
  return (objects.length + rules) * OBJECT_CHARACTERS;
}
