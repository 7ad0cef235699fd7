// A project: its services together, then what stands beside them.
// The rule: services are read first and put together after; a problem names its place in the file as it is written.
import { keyOf, type Path } from "@/lib/mesh";
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import { Fields, isRecord, type Sink } from "../shared/fields";
import { slug } from "../shared/names";
import { environmentPath, namesOf, readDependsOn, readEnvironment, readLinks } from "./calls";
import { Extending } from "./extend";
import { type Interpolated, interpolated, type Told } from "./interpolate";
import { putNetworks, readNetworks } from "./networks";
import { readPorts } from "./ports";
import { addCalledPorts, putCalls, putService } from "./put";
import { CONTAINER, keepAsWritten, leaveContainer, readLabels, readNames, readWorkload, tellNames } from "./service";
import type { Part } from "./state";

/** Read by their users, or for containers alone. */
const BESIDE = ["name", "services", "networks", "volumes", "secrets", "configs"];

export function importProject(context: ImportContext, resource: Resource, document: Fields, sink: Sink): Understood {
  const result = understood(resource);
  const written = document.everything();
  const out: Interpolated = { told: [], broken: [] };
  const project = interpolated(written, [], out) as Record<string, unknown>;
  tellVariables(context, resource, out, sink);
  tellBeside(context, resource, project, sink);
  const services = project["services"];
  if (!isRecord(services)) {
    if (services !== undefined || project["include"] === undefined) {
      sink.problems.push({ path: ["services"], message: "must be a map of services", fix: "Write NAME: below it." });
    }
    return result;
  }
  context.assumeNamespace(resource.namespace);
  const parts = partsOf(context, resource, services, sink);
  const around = { parts, isWhole: project["include"] === undefined };
  const all = [...parts.values()];
  const workloads = new Map(all.map((part) => [part, readPart(context, part)]));
  for (const part of all) {
    readDependsOn(context, part, around);
    readLinks(context, part, around);
  }
  const names = namesOf(parts);
  for (const part of all) readEnvironment(context, part, around, names);
  addCalledPorts(context, all, parts);
  for (const [part, { workload, left }] of workloads) {
    keepAsWritten(context, part, written);
    putService(context, part, workload, result);
    if (left.length === 0) continue;
    result.sentences.push(`${part.name}: of the container alone, and not stored: ${left.join(", ")}.`);
  }
  putCalls(context, parts, result);
  putNetworks(context, all, result);
  for (const part of all) for (const problem of part.sink.problems) sink.problems.push(problem);
  return result;
}

function readPart(context: ImportContext, part: Part) {
  const left = leaveContainer(part);
  const workload = readWorkload(context, part);
  readLabels(context, part);
  readNames(part);
  readPorts(context, part);
  readNetworks(context, part);
  tellNames(context, part);
  if (part.fields.has("profiles")) {
    const message = "starts only with a profile; it is in the design as if it always ran";
    context.warn(part.resource, [...part.path, "profiles"], message, "Take it out if the mesh is without it.");
  }
  return { workload, left };
}

function partsOf(
  context: ImportContext,
  project: Resource,
  services: Record<string, unknown>,
  sink: Sink,
): Map<string, Part> {
  const extending = new Extending(services, sink);
  const parts = new Map<string, Part>();
  const taken = new Set<string>();
  for (const [raw, value] of Object.entries(services)) {
    const path: Path = ["services", raw];
    if (!isRecord(value)) {
      sink.problems.push({ path, message: "must be a map", fix: "Write image: or build: below it." });
      continue;
    }
    const name = slug(raw);
    if (taken.has(name)) {
      sink.problems.push({ path, message: `is ${name} here, as another service is`, fix: "Give it another name." });
      continue;
    }
    taken.add(name);
    const resource = { ...project, kind: "service", name };
    if (isTwice(context, resource, name)) {
      const message = "is in another file too, whose word counts: files are not merged";
      context.warn(resource, path, message, CONFIG, { verdict: "lost", changesMeaning: true });
      continue;
    }
    context.resources.push(resource);
    const { value: whole, elsewhere } = extending.of(raw);
    const own: Sink = { kept: [], problems: [] };
    const fields = new Fields(whole, path, own);
    const part: Part = {
      raw,
      name,
      path,
      resource,
      fields,
      sink: own,
      ports: [],
      isPublished: false,
      aliases: [],
      calls: [],
    };
    parts.set(raw, part);
    if (elsewhere !== undefined) {
      const message = `begins as a service of ${elsewhere.slice(0, 64)}, which is not read`;
      context.warn(resource, [...path, "extends"], message, CONFIG, { verdict: "lost", changesMeaning: true });
      own.kept.push({ path: [...path, "extends"], value: value["extends"] });
    }
    if (name !== raw) {
      const message = `is ${name} here; calls by the name ${raw.slice(0, 64)} are not in the design`;
      context.warn(resource, path, message, `Rename it to ${name}, or call it so.`, { changesMeaning: true });
    }
  }
  return parts;
}

const CONFIG = 'Import what "docker compose config" prints: it merges all files.';

/** By this import; what an earlier one left in the design is changed in place. */
function isTwice(context: ImportContext, resource: Resource, name: string): boolean {
  const key = keyOf("Service", resource.namespace, name);
  const fresh = context.objects.get(key);
  return fresh !== undefined && fresh !== context.index.get(key) && fresh.metadata.origin?.dialect === resource.dialect;
}

function tellVariables(context: ImportContext, resource: Resource, { told, broken }: Interpolated, sink: Sink): void {
  for (const path of broken.filter(isRead)) {
    sink.problems.push({
      path,
      message: "has a variable that cannot be read",
      fix: "Close its braces, and write $$ for a dollar.",
    });
  }
  for (const each of told) {
    if (isRead(each.path) || (each.isAddress && environmentPath(each.path))) tellVariable(context, resource, each);
  }
}

function tellVariable(context: ImportContext, resource: Resource, { path, name, value }: Told): void {
  const fix = `Import what "docker compose config" prints where ${name.slice(0, 64)} is set.`;
  const shown = environmentPath(path) ? "" : ` ${JSON.stringify(value?.slice(0, 64))}`;
  const taken = value === undefined ? "nothing is taken for it" : `its default${shown} is taken`;
  const message = `${name.slice(0, 64)} has no value here; ${taken}`;
  context.warn(resource, path, message, fix);
}

/** Variables of what is not read are nobody's business; of settings only addresses are read, and defaults may be secrets. */
const isRead = (path: Path) =>
  !environmentPath(path) &&
  (path[0] === "name" || (path[0] === "services" && path.length > 2 && !CONTAINER.includes(String(path[2]))));

function tellBeside(context: ImportContext, resource: Resource, project: Record<string, unknown>, sink: Sink): void {
  if (project["name"] !== undefined && typeof project["name"] !== "string") {
    sink.problems.push({ path: ["name"], message: "must be a text", fix: "Put it in quotes." });
  }
  if (project["include"] !== undefined) {
    const message = "names other files, which are not read";
    context.warn(resource, ["include"], message, CONFIG, { verdict: "lost", changesMeaning: true });
  }
  const networks = project["networks"];
  for (const [network, how] of isRecord(networks) ? Object.entries(networks) : []) {
    if (!isRecord(how) || how["external"] === undefined || how["external"] === false) continue;
    const message = `network ${network.slice(0, 64)} is shared with other projects, whose callers are not in the design`;
    context.warn(resource, ["networks", network], message, "Import their projects along.", { verdict: "lost" });
  }
  const others = Object.keys(project).filter(
    (key) => !BESIDE.includes(key) && key !== "include" && key !== "version" && !key.startsWith("x-"),
  );
  for (const key of others) {
    context.warn(resource, [key], `${key.slice(0, 64)} is left out`, "Take it over by hand.", { verdict: "lost" });
  }
}
