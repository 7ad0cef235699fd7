// Values whose type is not the one that the product's published schema has for their field, whether an importer reads the field or not.
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
import linkerd from "./linkerd.json";

/** As lib/start/field-types.mjs writes it: letters, the place of a shape, a list of one type, or a choice. */
type FieldType = string | number | readonly [FieldType] | { "|": readonly FieldType[] };
type Shape = Readonly<Record<string, FieldType>>;
type Table = { kinds: Readonly<Record<string, number>>; shapes: readonly Shape[] };

export type WrongType = { path: Path; wanted: string; is: string; fix: string };

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
const METADATA: readonly Shape[] = [
  { labels: 1, annotations: 1, name: "s", namespace: "s", generateName: "s" },
  { "*": "s" },
];

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
export function wrongTypes({
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
  const found: WrongType[] = [];
  const root = ROOTS.get(`${group} ${kind}`);
  if (!root) return found;
  const { metadata, ...own } = value as Record<string, unknown>;
  look({ shapes: METADATA, most, found }, metadata, 0, ["metadata"]);
  look({ shapes: root.shapes, most, found }, own, root.shape, []);
  return found;
}

type Looking = { shapes: readonly Shape[]; most: number; found: WrongType[] };

function look(looking: Looking, value: unknown, type: FieldType | undefined, path: Path): void {
  if (value === null || value === undefined || type === undefined || looking.found.length >= looking.most) return;
  const fitting = choicesOf(type).find((each) => fits(value, each));
  if (fitting === undefined) looking.found.push(wrong(value, type, path));
  else if (Array.isArray(fitting)) {
    for (const [i, each] of (value as unknown[]).entries()) look(looking, each, fitting[0], [...path, i]);
  } else if (typeof fitting === "number") {
    const shape = looking.shapes[fitting] ?? {};
    for (const [name, each] of Object.entries(value)) {
      look(looking, each, Object.hasOwn(shape, name) ? shape[name] : shape["*"], [...path, name]);
    }
  }
}

const choicesOf = (type: FieldType): readonly FieldType[] =>
  typeof type === "object" && "|" in type ? type["|"] : [type];

function fits(value: unknown, type: FieldType): boolean {
  if (Array.isArray(type)) return Array.isArray(value);
  if (typeof type === "number") return typeof value === "object" && !Array.isArray(value);
  if (typeof type !== "string") return false;
  if (type === "*") return true;
  if (typeof value === "string") return type.includes("s");
  if (typeof value === "boolean") return type.includes("b");
  return typeof value === "number" && (type.includes("n") || (type.includes("i") && Number.isInteger(value)));
}

function wrong(value: unknown, type: FieldType, path: Path): WrongType {
  const wanted = choicesOf(type).flatMap((each) => {
    if (typeof each === "string") return [...each].map((letter) => LETTERS[letter] ?? "anything");
    return [Array.isArray(each) ? "a list" : "an object"];
  });
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
