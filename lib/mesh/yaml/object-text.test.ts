// The bar of the editor: a form's change reaches the text and back, and no comment is lost on the way.
import fc from "fast-check";
import { expect, test } from "vitest";
import { isSameJson } from "../commands/equal";
import { canonicalJson, digestOf } from "../digest/digest";
import { arbitraryPolicy } from "../policies/testing/arbitrary-policy";
import { withValueAt } from "../references";
import type { MeshObject, Path } from "../types";
import { parseObject } from "../violations";
import { fromYaml } from "./from-yaml";
import { editObjectText, readObjectText, textOfObject, textToKeep } from "./object-text";
import { toYaml } from "./to-yaml";

const seed = Number(process.env["SEED"] ?? 1);

function read(text: string): MeshObject {
  const result = readObjectText(text);
  if (!result.ok) throw new Error(`${JSON.stringify(result.problems)}\n${text}`);
  return result.object;
}

/** Every place of the spec that a form could change. */
function placesOf(value: unknown, path: Path = ["spec"]): Path[] {
  if (value === null || typeof value !== "object") return [path];
  return [
    path,
    ...Object.entries(value).flatMap(([key, each]) =>
      placesOf(each, [...path, Array.isArray(value) ? Number(key) : key]),
    ),
  ];
}

type Step = { at: number; how: "other" | "remove" | "twice" | "move"; to: number };

/** What a form does: sets a field, takes something out, copies or moves an item. Undefined when it does not fit the schema. */
function changed(
  object: MeshObject,
  other: MeshObject,
  step: Step,
): { object: MeshObject; removed?: Path } | undefined {
  const places = placesOf(object.spec).slice(1);
  const path = places[step.at % places.length] ?? ["spec"];
  const parent = path.slice(0, -1);
  const listAt = parent.reduce<unknown>((value, key) => (value as Record<string | number, unknown>)[key], object);
  let next: unknown;
  if (step.how === "other" && other.kind === object.kind) next = { ...object, spec: other.spec };
  else if (step.how === "remove") next = withValueAt(object, path, undefined);
  else if (Array.isArray(listAt)) {
    const from = Number(path.at(-1));
    const list = [...listAt];
    if (step.how === "twice") list.splice(from, 0, structuredClone(list[from]));
    else list.splice(step.to % list.length, 0, ...list.splice(from, 1));
    next = withValueAt(object, parent, list);
  } else if (typeof leafOf(object, path) === "number") next = withValueAt(object, path, 7);
  else next = withValueAt(object, path, "GET");
  const parsed = parseObject(JSON.parse(JSON.stringify(next)));
  if (!parsed.ok) return undefined;
  // which of two equal items went nobody can tell
  if (step.how === "remove" && Array.isArray(listAt) && new Set(listAt.map(canonicalJson)).size < listAt.length)
    return undefined;
  return { object: parsed.object, ...(step.how === "remove" ? { removed: path } : {}) };
}

const leafOf = (object: MeshObject, path: Path) =>
  path.reduce<unknown>((value, key) => (value as Record<string | number, unknown>)[key], object);

/** The printed form with comments above and behind lines, and blank lines; `owner` says to which printed line each belongs. */
function commented(object: MeshObject, dice: readonly number[]): { text: string; owners: number[] } {
  const owners: number[] = [];
  let isLiteral = 0;
  const lines = textOfObject(object)
    .trimEnd()
    .split("\n")
    .map((line, i) => {
      const indent = line.search(/\S/);
      if (isLiteral > 0 && (indent > isLiteral || line.trim() === "")) return line;
      isLiteral = /[|>][-+]?\d?$/.test(line) ? indent + (/^ *- /.test(line) ? 1 : 0) || 0.5 : 0;
      const die = dice[i % dice.length] ?? 0;
      const note = () => {
        owners.push(i);
        return `# note ${owners.length - 1}.`;
      };
      const above = die % 3 === 0 ? `${" ".repeat(indent)}${note()}\n` : "";
      const gap = die % 7 === 0 ? "\n" : "";
      const behind = die % 5 === 0 && isLiteral === 0 ? ` ${note()}` : "";
      return `${above && gap}${above}${line}${behind}`;
    });
  return { text: `${lines.join("\n")}\n`, owners };
}

/** The printed lines that belong to `path`: from its own line until the text is no deeper any more. */
function linesOf(object: MeshObject, path: Path): [number, number] {
  const text = textOfObject(object);
  const place = readObjectText(text);
  if (!place.ok) throw new Error("the printed form is readable");
  const lines = text.split("\n");
  const isItem = typeof path.at(-1) === "number";
  const first = place.placeOf(path).line - 1;
  const column = isItem ? (lines[first] ?? "").search(/\S/) : (lines[first] ?? "").search(/[^\s-]/);
  let last = first + 1;
  while (last < lines.length && ((lines[last] ?? "").search(/\S/) > column || lines[last]?.trim() === "")) last += 1;
  return [first, last];
}

test(`form to YAML to form over 500 policies: equal models, comments kept (seed ${seed})`, () => {
  let policies = 0;
  let steps = 0;
  const step = fc.record({ at: fc.nat(200), how: fc.constantFrom("other", "remove", "twice", "move"), to: fc.nat(5) });
  fc.assert(
    fc.property(
      arbitraryPolicy,
      arbitraryPolicy,
      fc.array(fc.nat(104), { minLength: 8, maxLength: 8 }),
      fc.array(step, { minLength: 2, maxLength: 2 }),
      (object, other, dice, plan) => {
        const { text, owners } = commented(object, dice);
        expect(isSameJson(read(text), object)).toBe(true);
        expect(editObjectText(text, object)).toBe(text);
        policies += 1;
        for (const each of plan as Step[]) {
          const change = changed(object, other, each);
          if (!change) continue;
          const edited = editObjectText(text, change.object);
          expect(isSameJson(read(edited), change.object)).toBe(true);
          steps += 1;
          if (each.how === "other" && other.kind === object.kind) continue;
          const [first, last] = change.removed ? linesOf(object, change.removed) : [-1, -1];
          const lost = owners.flatMap((line, i) =>
            (line >= first && line < last) || edited.includes(`# note ${i}.`) ? [] : [i],
          );
          expect(lost, `${text}\n--- ${JSON.stringify(change)}\n${edited}`).toEqual([]);
        }
      },
    ),
    { numRuns: 500, seed },
  );
  expect(policies).toBeGreaterThanOrEqual(500);
  // A drawn step that changes nothing is left out; a good third of them do, whatever the seed.
  expect(steps).toBeGreaterThanOrEqual(250);
}, 120_000);

const written = `# Payments are slow on purpose: the acquirer is.
apiVersion: meshwright.dev/v1
kind: Route
metadata: {name: payment-service, namespace: production} # short

spec:
  rules: # first match wins
    # beta testers see v2
    - name: "beta"
      matches:
        - headers: [{name: x-user-type, type: exact, value: beta-tester}]
      action:
        type: forward
        destinations:
          - service: {name: payment-service}
            subset: v2
            weight: 1
    # everybody else
    - name: default
      matches: []
      action:
        type: forward
        destinations:
          # the old one
          - service: {name: payment-service}
            subset: v1
            weight: 90 # keep above 50
          # the new one
          - service: {name: payment-service}
            subset: v2
            weight: 10
  target: {kind: Service, name: payment-service}
`;

function route(): Extract<MeshObject, { kind: "Route" }> {
  const object = read(written);
  if (object.kind !== "Route") throw new Error("a Route");
  return object;
}

const weights = (first: number, second: number) => {
  const path: Path = ["spec", "rules", 1, "action", "destinations"];
  return withValueAt(withValueAt(route(), [...path, 0, "weight"], first), [...path, 1, "weight"], second);
};

test("a weight that moves changes its line and no other", () => {
  const lines = editObjectText(written, weights(75, 25)).split("\n");
  const before = written.split("\n");
  expect(lines.filter((line, i) => line !== before[i])).toEqual([
    "            weight: 75 # keep above 50",
    "            weight: 25",
  ]);
});

test("rules that swap places take their comments along", () => {
  const [beta, rest] = route().spec.rules;
  const text = editObjectText(written, withValueAt(route(), ["spec", "rules"], [rest, beta]));
  expect(text.indexOf("# everybody else")).toBeLessThan(text.indexOf("name: default"));
  expect(text.indexOf("name: default")).toBeLessThan(text.indexOf("# beta testers see v2"));
  expect(text.indexOf("# beta testers see v2")).toBeLessThan(text.indexOf('name: "beta"'));
});

test("a new field goes where the schema has it, brackets and quotes stay", () => {
  const text = editObjectText(written, withValueAt(route(), ["spec", "rules", 0, "timeoutMs"], 4000));
  expect(text).toContain("            weight: 1\n      timeoutMs: 4000\n    # everybody else\n");
  const renamed = withValueAt(withValueAt(route(), ["spec", "rules", 0, "name"], "b c"), ["metadata", "labels"], {
    a: "1",
  });
  const other = editObjectText(written, renamed);
  expect(other).toContain('- name: "b c"');
  expect(other).toContain('metadata: {name: payment-service, namespace: production, labels: {a: "1"}} # short');
});

test("text that cannot be cut keeps its comments at the top", () => {
  const text = `# why\n${written.replace("kind: Route", "kind: &kind Route")}`;
  const edited = editObjectText(text, weights(1, 1));
  expect(read(edited)).toEqual(weights(1, 1));
  for (const comment of written.match(/#.*/g) ?? []) expect(edited).toContain(comment);
});

test("the text is kept beside the object, outside the digest, and never wins over it", () => {
  const object = { ...route(), metadata: { ...route().metadata, text: written } };
  expect(textToKeep(written, route())).toBe(written);
  expect(textToKeep(textOfObject(route()), route())).toBeUndefined();
  expect(digestOf({ objects: [object] })).toBe(digestOf({ objects: [route()] }));
  expect(textOfObject(object)).toBe(written);
  const moved = { ...object, spec: weights(50, 50).spec };
  expect(textOfObject(moved)).toContain("weight: 50 # keep above 50");
});

test("comments survive a document's way through files", () => {
  const objects = [
    { ...route(), metadata: { ...route().metadata, text: written } },
    read("apiVersion: meshwright.dev/v1\nkind: Namespace\nmetadata: {name: production}\nspec: {}\n"),
  ];
  const text = toYaml({ objects });
  const back = fromYaml(text);
  if (!back.ok) throw new Error(JSON.stringify(back.violations));
  expect(digestOf(back.document)).toBe(digestOf({ objects }));
  expect(toYaml(back.document)).toBe(text);
  for (const comment of written.match(/#.*/g) ?? []) expect(text).toContain(comment);
});

const broken: [name: string, text: string, line: number, column: number, message: RegExp][] = [
  [
    "an unclosed bracket",
    written.replace("name: payment-service, namespace: production}", "name: payment-service"),
    6,
    1,
    /./,
  ],
  ["an unclosed quote", written.replace('"beta"', '"beta'), 9, 13, /./],
  ["a tab", written.replace("    - name: default", "\t- name: default"), 19, 1, /./],
  ["a field twice", written.replace("kind: Route", "kind: Route\nkind: Route"), 4, 1, /unique/],
  ["a field too far left", written.replace("      matches: []", "     matches: []"), 20, 1, /./],
  ["a missing colon", written.replace("      matches: []", "      matches []"), 20, 7, /./],
  ["a second document", `${written}---\nkind: Route\n`, 33, 1, /documents/],
  ["an unknown field", written.replace("matches: []", "match: []"), 20, 7, /"match" is not a field/],
  ["a wrong type", written.replace("weight: 10", "weight: ten"), 31, 21, /weight/],
  [
    "another name",
    written.replace("name: payment-service, namespace", "name: pay, namespace"),
    4,
    18,
    /name is not changed/,
  ],
  ["an unknown kind", written.replace("kind: Route", "kind: Rout"), 3, 7, /unknown kind/],
  ["nothing", "", 1, 1, /empty/],
];

test.each(broken)("%s is named with line and column", (_, text, line, column, message) => {
  const result = readObjectText(text, route());
  if (result.ok) throw new Error("must not be readable");
  expect(result.problems.find((problem) => message.test(problem.message))).toMatchObject({ line, column });
  expect(result.problems.every((problem) => problem.fix.length > 0)).toBe(true);
});
