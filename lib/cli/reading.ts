// Reads files of questions, of policy tests and of criteria: YAML or JSON, one or many, with every problem told by file, line and path.
// The rule: the same schema as the API's, so a test that passes here can be saved there and back.
import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { parsePath } from "@/lib/mesh";
import { readYaml, YAML_LIMITS } from "@/lib/mesh/yaml/read";
import { type Criteria, criteriaProblems, criteriaSchema } from "@/lib/selection/choices";
import { MAX_POLICY_TESTS, policyTest, type Question, question } from "@/lib/simulate";
import type { TextFile } from "./design";
import { readTexts } from "./files";
import { type Io, UsageError, unreadable } from "./io";

export type TestFile = { file: string; tests: z.output<typeof policyTest>[] };
const MAX_PROBLEMS = 50;

/** A file holds `tests:` with a list, or one test per YAML document. */
/** @param mayBeNone files without a test are no mistake */
export async function readTestFiles(io: Io, places: readonly string[], mayBeNone: boolean): Promise<TestFile[]> {
  const problems: string[] = [];
  const files = (await readTexts(io, places)).map(({ file, text }) => {
    const values = valuesOf(file, text, "tests", problems);
    return { file, tests: checked(values, policyTest, problems) };
  });
  refuse(problems, "policy tests");
  const count = files.reduce((sum, { tests }) => sum + tests.length, 0);
  if (count === 0 && !mayBeNone) {
    throw new UsageError("there is no policy test in these files: add one, or say --pass-with-no-tests");
  }
  if (count > MAX_POLICY_TESTS)
    throw new UsageError(`there are ${count} policy tests; at most ${MAX_POLICY_TESTS} run at once`);
  return files;
}

/** A file holds `questions:` with a list, or one question per YAML document. */
export async function readQuestions(io: Io, place: string): Promise<Question[]> {
  const problems: string[] = [];
  const [{ file, text } = { file: place, text: "" }] = await textAt(io, place);
  const questions = checked(valuesOf(file, text, "questions", problems), question, problems);
  refuse(problems, "questions");
  if (questions.length === 0) throw new UsageError(`there is no question in ${place}`);
  return questions;
}

/** Choices by the id of their decision; `words`: what may be chosen. */
export async function readChoices(io: Io, place: string, words: readonly string[]): Promise<Record<string, string>> {
  const problems: string[] = [];
  const [{ file, text } = { file: place, text: "" }] = await textAt(io, place);
  const { documents, violations } = readYaml(text, { file });
  problems.push(...violations.map(({ line, message, fix }) => `${file}:${line ?? 1}: ${message}. ${fix}`));
  const choices: Record<string, string> = {};
  for (const { value, lineOf } of documents) {
    if (!isRecord(value)) problems.push(`${file}:${lineOf([])}: must be lines of ID: CHOICE`);
    for (const [id, choice] of isRecord(value) ? Object.entries(value) : []) {
      if (typeof choice === "string" && words.includes(choice)) choices[id] = choice;
      else problems.push(`${file}:${lineOf([id])}: ${id}: must be ${words.join(" or ")}`);
    }
  }
  refuse(problems, "decisions");
  return choices;
}

const criteriaFile = z.strictObject(criteriaSchema.shape, {
  error: (issue) =>
    issue.code === "unrecognized_keys"
      ? `has no field ${issue.keys.join(", ")}. It takes ${Object.keys(criteriaSchema.shape).join(", ")}`
      : undefined,
});
/** At most: every list of it full, twice. */
const MAX_CRITERIA_BYTES = 1024 * 1024;

/** Weights, constraints and own verdicts; nothing is a file of defaults. */
export async function readCriteria(io: Io, place: string): Promise<Criteria> {
  const problems: string[] = [];
  const [{ file, text } = { file: place, text: "" }] = await textAt(io, place, MAX_CRITERIA_BYTES);
  const { documents, violations } = readYaml(text, { file });
  problems.push(...violations.map(({ line, message, fix }) => `${file}:${line ?? 1}: ${message}. ${fix}`));
  if (documents.length > 1) problems.push(`${file}: has ${documents.length} documents. Put all of it into one.`);
  const [document] = documents;
  const none = { value: {}, lineOf: () => 1 };
  const { value, lineOf } = document ?? none;
  const line = (steps: readonly PropertyKey[]) => lineOf(steps.map((step) => (typeof step === "symbol" ? "" : step)));
  const [criteria] = checked([{ value, at: "", lineOf: line, file }], criteriaFile, problems);
  for (const { path: at, message, fix } of criteria ? criteriaProblems(criteria) : []) {
    problems.push(`${file}:${lineOf(parsePath(at))}: ${at}: ${message}. ${fix}`);
  }
  refuse(problems, "criteria");
  return criteria ?? criteriaSchema.parse({});
}

async function textAt(io: Io, place: string, most = YAML_LIMITS.bytes): Promise<TextFile[]> {
  const tooLarge = () => new UsageError(`${place} is larger than ${most / 1024 / 1024} MiB: give a smaller file`);
  if (place === "-") {
    const text = await io.readStdin();
    if (text.length > most) throw tooLarge();
    return [{ file: "stdin", text }];
  }
  try {
    const file = path.resolve(io.cwd, place);
    const { size } = statSync(file);
    if (size > most) throw tooLarge();
    return [{ file: place, text: readFileSync(file, "utf8") }];
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw unreadable(place, error);
  }
}

type Placed = { value: unknown; at: string; lineOf(steps: readonly PropertyKey[]): number; file: string };

function valuesOf(file: string, text: string, list: string, problems: string[]): Placed[] {
  const { documents, violations } = readYaml(text, { file });
  problems.push(...violations.map(({ line, message, fix }) => `${file}:${line ?? 1}: ${message}. ${fix}`));
  return documents.flatMap(({ value, lineOf }): Placed[] => {
    const line = (steps: readonly PropertyKey[]) => lineOf(steps.map((step) => (typeof step === "symbol" ? "" : step)));
    const many = isRecord(value) ? value[list] : value;
    const prefix = isRecord(value) ? [list] : [];
    if (!Array.isArray(many)) return [{ value, at: "", lineOf: line, file }];
    return many.map((each, i) => {
      const at = [...prefix, i];
      return {
        value: each as unknown,
        at: `${prefix.join("")}[${i}]`,
        lineOf: (steps) => line([...at, ...steps]),
        file,
      };
    });
  });
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function checked<T>(values: readonly Placed[], schema: z.ZodType<T>, problems: string[]): T[] {
  return values.flatMap(({ value, at, lineOf, file }) => {
    const parsed = schema.safeParse(value);
    if (parsed.success) return [parsed.data];
    for (const { path: steps, message } of parsed.error.issues) {
      const place = [at, ...steps.map(String)].filter(Boolean).join(".");
      const isMissing = message.endsWith("received undefined");
      const said = [`${file}:${lineOf(steps)}`, place, isMissing ? "is missing" : message];
      problems.push(said.filter(Boolean).join(": "));
    }
    return [];
  });
}

function refuse(problems: readonly string[], what: string): void {
  if (problems.length === 0) return;
  const more = problems.length > MAX_PROBLEMS ? `\n  and ${problems.length - MAX_PROBLEMS} more` : "";
  throw new UsageError(`these ${what} cannot be read:\n  ${problems.slice(0, MAX_PROBLEMS).join("\n  ")}${more}`);
}
