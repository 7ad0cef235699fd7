// Questions about a random design: what its rules speak about, and what only just misses it.
// The rule: every value comes from the design; about half of them are changed in one place.
import { type AuthorizationPolicy, type MeshDocument, type MeshObject, objectKey, type RouteMatch } from "@/lib/mesh";
import { type Probe, probeOfMatch, probesOfRoute } from "../probes";
import type { Question, QuestionToken } from "../types";
import type { Random } from "./random";
import { ISSUERS } from "./random-protection";
import { METHODS, ORIGINS } from "./random-routes";

const PLAIN: Probe = { method: "GET", path: "/", headers: {}, origin: "drawn" };

/** In ranges, at their ends, and what only looks like a whole number. */
const SIZES = [
  "5",
  "+7",
  "007",
  "-10",
  "-11",
  "-0",
  "10",
  "999",
  "1000",
  `${"0".repeat(24)}7`,
  "5.0",
  "0x5",
  "five",
  "",
];

export function questionAbout(document: MeshDocument, random: Random): Question {
  const from = callerIn(document, random);
  const to = hostFor(document, from, random);
  const service = to.host.toLowerCase().split(".")[0] ?? "";
  return { from, to, ...requestAbout(document, from.kind === "workload" ? service : "edge", random) };
}

/** @param name of the service or gateway that the request is for */
export function requestAbout(
  document: MeshDocument,
  name: string,
  random: Random,
): Pick<Question, "method" | "path" | "headers" | "token"> {
  const about = probesAbout(document, name);
  const probes = about.length > 0 && random.chance(0.85) ? about : probesAbout(document, null);
  const probe = probes.length > 0 && random.chance(0.9) ? random.pick(probes) : PLAIN;
  const { method, path, headers } = missed(probe, random);
  const token = random.chance(0.35) ? tokenIn(random) : undefined;
  const all = { ...headers, ...moreHeaders(random) };
  // Envoy refuses it with a body, also where the caller asked for none, and the caller cannot read that.
  if (method === "HEAD") delete all["x_under_score"];
  return { method, path, headers: all, ...(token ? { token } : {}) };
}

/** Of the policies of one service or gateway; null: of all. */
function probesAbout({ objects }: MeshDocument, name: string | null): Probe[] {
  return objects.flatMap((each) => (name === null || isAbout(each, name) ? probesOf(each) : []));
}

function isAbout(object: MeshObject, name: string): boolean {
  if (object.kind === "Route") return object.spec.target.name === name;
  if (object.kind === "RateLimit") return object.spec.service.name === name;
  return object.kind === "AuthorizationPolicy" && (object.spec.target.service ?? name) === name;
}

function probesOf(object: MeshObject): Probe[] {
  if (object.kind === "Route") return probesOfRoute(object);
  if (object.kind === "AuthorizationPolicy") return operationsOf(object);
  if (object.kind !== "RateLimit") return [];
  return (object.spec.limits ?? []).map(({ match }) => probeOfMatch(match ?? ({} satisfies RouteMatch)));
}

function operationsOf({ spec }: AuthorizationPolicy): Probe[] {
  return spec.rules.flatMap(({ to = [] }) =>
    to.flatMap(({ methods = ["GET"], paths = ["/"], headers = [] }) =>
      methods.flatMap((method) =>
        paths.map((path): Probe => {
          const told = headers
            .filter(({ name }) => !name.startsWith(":"))
            .map(({ name, values }) => [name.toLowerCase(), values?.[0] ?? "any"]);
          const asked = path.replace(/\{\*{1,2}\}|\*/g, "x").replaceAll(" ", "%20");
          return {
            method,
            path: asked.startsWith("/") ? asked : `/${asked}`,
            headers: Object.fromEntries(told),
            origin: "policy",
          };
        }),
      ),
    ),
  );
}

function missed({ method, path, headers }: Probe, random: Random): Pick<Question, "method" | "path" | "headers"> {
  const is = { method, path: random.chance(0.5) ? pathNear(path, random) : path, headers };
  if (random.chance(0.2)) return { ...is, method: random.pick(METHODS) };
  const [first, ...more] = Object.entries(headers);
  if (!first || random.chance(0.6)) return is;
  const [name, value] = first;
  const near = random.pick([value.toUpperCase(), `${value}x`, `x${value}`, value.slice(1), "", null]);
  return { ...is, headers: Object.fromEntries(near === null ? more : [[name, near], ...more]) };
}

function pathNear(path: string, random: Random): string {
  const [bare = "/", query] = path.split("?");
  const [last = ""] = bare.split("/").slice(-1);
  const changed = random.pick([
    `${bare}/`,
    `${bare}x`,
    `${bare}/x/y`,
    bare.length > 1 ? bare.slice(0, -1) : "/",
    bare.toUpperCase(),
    `/.${bare}`,
    `/x/..${bare}`,
    `/${bare}`,
    bare.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
    `${bare};v=1`,
    bare.replace(".", "x"),
    last === "" ? `${bare}%2Fx` : bare.replace(last, `${last}%2Fx`),
    bare,
  ]);
  const near =
    query && random.chance(0.5) ? random.pick([`${query}0`, `a=b&${query}`, query.toUpperCase(), ""]) : query;
  const asked = near ?? random.pick([undefined, undefined, "q=1", "page=7&debug", "q=az&q=1", "q=%31"]);
  return asked === undefined ? changed : `${changed}?${asked}`;
}

function moreHeaders(random: Random): Record<string, string> {
  const headers: Record<string, string> = {};
  if (random.chance(0.2)) headers["x-user"] = random.pick(["beta", "bet", "guest"]);
  if (random.chance(0.15)) headers["x-user-type"] = random.pick(["beta-tester", "guest"]);
  if (random.chance(0.25)) headers["x-version"] = random.pick(["v1", "v2", "v2x", "w"]);
  if (random.chance(0.2)) headers["x-size"] = random.pick(SIZES);
  if (random.chance(0.15)) headers["x-debug"] = random.pick(["on", ""]);
  if (random.chance(0.25)) headers["origin"] = random.pick(ORIGINS);
  if (random.chance(0.2)) headers["access-control-request-method"] = random.pick(["PUT", "GET"]);
  if (random.chance(0.1)) headers["content-type"] = random.pick(["application/grpc", "application/json"]);
  if (random.chance(0.05)) headers["x_under_score"] = "1";
  return headers;
}

function tokenIn(random: Random): QuestionToken {
  const claims: QuestionToken["claims"] = {
    iss: random.pick([...ISSUERS, ISSUERS[0], "https://three.test/"]),
    ...(random.chance(0.9) ? { sub: random.pick(["ann", "anna", "team/bob"]) } : {}),
    ...(random.chance(0.5) ? { aud: random.pick(["shop", "other", ["other", "shop"]]) } : {}),
    ...(random.chance(0.5) ? { groups: random.pick(["admin", ["staff", "admin"], ["admins"], []]) } : {}),
    ...(random.chance(0.3) ? { realm: random.pick([{ role: "admin" }, { role: "adult" }, "admin"]) } : {}),
    ...(random.chance(0.3) ? { scope: random.pick(["read write", "writer", "write"]) } : {}),
    ...(random.chance(0.3) ? { email: "ann@shop.test" } : {}),
  };
  return { claims, ...(random.chance(0.15) ? { isForged: true } : {}) };
}

function callerIn({ objects }: MeshDocument, random: Random): Question["from"] {
  const callers = objects.flatMap((each): Question["from"][] => {
    if (each.kind === "Gateway") return [{ kind: "outside", gateway: objectKey(each) }];
    return each.kind === "Workload" && each.spec.replicas !== 0
      ? [{ kind: "workload", workload: objectKey(each) }]
      : [];
  });
  const gateways = callers.filter(({ kind }) => kind === "outside");
  const drawing = callers.filter((each) => drawnFrom(objects, each).length > 0);
  if (random.chance(0.25)) return random.pick(gateways);
  return random.pick(drawing.length > 0 && random.chance(0.9) ? drawing : callers);
}

/** The lines of a workload and of its service. */
function drawnFrom(objects: readonly MeshObject[], from: Question["from"]) {
  const name = (from.kind === "workload" ? from.workload : from.gateway).split("/")[2] ?? "";
  return objects.flatMap((each) => {
    if (each.kind !== "Dependency") return [];
    const { from: caller, to, port } = each.spec;
    return caller.name === name || caller.name === name.replace(/-v\d+$/, "") ? [{ to, port }] : [];
  });
}

function hostFor({ objects }: MeshDocument, from: Question["from"], random: Random): Question["to"] {
  if (from.kind !== "workload") {
    const served = objects.flatMap((each) => {
      if (each.kind === "Gateway") return each.spec.listeners.flatMap(({ hosts }) => hosts);
      return each.kind === "Route" ? (each.spec.hosts ?? []) : [];
    });
    const known = random.pick(served).replace("*.", "www.").replace("*", "any.example");
    const near = [`x.${known}`, `x${known}`, known.replace("www.", ""), known.replace(/^\w+\./, ""), "10.0.0.1"];
    const host = random.pick(random.chance(0.8) ? [known, known.toUpperCase()] : near);
    return { host, ...(random.chance(0.2) ? { port: 8080 } : {}) };
  }
  if (random.chance(0.05)) return { host: random.pick(["nowhere.example", "basket.other", "eu.carrier.example"]) };
  const namespace = from.workload.split("/")[1];
  const drawn = drawnFrom(objects, from);
  if (drawn.length === 0 || random.chance(0.1)) {
    return {
      host: random.pick(["shop", "basket", "pay", "stock.staging"]),
      ...(random.chance(0.5) ? { port: 8080 } : {}),
    };
  }
  const { to, port } = random.pick(drawn);
  if (to.kind === "ExternalService")
    return { host: "api.carrier.example", ...(random.chance(0.3) ? { port: 80 } : {}) };
  const space = to.namespace ?? "production";
  const long = [`${to.name}.${space}`, `${to.name}.${space}.svc`, `${to.name}.${space}.svc.cluster.local`];
  const short = space === namespace || random.chance(0.1) ? [to.name, to.name, to.name.toUpperCase()] : [];
  const own = objects.flatMap((each) =>
    each.kind === "Service" && each.metadata.name === to.name ? each.spec.ports.map((each) => each.port) : [],
  );
  const ports = [port ?? random.pick(own), 80, 9090, 9999, undefined, undefined];
  const asked = random.pick(random.chance(0.8) ? ports.slice(0, 1).concat(undefined) : ports);
  return { host: random.pick([...short, ...long]), ...(asked === undefined ? {} : { port: asked }) };
}
