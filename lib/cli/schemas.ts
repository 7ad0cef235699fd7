// What the commands read and print as JSON, as shapes that other programs can check: `meshwright schema NAME`.
// The rule: an answer that is not of its shape is a defect, and a test holds every command's answers against them.
import { z } from "zod";
import {
  answer,
  finding,
  migration,
  reportEntry,
  selectionEvaluation,
  semanticChange,
  violation,
} from "@/lib/api/schema";
import { commandSchema, meshDocument, meshObject } from "@/lib/mesh";
import { criteriaSchema } from "@/lib/selection/choices";
import { policyTest, question } from "@/lib/simulate";

const ok = z.literal(true);
const importWarning = z.strictObject({
  source: z.string().meta({ description: "the resource: VirtualService production/payment-service" }),
  path: z.string(),
  message: z.string(),
  fix: z.string(),
  line: z.int(),
  column: z.int().optional(),
  file: z.string().optional(),
  verdict: reportEntry.shape.verdict,
  changesMeaning: z.boolean().meta({ description: "a call gets another answer here than in the product" }),
});
/** Of manifests read by --dialect only. */
const read = { warnings: z.array(importWarning).optional() };
const violations = z.array(violation);
const refused = z.strictObject({ ok: z.literal(false), violations });
/** A wrong option, a file that cannot be read, or what the server said. */
const wrongUse = z.strictObject({ ok: z.literal(false), error: z.string(), problem: z.unknown().optional() });
const answerOf = <T extends z.ZodType>(shape: T) => z.union([shape, refused, wrongUse]);

const call = z.strictObject({
  outcome: answer.shape.outcome,
  status: z.int().nullable(),
  destinations: answer.shape.destinations,
});
const conflict = z.strictObject({
  key: z.string(),
  path: z.string().meta({ description: 'inside the object; "" for the object as a whole' }),
  kind: z.enum(["changed", "added", "ours-removed", "theirs-removed", "together", "name"]),
  message: z.string(),
  base: z.unknown().optional(),
  ours: z.unknown().optional(),
  theirs: z.unknown().optional(),
  taken: z.enum(["ours", "theirs"]).optional(),
});

const validated = z.strictObject({
  ok: z.boolean(),
  digest: z.string().optional(),
  violations,
  findings: z.array(finding),
  ...read,
});
const compared = z.strictObject({
  ok: z.boolean(),
  fromDigest: z.string(),
  toDigest: z.string(),
  changes: z.array(semanticChange),
  consequences: z.array(
    z.strictObject({
      kind: z.string(),
      severity: z.enum(["attention", "change"]),
      sentence: z.string(),
      caller: z.string(),
      callee: z.string(),
      request: z.strictObject({
        host: z.string(),
        port: z.int(),
        method: z.string(),
        path: z.string(),
        headers: z.record(z.string(), z.string()),
      }),
      before: call,
      after: call,
    }),
  ),
  ...read,
});
const merged = z.strictObject({
  ok: z.boolean(),
  conflicts: z.array(conflict),
  violations,
  document: meshDocument.optional(),
});
const simulated = z.strictObject({ ok: z.boolean(), answers: z.array(z.strictObject({ question, answer })), ...read });
const tested = z.strictObject({
  ok: z.boolean(),
  passed: z.int(),
  failed: z.int(),
  notRun: z.int().optional(),
  results: z.array(
    z.object({
      name: z.string(),
      passed: z.boolean(),
      failures: z.array(z.string()),
      file: z.string(),
      answer: answer.partial().required({ sentence: true }),
    }),
  ),
  ...read,
});
const imported = z.strictObject({
  ok: z.boolean(),
  products: z
    .array(z.strictObject({ dialect: z.string(), versions: z.array(z.string()), documents: z.int() }))
    .meta({ description: "what the documents were of, with the versions of its API that they named" }),
  understood: z.array(
    z.strictObject({
      source: z.string(),
      line: z.int(),
      file: z.string().optional(),
      objects: z.array(z.string()),
      sentences: z.array(z.string()),
    }),
  ),
  kept: z.array(z.strictObject({ key: z.string(), source: z.string(), path: z.string(), value: z.unknown() })),
  warnings: z.array(importWarning),
  violations,
  commands: z.array(commandSchema),
  findings: z.array(finding),
  document: meshDocument.optional(),
});
const exported = z.union([
  z.strictObject({
    ok,
    files: z.array(z.string()).optional(),
    resources: z.array(z.record(z.string(), z.unknown())),
    losses: z.array(reportEntry),
    report: z.array(reportEntry),
    ...read,
  }),
  z.strictObject({ ok, objects: z.array(meshObject), ...read }),
]);
const compiled = z.strictObject({
  ok,
  bootstrap: z
    .record(z.string(), z.unknown())
    .meta({ description: "envoy.config.bootstrap.v3.Bootstrap in protobuf's JSON" }),
  warnings: z.array(z.object({ path: z.string(), message: z.string(), fix: z.string() })),
});

const migrated = z.strictObject({
  ok: z.boolean().meta({ description: "everything is decided" }),
  migration,
  choices: z.record(z.string(), z.string()).meta({ description: "of --decisions, by the id of the decision" }),
  undecided: z.int(),
  unknown: z.array(z.string()).meta({ description: "ids of --decisions that are none of these decisions" }),
  files: z.array(z.string()).optional(),
});

const replayed = z.strictObject({
  ok: z.boolean(),
  requests: z.int().meta({ description: "recorded requests that were asked" }),
  calls: z.int().meta({ description: "different ones among them" }),
  skipped: z.array(z.strictObject({ why: z.string(), count: z.int() })),
  differences: z.array(
    z.strictObject({
      caller: z.string(),
      host: z.string().meta({ description: "as it was asked for; of calls that the server saw, the service" }),
      method: z.string(),
      path: z.string().meta({ description: "the one that was asked for most often" }),
      paths: z.int().meta({ description: "how many paths differ in the same way" }),
      count: z.int().meta({ description: "requests" }),
      sentence: z.string(),
      before: call,
      after: call,
    }),
  ),
  ...read,
});

const selected = z.strictObject({
  ok: z.boolean().meta({ description: "some product meets every constraint, as far as is known" }),
  ...selectionEvaluation.omit({ at: true, digest: true }).shape,
  digest: z.string().optional().meta({ description: "of the design that was measured" }),
  leftOut: z.array(z.string()).meta({ description: "criteria that are measured on a design, where none was given" }),
  ...read,
});

/** `io`: input for files that may leave out what has a default. */
type Published = { about: string; schema: z.ZodType; io?: "input" | "output" };
const PUBLISHED = {
  object: { about: "one document of a design, for editors", schema: meshObject },
  questions: { about: "a file of simulate --questions", schema: z.strictObject({ questions: z.array(question) }) },
  tests: { about: "a file of test --tests", schema: z.strictObject({ tests: z.array(policyTest) }) },
  criteria: { about: "a file of select --criteria", schema: criteriaSchema, io: "input" },
  validate: { about: "what validate --json prints", schema: answerOf(validated) },
  diff: { about: "what diff --json prints", schema: answerOf(compared) },
  merge: { about: "what merge --json prints", schema: answerOf(merged) },
  simulate: { about: "what simulate --json prints", schema: answerOf(simulated) },
  test: { about: "what test --json prints", schema: answerOf(tested) },
  replay: { about: "what replay --json prints", schema: answerOf(replayed) },
  select: { about: "what select --json prints", schema: answerOf(selected) },
  import: { about: "what import --json prints", schema: answerOf(imported) },
  export: { about: "what export --json prints", schema: answerOf(exported) },
  migrate: { about: "what migrate --json prints", schema: answerOf(migrated) },
  compile: { about: "what compile --json prints", schema: answerOf(compiled) },
} satisfies Record<string, Published>;

export type SchemaName = keyof typeof PUBLISHED;
export const SCHEMA_NAMES = Object.keys(PUBLISHED) as SchemaName[];
export const schemaAbout = (name: SchemaName): string => PUBLISHED[name].about;

/** JSON Schema 2020-12. Rules that no JSON Schema can say (limits over several fields) are checked by the command alone. */
export function jsonSchemaOf(name: SchemaName): Record<string, unknown> {
  const { schema, about, io = "output" }: Published = PUBLISHED[name];
  const made = z.toJSONSchema(schema, { unrepresentable: "any", reused: "ref", io });
  return { ...made, $id: `https://meshwright.dev/schema/v1/${name}.json`, title: `meshwright ${name}: ${about}` };
}
