// Values that the product's published schema does not take for their field, by type or by limits, whether an importer reads the field or not.
// The rule: a kind or field that the schemas do not know is not judged; between versions of a product what any of them takes is right.
import type { Path } from "@/lib/mesh";
import appMesh from "./app-mesh.json";
import cilium from "./cilium.json";
import compose from "./compose.json";
import consul from "./consul.json";
import gatewayApi from "./gateway-api.json";
import istio from "./istio.json";
import kubernetes from "./kubernetes.json";
import kuma from "./kuma.json";
import { type Limits, outOfLimits } from "./limits";
import linkerd from "./linkerd.json";

/** As lib/start/field-types.mjs writes it: letters, the place of a shape, or a list of one type. */
type BareType = string | number | readonly [FieldType];
type LimitedType = { "=": BareType } & Limits;
type FieldType = BareType | LimitedType | { "|": readonly (BareType | LimitedType)[] };
/** `!`: names of fields that have to be there. */
type Shape = Readonly<Record<string, FieldType>> & { "!"?: readonly string[] };
type Table = { kinds: Readonly<Record<string, number>>; shapes: readonly Shape[] };

/** `wanted` and `is` follow on "must be" and "is". */
export type WrongValue = { path: Path; wanted: string; is: string; fix: string };

const TABLES: readonly Table[] = [
  istio,
  gatewayApi,
  linkerd,
  consul,
  kuma,
  cilium,
  kubernetes,
  appMesh,
  compose,
] as unknown as Table[];

/** By `group kind`; versions of a kind are one. */
const ROOTS = new Map(
  TABLES.flatMap(({ kinds, shapes }) =>
    Object.entries(kinds).map(([name, place]) => [name, { shape: place, shapes }] as const),
  ),
);
/** What Kubernetes has in the metadata of everything, as far as authors write it. */
const METADATA = [
  { labels: 1, annotations: 1, name: "s", namespace: "s", generateName: "s" },
  { "*": "s" },
] as unknown as readonly Shape[];

const LETTERS: Readonly<Record<string, string>> = {
  s: "a text",
  n: "a number",
  i: "a whole number",
  b: "true or false",
};
const SHOWN = 40;

export const typedKinds: readonly string[] = [...ROOTS.keys()];

/**
 * @param value the document from its top, `spec` included
 * @param most so many are told; what is wrong beyond is not looked for
 */
export function wrongValues({
  group,
  kind,
  value,
  most,
}: {
  group: string;
  kind: string;
  value: unknown;
  most: number;
}) {
  const found: WrongValue[] = [];
  const root = ROOTS.get(`${group} ${kind}`);
  if (!root) return found;
  const { metadata, ...own } = value as Record<string, unknown>;
  const hasVariables = group === "compose";
  look({ shapes: METADATA, most, found, hasVariables }, metadata, 0, ["metadata"]);
  look({ shapes: root.shapes, most, found, hasVariables }, own, root.shape, []);
  return found;
}

/** `hasVariables`: a text may say `${NAME}` where something else belongs. */
type Looking = { shapes: readonly Shape[]; most: number; found: WrongValue[]; hasVariables: boolean };

function look(looking: Looking, value: unknown, type: FieldType | undefined, path: Path): void {
  if (value === null || value === undefined || type === undefined || looking.found.length >= looking.most) return;
  const fitting = choicesOf(type).find((each) => fits(value, baseOf(each)));
  if (fitting === undefined) {
    looking.found.push(wrong(value, type, path));
    return;
  }
  if (isLimited(fitting) && !(looking.hasVariables && typeof value === "string" && value.includes("$"))) {
    const outside = outOfLimits(value, fitting);
    if (outside) looking.found.push({ path, ...outside, is: outside.is ?? whatIs(value) });
  }
  const base = baseOf(fitting);
  if (typeof base === "object") {
    for (const [i, each] of (value as unknown[]).entries()) look(looking, each, base[0], [...path, i]);
  } else if (typeof base === "number") lookInside(looking, value, base, path);
}

function lookInside(looking: Looking, value: object, place: number, path: Path): void {
  const shape: Shape = looking.shapes[place] ?? {};
  const typeOf = (name: string) => (name !== REQUIRED && Object.hasOwn(shape, name) ? shape[name] : shape["*"]);
  for (const name of shape[REQUIRED] ?? []) {
    if (Object.hasOwn(value, name) || looking.found.length >= looking.most) continue;
    const type = typeOf(name);
    const what = type === undefined ? "" : `, ${wordsOf(type).join(" or ")}`;
    looking.found.push({ path: [...path, name], wanted: "there", is: "missing", fix: `Add ${name}${what}.` });
  }
  for (const [name, each] of Object.entries(value)) look(looking, each, typeOf(name), [...path, name]);
}

const REQUIRED = "!";

const choicesOf = (type: FieldType): readonly (BareType | LimitedType)[] =>
  typeof type === "object" && "|" in type ? type["|"] : [type];

const isLimited = (type: BareType | LimitedType): type is LimitedType => typeof type === "object" && "=" in type;
const baseOf = (type: BareType | LimitedType): BareType => (isLimited(type) ? type["="] : type);

function fits(value: unknown, type: BareType): boolean {
  if (Array.isArray(type)) return Array.isArray(value);
  if (typeof type === "number") return typeof value === "object" && !Array.isArray(value);
  if (typeof type !== "string") return false;
  if (type === "*") return true;
  if (typeof value === "string") return type.includes("s");
  if (typeof value === "boolean") return type.includes("b");
  return typeof value === "number" && (type.includes("n") || (type.includes("i") && Number.isInteger(value)));
}

function wordsOf(type: FieldType): string[] {
  return choicesOf(type).flatMap((choice) => {
    const each = baseOf(choice);
    if (typeof each === "string") return [...each].map((letter) => LETTERS[letter] ?? "anything");
    return [Array.isArray(each) ? "a list" : "an object"];
  });
}

function wrong(value: unknown, type: FieldType, path: Path): WrongValue {
  const wanted = wordsOf(type);
  const words = wanted.join(" or ");
  const isUnquoted = wanted.includes("a text") && (typeof value === "number" || typeof value === "boolean");
  const isQuoted = typeof value === "string" && value.trim() !== "" && isScalarOf(value, wanted);
  const fix = isUnquoted
    ? `Put it in quotes: YAML reads it as ${value}.`
    : isQuoted
      ? `Write ${value} without quotes.`
      : `Write ${words}.`;
  return { path, wanted: words, is: whatIs(value), fix };
}

const isScalarOf = (value: string, wanted: readonly string[]) =>
  wanted.includes("true or false")
    ? value === "true" || value === "false"
    : (wanted.includes("a number") || wanted.includes("a whole number")) && Number.isFinite(Number(value));

function whatIs(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  const text = JSON.stringify(value);
  const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  return typeof value === "string" ? `the text ${shown}` : shown;
}
