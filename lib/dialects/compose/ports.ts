// ports and expose, short and long -> the ports of the container, which are those that other services call.
// The rule: the port that is published on the host is nobody's in the mesh; it is kept and told.
import type { Path, Protocol } from "@/lib/mesh";
import type { ImportContext } from "../shared/context";
import { isRecord } from "../shared/fields";
import type { Part, Port } from "./state";

/** That of the model's services. */
const MAX_PORTS = 64;
const MAX_ENTRIES = 256;
const APP_PROTOCOLS: Record<string, Protocol> = {
  http: "http",
  "http/1.1": "http",
  http2: "http2",
  h2c: "http2",
  grpc: "grpc",
  tcp: "tcp",
  https: "tcp",
  tls: "tcp",
};
const FORM = '"CONTAINER", "HOST:CONTAINER" or "IP:HOST:CONTAINER", with /tcp or /udp';

export function readPorts(context: ImportContext, part: Part): void {
  for (const name of ["ports", "expose"] as const) {
    const value = part.fields.take(name);
    if (value === undefined) continue;
    const path = [...part.path, name];
    if (!Array.isArray(value)) {
      part.sink.problems.push({ path, message: "must be a list", fix: 'Begin each entry with "- ".' });
      continue;
    }
    if (value.length > MAX_ENTRIES) {
      part.sink.problems.push({ path, message: `has more than ${MAX_ENTRIES} entries`, fix: "Write ranges." });
      continue;
    }
    const hosts = value.map((each: unknown, i) => readEntry(context, part, each, [...path, i], name));
    if (hosts.some((each) => each)) part.fields.keep(name, value);
  }
}

/** Whether there is more to it than a port of the container. */
function readEntry(context: ImportContext, part: Part, entry: unknown, path: Path, field: "ports" | "expose"): boolean {
  if (isRecord(entry) && field === "ports") return readLong(context, part, entry, path);
  const text = typeof entry === "number" ? String(entry) : entry;
  if (typeof text !== "string") return bad(part, path, "must be a port", `Write ${FORM}, in quotes.`);
  const [ports = "", transport = "tcp", ...more] = text.split("/");
  const parts = ports.replace(/^\[[0-9A-Fa-f:.]*\]:/, "host:").split(":");
  const numbers = rangeOf(parts.at(-1) ?? "");
  if (!numbers || more.length > 0 || parts.length > 3 || (field === "expose" && parts.length > 1)) {
    return bad(part, path, `${JSON.stringify(text.slice(0, 64))} is no port`, `Write ${FORM}.`);
  }
  if (isOther(context, part, path, ports, transport)) return true;
  for (const port of numbers) add(part, { port, path });
  // one number is published too, on a port of the host that Compose chooses
  if (field === "ports") part.isPublished = true;
  return parts.length > 1;
}

function readLong(context: ImportContext, part: Part, entry: Record<string, unknown>, path: Path): boolean {
  const { target, protocol = "tcp", app_protocol: app, name } = entry;
  const numbers = rangeOf(String(target));
  if (!numbers) return bad(part, [...path, "target"], "must be the port of the container", "Write target: 8080.");
  if (isOther(context, part, path, String(target), protocol)) return true;
  const said = typeof app === "string" ? APP_PROTOCOLS[app.toLowerCase()] : undefined;
  if (app !== undefined && !said) {
    const message = `what ${JSON.stringify(app).slice(0, 64)} is, the design does not know`;
    context.warn(part.resource, [...path, "app_protocol"], message, "Write http, http2, grpc or tcp.");
  }
  for (const port of numbers) {
    add(part, { port, path, ...(said ? { protocol: said } : {}), ...(typeof name === "string" ? { name } : {}) });
  }
  part.isPublished = true;
  return Object.keys(entry).some((key) => !["target", "protocol", "app_protocol", "name"].includes(key));
}

function isOther(context: ImportContext, part: Part, path: Path, port: string, transport: unknown): boolean {
  if (transport === "tcp") return false;
  const message = `port ${port.slice(0, 64)} is left out: meshes carry TCP, not ${String(transport).slice(0, 16)}`;
  context.warn(part.resource, path, message, "Leave it to Compose.", { verdict: "lost" });
  return true;
}

function rangeOf(text: string): number[] | undefined {
  const found = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (!found) return undefined;
  const first = Number(found[1]);
  const last = found[2] === undefined ? first : Number(found[2]);
  if (first < 1 || last > 65_535 || last < first || last - first >= MAX_PORTS) return undefined;
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

function add(part: Part, port: Port): void {
  const known = part.ports.find((each) => each.port === port.port);
  if (!known) part.ports.push(port);
  else Object.assign(known, { ...port, ...known });
}

function bad(part: Part, path: Path, message: string, fix: string): false {
  part.sink.problems.push({ path, message, fix });
  return false;
}
