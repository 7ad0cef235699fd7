// Published schemas -> lib/dialects/field-types/<product>.json: type and limits of every field of the kinds that an import takes, and nothing else.
// Usage: node lib/start/field-types.mjs PRODUCT ABOUT FILE... ; which files, and under which licence, says lib/dialects/field-types/README.md.
// A type is a set of letters (s text, n number, i whole number, b true or false), the place of an object in `shapes`, [type] for a list, or
// {"|": [types]}; an object has a type for each field, under * for those of any name, under ! the names of those that have to be there. What may
// be anything is left out. {"=": type, ...limits} has limits: enum, min and max of numbers, pattern, shortest and longest of texts, fewest and most
// of lists. Of several versions of a kind a limit is what the widest has.
import fs from "node:fs";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";
import { RE2JS } from "re2js";
import { parseAllDocuments } from "yaml";

const LETTERS = { string: "s", number: "n", integer: "i", boolean: "b" };
const REQUIRED = "!";

const limited = (type, limits) => (Object.keys(limits).length > 0 ? { "=": type, ...limits } : type);
const baseOf = (type) => type["="] ?? type;

/** Of JSON Schema; a pattern that does not run in linear time here is left out. */
function limitsOf({ enum: values, minimum, maximum, pattern, minLength, maxLength, minItems, maxItems }, type) {
  const own = {
    string: { enum: textsOf(values), pattern: usable(pattern), shortest: minLength || undefined, longest: maxLength },
    number: { min: minimum, max: maximum },
    integer: { min: minimum, max: maximum },
    array: { fewest: minItems || undefined, most: maxItems },
  }[type];
  return known(own ?? {});
}

const known = (limits) => Object.fromEntries(Object.entries(limits).filter(([, each]) => each !== undefined));
/** Texts beside which nothing but null stands. */
function textsOf(values) {
  const texts = values?.filter((each) => each !== null);
  return texts?.every((each) => typeof each === "string") ? texts : undefined;
}

function usable(pattern) {
  try {
    if (pattern !== undefined) RE2JS.compile(pattern);
    return pattern;
  } catch {
    return undefined;
  }
}

const WIDER = {
  enum: (a, b) => [...new Set([...a, ...b])],
  min: Math.min,
  max: Math.max,
  pattern: (a, b) => (a === b ? a : undefined),
  shortest: Math.min,
  longest: Math.max,
  fewest: Math.min,
  most: Math.max,
};
/** The letters of the types that a limit is about. */
const ABOUT = { enum: "s", pattern: "s", shortest: "s", longest: "s", min: "in", max: "in" };

/** What the widest of them takes. */
function widest(types) {
  const limits = {};
  for (const name of Object.keys(WIDER)) {
    const meant = types.filter(
      (type) => !ABOUT[name] || [...ABOUT[name]].some((letter) => baseOf(type).includes(letter)),
    );
    const values = meant.map((type) => type[name]);
    if (values.length > 0 && !values.includes(undefined)) limits[name] = values.reduce((a, b) => WIDER[name](a, b));
  }
  return known(limits);
}

/**
 * @param {string} product @param {string[]} texts @param {readonly string[]} wanted kinds
 * @returns {{ shapes: object[], kinds: Record<string, number> }}
 */
export function fieldTypes(product, texts, wanted) {
  const table = new Table();
  const kinds = new Map();
  for (const [name, schema, root] of texts.flatMap((text) => READERS[product](text))) {
    if (!wanted.includes(name.split(" ").at(-1))) continue;
    const type = schema.shape
      ? table.intern({ spec: table.ofModel(schema, root) })
      : table.of(withoutHead(schema), root);
    kinds.set(name, table.union([...(kinds.has(name) ? [kinds.get(name)] : []), type]));
  }
  return table.compact([...kinds].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What every kind has, and no author writes. */
function withoutHead({ properties, ...schema }) {
  const { apiVersion: _version, kind: _kind, metadata: _metadata, status: _status, ...own } = properties ?? {};
  return { ...schema, properties: own };
}

const widestOfLists = (lists) => {
  const { fewest, most } = widest(lists.map(({ fewest, most }) => ({ "=": "", fewest, most })));
  return known({ fewest, most });
};

/** Fields that have to be written: one with a default has it before anybody looks. */
const requiredOf = ({ required = [], properties = {} }) =>
  required.filter((name) => properties[name] && properties[name].default === undefined).sort();

class Table {
  shapes = [];
  known = new Map();

  intern(shape) {
    const fields = Object.entries(shape).filter(([, type]) => type !== "*");
    const text = JSON.stringify(fields.sort(([a], [b]) => (a < b ? -1 : 1)));
    if (!this.known.has(text)) this.known.set(text, this.shapes.push(Object.fromEntries(fields)) - 1);
    return this.known.get(text);
  }

  /** Of JSON Schema, as CRDs and Compose have it. */
  of(schema, root, within = []) {
    const { $ref: ref } = schema;
    if (ref !== undefined) {
      if (within.includes(ref)) return "*";
      return this.of(found(root, ref), root, [...within, ref]);
    }
    if (schema["x-kubernetes-int-or-string"]) return "is";
    if (schema.allOf) {
      const { allOf, ...own } = schema;
      const parts = [own, ...allOf].map((each) => this.of(each, root, within)).filter((type) => type !== "*");
      return parts.length > 0 ? this.union(parts) : "*";
    }
    const choices = schema.oneOf ?? schema.anyOf;
    const types = [schema.type ?? []].flat().filter((type) => type !== "null");
    if (types.length === 0 && choices && !schema.properties) {
      return this.union(choices.map((each) => this.of(each, root, within)));
    }
    if (types.length === 0 && !schema.properties) return "*";
    return this.union(
      (types.length ? types : ["object"]).map((type) =>
        limited(this.ofType(type, schema, root, within), limitsOf(schema, type)),
      ),
    );
  }

  ofType(type, schema, root, within) {
    if (LETTERS[type]) return LETTERS[type];
    if (type === "array") return [schema.items ? this.of(schema.items, root, within) : "*"];
    const rest = { ...schema.patternProperties, "": schema.additionalProperties };
    const others = Object.values(rest).filter((each) => each !== null && typeof each === "object");
    const fields = Object.entries(schema.properties ?? {}).map(([name, each]) => [name, this.of(each, root, within)]);
    if (others.length > 0) fields.push(["*", this.union(others.map((each) => this.of(each, root, within)))]);
    const asked = requiredOf(schema);
    if (asked.length > 0) fields.push([REQUIRED, asked]);
    return this.intern(Object.fromEntries(fields));
  }

  /** Of a service model of AWS. */
  ofModel({ shape }, root) {
    const { type, members, member, value, min, max, required = [], enum: values } = root.shapes[shape];
    if (type === "list") return limited([this.ofModel(member, root)], known({ fewest: min || undefined, most: max }));
    if (type === "map") return this.intern({ "*": this.ofModel(value, root) });
    if (type === "structure") {
      const fields = Object.entries(members).map(([name, each]) => [name, this.ofModel(each, root)]);
      return this.intern(
        Object.fromEntries(required.length > 0 ? [...fields, [REQUIRED, [...required].sort()]] : fields),
      );
    }
    if (type === "string") return limited("s", known({ enum: values, shortest: min || undefined, longest: max }));
    const letter = { boolean: "b", integer: "i", long: "i", double: "n", float: "n" }[type];
    return letter ? limited(letter, known({ min, max })) : "*";
  }

  /** What any of them takes: versions of a kind, or what a schema leaves open. */
  union(types) {
    const flat = types.flatMap((type) => (type["|"] ? type["|"] : [type]));
    if (flat.some((type) => baseOf(type) === "*")) return "*";
    const scalars = flat.filter((type) => typeof baseOf(type) === "string");
    const letters = [...new Set(scalars.map(baseOf).join(""))].sort().join("");
    const lists = flat.filter((type) => Array.isArray(baseOf(type)));
    const objects = flat.filter((type) => typeof type === "number").map((type) => this.shapes[type]);
    const all = [
      ...(letters ? [limited(letters, widest(scalars))] : []),
      ...(lists.length ? [limited([this.union(lists.map((type) => baseOf(type)[0]))], widestOfLists(lists))] : []),
      ...(objects.length ? [this.intern(this.together(objects))] : []),
    ];
    return all.length === 1 ? all[0] : { "|": all };
  }

  together(objects) {
    const names = [...new Set(objects.flatMap(Object.keys))].filter((name) => name !== REQUIRED);
    const fields = names.map((name) => [
      name,
      this.union(objects.flatMap((each) => (name in each ? [each[name]] : []))),
    ]);
    const [first = [], ...others] = objects.map((each) => each[REQUIRED] ?? []);
    const asked = first.filter((name) => others.every((each) => each.includes(name)));
    return Object.fromEntries(asked.length > 0 ? [...fields, [REQUIRED, asked]] : fields);
  }

  /** Without shapes that only a version by itself had. */
  compact(kinds) {
    const places = new Map();
    const shapes = [];
    const moved = (type) => {
      if (typeof type === "string") return type;
      if (Array.isArray(type)) return [moved(type[0])];
      if (type["="] !== undefined) return { ...type, "=": moved(type["="]) };
      if (typeof type === "object") return { "|": type["|"].map(moved) };
      if (!places.has(type)) {
        const fields = Object.entries(this.shapes[type]).map(([name, each]) => [
          name,
          name === REQUIRED ? each : moved(each),
        ]);
        places.set(type, shapes.push(Object.fromEntries(fields)) - 1);
      }
      return places.get(type);
    };
    const named = kinds.map(([name, type]) => [name, moved(type)]);
    return { shapes, kinds: Object.fromEntries(named) };
  }
}

function found(root, ref) {
  const steps = ref.replace("#/", "").split("/");
  return steps.reduce((value, step) => value[step.replaceAll("~1", "/").replaceAll("~0", "~")], root);
}

/** A text -> [group and kind, schema, where its references lead]. */
const ofDefinitions = (text) =>
  parseAllDocuments(text).flatMap((document) => {
    const { kind, spec } = document.toJS() ?? {};
    if (kind !== "CustomResourceDefinition") return [];
    return spec.versions.map((version) => {
      const { openAPIV3Schema } = version.schema;
      return [`${spec.group} ${spec.names.kind}`, openAPIV3Schema, openAPIV3Schema];
    });
  });

/** Those of Kubernetes that are read, in the JSON Schemas made of its OpenAPI. */
const OF_KUBERNETES = {
  " Namespace": "core.v1.Namespace",
  " Service": "core.v1.Service",
  " ServiceAccount": "core.v1.ServiceAccount",
  "apps Deployment": "apps.v1.Deployment",
  "apps StatefulSet": "apps.v1.StatefulSet",
  "batch CronJob": "batch.v1.CronJob",
  "batch Job": "batch.v1.Job",
  "networking.k8s.io NetworkPolicy": "networking.v1.NetworkPolicy",
};

/** By the fields of its "create" calls. */
const OF_APP_MESH = [
  "Mesh",
  "VirtualNode",
  "VirtualService",
  "VirtualRouter",
  "Route",
  "VirtualGateway",
  "GatewayRoute",
];

const READERS = {
  istio: ofDefinitions,
  "gateway-api": ofDefinitions,
  linkerd: ofDefinitions,
  consul: ofDefinitions,
  kuma: ofDefinitions,
  cilium: ofDefinitions,
  kubernetes(text) {
    const root = JSON.parse(text);
    return Object.entries(OF_KUBERNETES).map(([name, each]) => [name, root.$defs[`io.k8s.api.${each}`], root]);
  },
  "app-mesh"(text) {
    const root = JSON.parse(text);
    return OF_APP_MESH.map((kind) => [`appmesh ${kind}`, root.shapes[`Create${kind}Input`].members.spec, root]);
  },
  compose(text) {
    // a text may hold a variable, whatever the field is
    const root = JSON.parse(text, (key, value) => (key === "type" && LETTERS[value] ? ["string", value] : value));
    return [["compose Project", root, root]];
  },
};

/** A shape a line, so that a difference is one. */
export function tableText({ shapes, kinds }, about) {
  const lines = shapes.map((shape) => `    ${JSON.stringify(shape)}`).join(",\n");
  return `{\n  "$comment": ${JSON.stringify(about)},\n  "kinds": ${JSON.stringify(kinds)},\n  "shapes": [\n${lines}\n  ]\n}\n`;
}

/** The kinds that the importers of a product take, as the catalogue has them. */
export async function kindsOf(product) {
  const file = fileURLToPath(new URL("../dialects/catalogue.ts", import.meta.url));
  const { code } = transformSync(fs.readFileSync(file, "utf8"), { loader: "ts", format: "esm" });
  const { CATALOGUE } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  return CATALOGUE[product].kinds;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [product, about, ...files] = process.argv.slice(2);
  if (!READERS[product] || files.length === 0) {
    console.error(`usage: node lib/start/field-types.mjs ${Object.keys(READERS).join("|")} ABOUT FILE...`);
    process.exit(2);
  }
  const texts = files.map((file) => fs.readFileSync(file, "utf8"));
  const out = new URL(`../dialects/field-types/${product}.json`, import.meta.url);
  fs.writeFileSync(out, tableText(fieldTypes(product, texts, await kindsOf(product)), about));
}
