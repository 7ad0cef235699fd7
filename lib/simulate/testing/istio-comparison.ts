// One world of manifests, asked of Istio's own configuration on Envoy and of import and simulator; what differs, in words.
// The rule: every difference is told with its question. Where both mean the same in other words, `sameWords` says so, with the reason.
import { importDocuments } from "@/lib/dialects";
import { OPEN_DEFAULTS, withDefaults } from "@/lib/dialects/shared/open-defaults";
import {
  applyCommand,
  buildIndex,
  emptyMesh,
  isHttpsListener,
  isPlainListener,
  type Listener,
  type MeshDocument,
  type MeshObject,
  objectKey,
  refKey,
  workloadOwnerKey,
} from "@/lib/mesh";
import { withOpenCalls } from "../../cli/open-calls";
import { answerTo } from "../ask";
import { hostText } from "../host-text";
import { carriedPorts, objectOfHost } from "../names";
import { buildScene, type Scene } from "../scene";
import type { Answer, Hop, Question } from "../types";
import { leastDifferences } from "./agreement";
import { balancingDifferences } from "./istio-balancing";
import { ROUTE_HEADER } from "./istio-envoy";
import { startIstioMesh, TRUST_DOMAIN } from "./istio-mesh";
import type { IstioOracle, JsonObject, OracleAnswer, Refusal } from "./istio-oracle";
import { isReached, refusing } from "./istio-strangers";
import type { LiveAnswer, Sign } from "./live-ground";
import { requestAbout } from "./near-misses";
import { type Random, randomOf } from "./random";

export type Asking = {
  oracle: IstioOracle;
  envoy: string;
  sign: Sign;
  seed: number;
  questions: number;
  /** How many had each outcome. */
  outcomes: Map<string, number>;
};
export type Compared = { found: string[]; refused: Refusal[]; warned: Refusal[] };

/** How an app asks for a connection here; on Istio it opens it. */
const CONNECT = "CONNECT";

/** Hosts that nobody knows are refused, as they are here. */
const meshConfigOf = (trustDomain: string) => `
trustDomain: ${trustDomain}
outboundTrafficPolicy: { mode: REGISTRY_ONLY }
`;

/** Manifests on Istio, and as they were imported, every call drawn that could be made. */
export async function compareManifests(asking: Asking, manifests: string): Promise<Compared & { warnings: string[] }> {
  const { document, warnings } = designOf(manifests);
  return { ...(await compare(asking, withOpenCalls(document), manifests)), warnings };
}

/** @param manifests what the design is on Istio */
export async function compare(
  asking: Asking,
  document: MeshDocument,
  manifests: string,
  isAsked: (question: Question) => boolean = () => true,
): Promise<Compared> {
  const trustDomain = document.objects.flatMap((each) => (each.kind === "Mesh" ? [each.spec.trustDomain] : []))[0];
  const answer = await asking.oracle.ask(manifests, meshConfigOf(trustDomain ?? TRUST_DOMAIN));
  const scene = buildScene(document);
  const nameOfHost = (host: string) =>
    objectOfHost(scene.index, host.replace(/^\*/, "x"), "default")?.split("/")[2] ?? host;
  const mesh = await startIstioMesh(answer, asking.envoy, nameOfHost, trustDomain ?? TRUST_DOMAIN, asking.sign);
  const random = randomOf(asking.seed);
  const found = balancingDifferences(scene, answer);
  const count = (outcome: string) => asking.outcomes.set(outcome, (asking.outcomes.get(outcome) ?? 0) + 1);
  try {
    for (let i = 0; i < asking.questions; i++) {
      const question = questionIn(document, answer, random);
      if (!question || !isAskable(question) || !isAsked(question)) continue;
      const told = answerTo(scene, question, true);
      const closed = refusing(scene, question);
      if (closed) {
        const live = await mesh.send(question, placeOf(scene, question));
        count("not drawn");
        if (isReached(scene, closed, live))
          found.push(`${textOf(question)} -> is not drawn, and reached ${live.app?.name}`);
      }
      if (closed || isMeant(question, told)) continue;
      const live = await mesh.send(question, placeOf(scene, question));
      count(told.outcome);
      const unlike =
        question.method === CONNECT || told.hops[0]?.isConnection
          ? connectionDifferences(told, live)
          : [
              ...leastDifferences(scene, question, live).filter((each) => !isSameLocation(each)),
              ...ruleDifferences(told, live),
            ];
      if (unlike.length > 0)
        found.push(`${textOf(question)} -> ${unlike.join("; ")} (${told.sentence}${routeText(live)})`);
    }
  } finally {
    await mesh.close();
  }
  return { found, refused: answer.refused, warned: answer.warned };
}

/** Istio leaves out the port that the scheme has anyway. */
function isSameLocation(difference: string): boolean {
  const [, told, got] = /^told location (\S+), got (\S+)$/.exec(difference) ?? [];
  return told !== undefined && told.replace(/^(http:\/\/[^/]*):80\b|^(https:\/\/[^/]*):443\b/, "$1$2") === got;
}

/** Of a connection only who is behind it can be told. */
function connectionDifferences({ outcome, destinations }: Answer, { app, status }: LiveAnswer): string[] {
  if (outcome !== "forwarded") return app ? [`told ${outcome}, got ${app.name}`] : [];
  const names = destinations.flatMap(({ workloads }) => workloads);
  if (app && names.some((each) => each.endsWith(`/${app.name}`))) return [];
  return [`told a connection to ${names}, got ${app?.name ?? status}`];
}

/** What no client can send is not asked. */
const isAskable = ({ method }: Question) => /^[A-Z]+$/.test(method);

const PATIENCE_MS = 1000;

/** Meant to differ, as docs/reference/dialects.md says (Istio: what differs), or too slow to be seen. */
function isMeant({ from, to, path, headers }: Question, { outcome, hops }: Answer): boolean {
  const [hop] = hops;
  const isOfGateway = from.kind !== "workload";
  const isSlow = (hop?.fault?.delay?.ms ?? 0) > PATIENCE_MS;
  // Istio lets everybody find every service; who may call is decided there
  const isUndrawn = !isOfGateway && outcome === "no-route" && hop?.virtualHost === undefined;
  const isStrict = isOfGateway && (path.includes("//") || Object.keys(headers).some((name) => name.includes("_")));
  // Istio sends on to HTTPS at the port of plain HTTP, where the request named it
  const isSentOn =
    outcome === "redirected" && to.port !== undefined && hop?.rule?.object.startsWith("Gateway/") === true;
  return isSlow || isUndrawn || isSentOn || isStrict || /[{}]/.test(path);
}

const textOf = ({ from, to, method, path, headers, token }: Question) =>
  `${from.kind === "workload" ? from.workload : from.gateway} ${method} ${hostText(to)}${path} ${JSON.stringify(headers)}${token ? ` ${JSON.stringify(token)}` : ""}`;

/** As `meshwright simulate` reads manifests, with Istio's own trust domain. */
export function designOf(manifests: string): { document: MeshDocument; warnings: string[] } {
  const { objects } = emptyMesh("mesh");
  const document = {
    objects: objects.map((each): MeshObject => {
      if (each.kind !== "Mesh") return each;
      const open = withDefaults(each, OPEN_DEFAULTS);
      return { ...open, spec: { ...open.spec, trustDomain: TRUST_DOMAIN } };
    }),
  };
  const { commands, violations, warnings } = importDocuments("istio", [{ text: manifests }], { document });
  if (violations.length > 0) throw new Error(JSON.stringify(violations));
  const applied = applyCommand(document, {}, { type: "batch", commands });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  return { document: applied.document, warnings: warnings.map(({ message }) => message) };
}

function questionIn(
  { objects }: MeshDocument,
  { proxies, gateways }: OracleAnswer,
  random: Random,
): Question | undefined {
  const document = { objects };
  const gatewayKeys = objects
    .filter(({ kind }) => kind === "Gateway")
    .filter((each) => gateways[`${each.metadata.namespace}/${each.metadata.name}`]);
  const workloads = objects.filter(
    ({ kind, metadata }) =>
      kind === "Workload" && proxies[`${metadata.namespace}/${metadata.name}`]?.type === "sidecar",
  );
  const gateway = gatewayKeys.length > 0 && random.chance(0.4) ? random.pick(gatewayKeys) : undefined;
  if (gateway?.kind === "Gateway") {
    const { listeners } = gateway.spec;
    if (listeners.length === 0) return undefined;
    const listener = random.pick(listeners);
    const routed = objects.flatMap((each) => {
      if (each.kind === "Route") return each.spec.hosts ?? [];
      return each.kind === "TcpRoute"
        ? each.spec.rules.flatMap(({ matches }) => matches.flatMap(({ serverNames = [] }) => serverNames))
        : [];
    });
    const host = random
      .pick([...listener.hosts, ...routed, ...routed])
      .replace(/^\*$/, "any.example")
      .replace("*", "x");
    const isNamed = !isPlainListener(listener) || random.chance(0.2);
    return {
      from: { kind: "outside", gateway: objectKey(gateway) },
      to: { host, ...(isNamed ? { port: listener.port } : {}) },
      ...requestAbout(document, gateway.metadata.name, random),
      ...shownBy(listener, random),
    };
  }
  // some manifests are only of what nobody is there to call
  if (workloads.length === 0) return undefined;
  const caller = random.pick(workloads);
  const { namespace, name } = caller.metadata;
  const callees = objects.filter(
    (each) =>
      (each.kind === "Service" &&
        each.metadata.namespace !== "istio-system" &&
        !`${name}-`.startsWith(`${each.metadata.name}-`)) ||
      each.kind === "ExternalService",
  );
  const routed = callees.filter(
    (each) =>
      objects.some((route) => route.kind === "Route" && route.spec.target.name === each.metadata.name) ||
      objects.some(
        (policy) => policy.kind === "AuthorizationPolicy" && policy.spec.target.service === each.metadata.name,
      ),
  );
  if (callees.length === 0) return undefined;
  const drawn = (random.chance(0.7) ? routed : callees).filter((each) => isDrawn(document, caller, each));
  const [near] = [drawn, routed, callees].filter((each) => each.length > 0);
  const callee = random.pick(near && random.chance(0.8) ? near : callees);
  const request = requestAbout(document, callee.metadata.name, random);
  const address = proxies[`${namespace}/${name}`]?.address;
  const from = { kind: "workload" as const, workload: objectKey(caller) };
  const rest = { ...request, ...(address === undefined ? {} : { address }) };
  const tcp = callee.kind === "Service" ? callee.spec.ports.find(({ protocol }) => protocol === "tcp") : undefined;
  if (tcp && random.chance(0.5)) {
    const host = `${callee.metadata.name}.${callee.metadata.namespace}`;
    return { from, to: { host, port: tcp.port }, method: CONNECT, path: "/", headers: {} };
  }
  if (callee.kind === "ExternalService") {
    const host = random.pick(callee.spec.hosts).replace("*", "x");
    const [web] = callee.spec.ports.filter(({ protocol }) => protocol !== "tcp");
    return web && { from, to: { host, ...(random.chance(0.3) ? { port: web.port } : {}) }, ...rest };
  }
  const { namespace: space, name: own } = callee.metadata;
  const long = [`${own}.${space}`, `${own}.${space}.svc`, `${own}.${space}.svc.cluster.local`];
  const host = random.pick(space === namespace ? [own, own, own, ...long] : [...long, own]);
  const ports = carriedPorts(buildIndex(document), objectKey(callee));
  const port = random.chance(0.4) ? undefined : random.pick(ports);
  return { from, to: { host, ...(port === undefined ? {} : { port }) }, ...rest };
}

/** A line of the caller or of its service leads there. */
function isDrawn({ objects }: MeshDocument, caller: MeshObject, callee: MeshObject): boolean {
  const owner = caller.kind === "Workload" ? workloadOwnerKey(caller) : undefined;
  return objects.some((each) => {
    if (each.kind !== "Dependency") return false;
    const [from, to] = [refKey(each.spec.from, each), refKey(each.spec.to, each)];
    return (from === objectKey(caller) || from === owner) && to === objectKey(callee);
  });
}

/** Clients come with certificates also where nobody asks for one. */
function shownBy(listener: Listener, random: Random): Pick<Question, "certificate"> {
  const names = listener.tls?.clients?.names ?? [];
  const certificate = random.pick<Question["certificate"]>([
    undefined,
    { names: names.slice(0, 1) },
    { names: ["stranger.example"] },
    { names: names.slice(0, 1), isForged: true },
  ]);
  return isHttpsListener(listener) && certificate ? { certificate } : {};
}

/** Where the caller connects to: a name without a port is called at the first one, a gateway without one in plain text. */
function placeOf({ index }: Scene, { from, to }: Question): { port: number; isTls: boolean } {
  if (from.kind !== "workload") {
    const listeners = index.find("Gateway", from.gateway)?.spec.listeners ?? [];
    const at = listeners.find(({ port }) => port === to.port) ?? listeners.find(isPlainListener) ?? listeners[0];
    return { port: at?.port ?? 80, isTls: at?.protocol === "https" || at?.protocol === "tls" };
  }
  const callee = objectOfHost(index, to.host, from.workload.split("/")[1]);
  const port = to.port ?? (callee === undefined ? undefined : carriedPorts(index, callee)[0]) ?? 80;
  return { port, isTls: false };
}

type Told = {
  host: string | null;
  name: string | null;
  isForwarded: boolean;
  timeout: string | null;
  retry: JsonObject | null;
  mirrors: JsonObject[] | null;
  hash: JsonObject[] | null;
};

function routeOf({ headers }: LiveAnswer): Told | undefined {
  const text = headers[ROUTE_HEADER];
  return text === undefined ? undefined : JSON.parse(Buffer.from(text, "base64").toString());
}
const routeText = (live: LiveAnswer) => {
  const route = routeOf(live);
  return route
    ? ` Istio: ${route.host} ${route.name ?? ""} ${live.status} ${live.app?.name ?? ""}`
    : ` Istio: ${live.status}`;
};

/** What cannot be seen in one answer: times, retries, copies, and whether the two sides spoke mutual TLS. */
function ruleDifferences({ hops, outcome }: Answer, live: LiveAnswer): string[] {
  const route = routeOf(live);
  const [hop] = hops;
  if (!hop?.cluster || !route?.isForwarded) return [];
  return [
    ...unlike("timeout", hop.timeoutMs ?? null, millisecondsOf(route.timeout)),
    ...unlike("retries", retriesTold(hop), retriesOf(route.retry)),
    ...unlike("copies", copiesTold(hop), copiesOf(route.mirrors)),
    ...(hop.hash
      ? unlike(
          "hash",
          hop.hash.keys.map(({ key }) => key),
          hashOf(route.hash),
        )
      : []),
    ...(outcome === "forwarded" && live.app
      ? unlike(
          "mutual TLS",
          hop.mtls === "mutual",
          /URI=spiffe:/.test(live.app.headers["x-forwarded-client-cert"] ?? ""),
        )
      : []),
  ];
}

function unlike(what: string, told: unknown, got: unknown): string[] {
  const [a, b] = [JSON.stringify(told), JSON.stringify(got)];
  return a === b ? [] : [`told ${what} ${a}, got ${b}`];
}

function millisecondsOf(text: string | null): number | null {
  const seconds = text === null ? 0 : Number(text.replace(/s$/, ""));
  return seconds === 0 ? null : Math.round(seconds * 1000);
}

/** What is tried again where nobody says it: docs/reference/dialects.md has the difference. */
const DEFAULTS = ["reset-before-request", "retriable-status-codes"];

const retriesTold = ({ retries }: Hop) =>
  retries ? { attempts: retries.attempts, perTry: retries.perTryTimeoutMs, on: conditionsOf(retries.on) } : null;

const conditionsOf = (on: readonly string[]): string[] => on.filter((each) => !DEFAULTS.includes(each)).sort();

function retriesOf(policy: JsonObject | null) {
  if (!policy) return null;
  const on = String(policy["retry_on"] ?? "")
    .split(",")
    .filter(Boolean);
  const codes = Array.isArray(policy["retriable_status_codes"]) ? policy["retriable_status_codes"].map(String) : [];
  const perTry = policy["per_try_timeout"];
  return {
    attempts: Number(policy["num_retries"] ?? 1),
    perTry: typeof perTry === "string" ? millisecondsOf(perTry) : null,
    on: conditionsOf([...on, ...codes]),
  };
}

const copiesTold = ({ mirrors = [] }: Hop) =>
  mirrors
    .map(
      ({ service, subset, probability }) =>
        `${service.split("/").slice(1).reverse().join(".")} ${subset ?? ""} ${Math.round(probability * 1e6)}`,
    )
    .sort();

/** In the words of the simulator. */
const hashOf = (policies: JsonObject[] | null): string[] =>
  (policies ?? []).map((each) => {
    const { header, cookie, query_parameter: query } = each as Record<string, JsonObject>;
    if (header) return `header ${String(header["header_name"]).toLowerCase()}`;
    if (cookie) return `cookie ${cookie["name"]}`;
    return query ? `query ${query["name"]}` : "the caller's address";
  });

function copiesOf(mirrors: JsonObject[] | null): string[] {
  return (mirrors ?? [])
    .map((each) => {
      const [, , subset, host = ""] = String(each["cluster"]).split("|");
      const share = (each["runtime_fraction"] as JsonObject | undefined)?.["default_value"] as JsonObject | undefined;
      const of =
        { HUNDRED: 100, TEN_THOUSAND: 10_000, MILLION: 1_000_000 }[String(share?.["denominator"] ?? "HUNDRED")] ?? 100;
      const probability = share ? Number(share["numerator"] ?? 0) / of : 1;
      return `${host.split(".").slice(0, 2).join(".")} ${subset ?? ""} ${Math.round(probability * 1e6)}`;
    })
    .sort();
}
