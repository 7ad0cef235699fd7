// depends_on, links and addresses in the environment -> calls between the services of one project.
// The rule: what is written for the start order or as a setting is read as a call, and said to be an assumption; a secret is never stored.
import type { Path } from "@/lib/mesh";
import type { ImportContext } from "../shared/context";
import { isRecord } from "../shared/fields";
import { asMap } from "./extend";
import { isTcpPort, schemeOf } from "./images";
import type { Part } from "./state";

/** Longer settings hold no address but texts and keys. */
const MAX_SETTING = 4096;
/** More addresses than that in the settings of one service are no design. */
const MAX_CALLS = 500;
const ADDRESS =
  /(?<![A-Za-z0-9+.-])([A-Za-z][A-Za-z0-9+]{0,19}):\/\/(?:[^\s/@,]*@)?([A-Za-z0-9._-]+)(?::(\d{1,5}))?(?![A-Za-z0-9._:-])/g;
const PLAIN = /^([A-Za-z0-9._-]+):(\d{1,5})$/;

export type Surroundings = { parts: ReadonlyMap<string, Part>; isWhole: boolean };

export function readDependsOn(context: ImportContext, part: Part, { parts, isWhole }: Surroundings): void {
  const written = part.fields.take("depends_on");
  if (written === undefined) return;
  const path = [...part.path, "depends_on"];
  const value = asMap(written);
  if (!isRecord(value)) {
    part.sink.problems.push({ path, message: "must be a list of services or a map", fix: 'Begin each with "- ".' });
    return;
  }
  let isKept = false;
  for (const [i, [to, how]] of Object.entries(value).entries()) {
    const at = [...path, Array.isArray(written) ? i : to];
    const condition = isRecord(how) ? how["condition"] : undefined;
    if (isRecord(how) && Object.keys(how).length > 0) isKept = true;
    if (!parts.has(to)) {
      const message = `${to.slice(0, 64)} is no service of this file`;
      const isOptional = isRecord(how) && how["required"] === false;
      if (isWhole && !isOptional) {
        part.sink.problems.push({ path: at, message, fix: "Correct the name, or add the service." });
      } else
        context.warn(part.resource, at, `${message}; the call is left out`, "Draw it by hand.", { verdict: "lost" });
    } else if (condition === "service_completed_successfully") {
      const message = `waits until ${to} has ended, which is no call; none is drawn`;
      context.warn(part.resource, at, message, "Draw a dependency if it is called too.", { verdict: "lost" });
    } else part.calls.push({ to, path: at });
  }
  if (isKept) part.fields.keep("depends_on", written);
}

export function readLinks(context: ImportContext, part: Part, { parts }: Surroundings): void {
  const links = part.fields.texts("links") ?? [];
  for (const [i, link] of links.entries()) {
    const path = [...part.path, "links", i];
    const [to = "", alias] = link.split(":");
    if (!parts.has(to)) {
      part.fields.problem("links", `${to.slice(0, 64)} is no service of this file`, "Correct the name.");
      continue;
    }
    part.calls.push({ to, path });
    if (alias === undefined || alias === to) continue;
    const message = `calls ${to} as ${alias.slice(0, 64)}; calls by that name are not in the design`;
    context.warn(part.resource, path, message, `Call it ${to}.`, { verdict: "lost", changesMeaning: true });
    part.fields.keep("links", links);
  }
  const external = part.fields.take("external_links");
  if (external === undefined) return;
  const message = "names containers of other projects, of which nothing is known";
  const fix = "Import their projects along, or add external services and draw the calls.";
  context.warn(part.resource, [...part.path, "external_links"], message, fix, { verdict: "lost" });
  part.fields.keep("external_links", external);
}

/** After the ports of all services are read. Values are looked at and never stored. */
export function readEnvironment(context: ImportContext, part: Part, { parts }: Surroundings, names: Names): void {
  const written = part.fields.take("environment");
  if (written === undefined) return;
  const path = [...part.path, "environment"];
  const value = asMap(written);
  if (!isRecord(value)) {
    part.sink.problems.push({ path, message: "must be a map, or a list of NAME=VALUE", fix: "Write NAME: value." });
    return;
  }
  const said = new Set<string>();
  for (const [i, [setting, text]] of Object.entries(value).entries()) {
    if (typeof text !== "string" || text.length > MAX_SETTING) continue;
    const at = [...path, Array.isArray(written) ? i : setting];
    for (const { host, scheme, port } of addressesIn(text)) {
      const owners = names.get(host.toLowerCase()) ?? [];
      const [to] = owners;
      const assumption = `${setting.slice(0, 64)} names ${host}${port === undefined ? "" : `:${port}`}`;
      if (to === undefined || owners.includes(part.raw) || said.has(`${to} ${port}`)) continue;
      if (owners.length > 1) {
        const message = `${assumption}, which is a name of ${owners.join(" and ")}; no call is drawn`;
        context.warn(part.resource, at, message, "Draw the call that is meant.", { verdict: "lost" });
        continue;
      }
      const own = parts.get(to)?.ports ?? [];
      const known = schemeOf(scheme ?? "");
      // "redis:7" may be an image: without a scheme only a port of the service makes it an address
      if (scheme === undefined && !own.some((each) => each.port === port) && !isTcpPort(port ?? 0)) continue;
      if (scheme !== undefined && !known) continue;
      if (said.size >= MAX_CALLS) {
        const message = `names more than ${MAX_CALLS} addresses; the others are not looked at`;
        context.warn(part.resource, path, message, "Draw the other calls by hand.", { verdict: "lost" });
        return;
      }
      said.add(`${to} ${port}`);
      const wanted = port ?? (own.length === 0 ? known?.port : undefined);
      part.calls.push({
        to,
        path: at,
        assumption,
        ...(wanted === undefined ? {} : { port: wanted }),
        ...(known ? { protocol: known.protocol } : {}),
      });
    }
  }
}

/** Which services answer to a name, in lower case. */
export type Names = ReadonlyMap<string, readonly string[]>;

export function namesOf(parts: ReadonlyMap<string, Part>): Names {
  const names = new Map<string, string[]>();
  for (const { raw, aliases } of parts.values()) {
    for (const name of new Set([raw, ...aliases.map((each) => each.name)].map((each) => each.toLowerCase()))) {
      const owners = names.get(name);
      if (owners) owners.push(raw);
      else names.set(name, [raw]);
    }
  }
  return names;
}

type Address = { host: string; scheme?: string; port?: number };

function addressesIn(text: string): Address[] {
  const portOf = (digits: string | undefined) => {
    const port = Number(digits);
    return digits !== undefined && port >= 1 && port <= 65_535 ? { port } : {};
  };
  if (text.includes("://")) {
    return [...text.matchAll(ADDRESS)].map(([, scheme = "", host = "", digits]) => ({
      host,
      scheme: scheme.toLowerCase().replace(/\+.*$/, ""),
      ...portOf(digits),
    }));
  }
  return text.split(",").flatMap((each): Address[] => {
    const found = PLAIN.exec(each.trim());
    return found ? [{ host: found[1] ?? "", ...portOf(found[2]) }] : [];
  });
}

export const environmentPath = (path: Path) => path[0] === "services" && path[2] === "environment";
