// One service of a project, field by field, before the others are known.
// The rule: what belongs to the container is not stored, for it may hold secrets; what nobody asked for is kept as it is written.
import type { SpecOf } from "@/lib/mesh";
import { valueAt } from "@/lib/mesh";
import type { ImportContext } from "../shared/context";
import { isRecord } from "../shared/fields";
import { asMap } from "./extend";
import { versionOf } from "./images";
import type { Part } from "./state";

/** Of the container alone: no part of a design. The environment is looked through for addresses. */
export const CONTAINER = [
  "build",
  "command",
  "configs",
  "credential_spec",
  "develop",
  "entrypoint",
  "env_file",
  "secrets",
  "tmpfs",
  "volumes",
  "volumes_from",
];
const MAX_REPLICAS = 1000;
const MAX_LABELS = 64;

/** Which fields of the container there are, by name. */
export function leaveContainer(part: Part): string[] {
  return [...CONTAINER, "environment"].filter((name) => {
    if (!part.fields.has(name)) return false;
    if (name !== "environment") part.fields.take(name);
    return true;
  });
}

export function readWorkload(context: ImportContext, part: Part): Omit<SpecOf<"Workload">, "service"> {
  const image = part.fields.text("image");
  if (image !== undefined) {
    part.image = image;
    part.fields.keep("image", image);
  }
  const scale = countOf(part, part.fields.take("scale"), ["scale"]);
  const deploy = part.fields.take("deploy");
  if (deploy !== undefined && !isRecord(deploy))
    part.fields.problem("deploy", "must be a map", "Write replicas: 2 below it.");
  const { replicas: written, ...rest } = isRecord(deploy) ? deploy : {};
  const said = countOf(part, written, ["deploy", "replicas"]) ?? scale ?? 1;
  if (Object.keys(rest).length > 0) part.fields.keep("deploy", rest);
  if (said > MAX_REPLICAS) {
    const path = [...part.path, ...(written === undefined ? ["scale"] : ["deploy", "replicas"])];
    const message = `has ${said} replicas; the design takes ${MAX_REPLICAS}`;
    context.warn(part.resource, path, message, "Say the rest in the environment.");
  }
  return { version: versionOf(image) ?? "v1", replicas: Math.min(said, MAX_REPLICAS) };
}

function countOf(part: Part, value: unknown, steps: string[]): number | undefined {
  if (value === undefined || value === null) return undefined;
  const count = typeof value === "string" && /^\d{1,9}$/.test(value) ? Number(value) : value;
  if (typeof count === "number" && Number.isInteger(count) && count >= 0) return count;
  part.sink.problems.push({
    path: [...part.path, ...steps],
    message: "must be a whole number from 0",
    fix: "Write a number.",
  });
  return undefined;
}

/** Labels that are too long for a label here (a proxy's rules) are annotations. */
export function readLabels(context: ImportContext, part: Part): void {
  const labels: Record<string, string> = {};
  const annotations: Record<string, string> = {};
  for (const field of ["labels", "annotations"] as const) {
    const written = part.fields.take(field);
    if (written === undefined) continue;
    const value = asMap(written);
    if (!isRecord(value)) {
      part.fields.problem(field, "must be a map, or a list of NAME=VALUE", "Write name: value lines below it.");
      continue;
    }
    for (const [key, each] of Object.entries(value)) {
      if (each !== null && typeof each === "object") {
        const path = [...part.path, field, key];
        part.sink.problems.push({ path, message: "must be a text", fix: "Write name: value." });
        continue;
      }
      const text = String(each ?? "");
      const isLabel = field === "labels" && text.length <= 63;
      const into = isLabel ? labels : annotations;
      if (key === "" || key.length > 316 || text.length > 4096 || Object.keys(into).length >= MAX_LABELS) {
        const message = `${key.slice(0, 64)} is too long, or one too many; it is kept as it is`;
        context.warn(part.resource, [...part.path, field], message, "Shorten it.", { verdict: "lost" });
        part.sink.kept.push({ path: [...part.path, field, key], value: each });
      } else into[key] = text;
    }
  }
  if (Object.keys(labels).length > 0) part.labels = labels;
  if (Object.keys(annotations).length > 0) part.annotations = annotations;
}

/** Names beside its own, by which other containers may call it. */
export function readNames(part: Part): void {
  for (const field of ["container_name", "hostname"]) {
    const name = part.fields.text(field);
    if (name === undefined) continue;
    part.aliases.push({ name, path: [...part.path, field] });
    part.fields.keep(field, name);
  }
}

export function tellNames(context: ImportContext, part: Part): void {
  const others = part.aliases.filter(({ name }) => name !== part.name && name !== part.raw);
  for (const { name, path } of others) {
    const message = `is called ${name.slice(0, 64)} too; calls by that name are not in the design`;
    context.warn(part.resource, path, message, `Call it ${part.name}.`, { verdict: "lost" });
  }
}

/** What is kept, as the file says it: with its variables, and within the limits of an origin. */
export function keepAsWritten(context: ImportContext, part: Part, document: unknown): void {
  part.fields.keepRest();
  let room = 60_000;
  const kept = new Map(part.sink.kept.splice(0).map((each) => [JSON.stringify(each.path), each]));
  for (const { path, value } of kept.values()) {
    const written = { path, value: valueAt(document, path) ?? value };
    room -= JSON.stringify(written).length + 64;
    if (room >= 0 && path.join(".").length <= 200 && part.sink.kept.length < 200) part.sink.kept.push(written);
    else {
      const message = "is too large to be kept beside the design";
      context.warn(part.resource, path, message, "Keep the file.", { verdict: "lost" });
    }
  }
}
