// Reads files of questions and of policy tests: YAML or JSON, one or many, with every problem told by file, line and path.
// The rule: the same schema as the API's, so a test that passes here can be saved there and back.
import { readFileSync } from "node:fs";
import path from "node:path";
import type { z } from "zod";
import { readYaml } from "@/lib/mesh/yaml/read";
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

async function textAt(io: Io, place: string): Promise<TextFile[]> {
  if (place === "-") return [{ file: "stdin", text: await io.readStdin() }];
  try {
    return [{ file: place, text: readFileSync(path.resolve(io.cwd, place), "utf8") }];
  } catch (error) {
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
      problems.push(`${file}:${lineOf(steps)}: ${place}: ${isMissing ? "is missing" : message}`);
    }
    return [];
  });
}

function refuse(problems: readonly string[], what: string): void {
  if (problems.length === 0) return;
  const more = problems.length > MAX_PROBLEMS ? `\n  and ${problems.length - MAX_PROBLEMS} more` : "";
  throw new UsageError(`these ${what} cannot be read:\n  ${problems.slice(0, MAX_PROBLEMS).join("\n  ")}${more}`);
}
