// What stands around the proxies of a design that really runs: apps that say what reached them, identities, and callers.
// The rule: the compiler's own input leads to it; nothing of the simulator is used.

import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import type { Http2Server } from "node:http2";
import { request as requestInTls } from "node:https";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CompileInput, NO_ROLLOUT } from "@/lib/compile";
import type { Identity } from "@/lib/compile/testing/echo-server";
import { createAuthority } from "@/lib/compile/testing/test-authority";
import { bindingForDocument, desiredProxies, localEndpoints } from "@/lib/deploy";
import { type MeshDocument, type ObjectKey, workloadOwnerName } from "@/lib/mesh";
import { hostText } from "../host-text";
import type { Question, QuestionToken } from "../types";

export type LiveAnswer = {
  status: number;
  /** Of the answer, as the caller got them. */
  headers: Record<string, string>;
  body: string;
  /** The app that answered; undefined: a proxy did. */
  app: SeenByApp | undefined;
};
/** `instance`: of several apps with one name, which. */
export type SeenByApp = {
  name: string;
  instance: string;
  method: string;
  url: string;
  host: string;
  headers: Record<string, string>;
};
/** In place of a status: the connection was closed without an answer. */
export const CLOSED = 0;
export type LiveMesh = {
  input: CompileInput;
  send(question: Question): Promise<LiveAnswer>;
  /** Whom the tries of a request reached that asked to fail, in order: `FAIL_HEADER`. */
  tries: Tries;
  close(): Promise<void>;
};
export type Tries = Map<string, Pick<SeenByApp, "name" | "instance">[]>;

/** `<name of the request> <how many of its tries fail> <status>`: an app counts them; with the status `never` it gives no answer at all. */
export const FAIL_HEADER = "x-fail";

/** Writes a question's token as its issuer would. */
export type Sign = (token: QuestionToken) => string;
const NOBODY_SIGNS: Sign = () => {
  throw new Error("nobody here signs tokens");
};

export type LiveGround = {
  folder: string;
  input: CompileInput;
  /** Of every proxy. */
  spiffeIds: Map<string, string>;
  identityOf(spiffeId: string): Promise<Identity>;
  /** As the app of the caller sends it: to its sidecar's outbound port; a gateway's client to the gateway. */
  send(question: Question): Promise<LiveAnswer>;
  tries: Tries;
  close(): void;
};

/** PEM. */
export type ClientTls = { servername: string; cert?: string; key?: string };

/** Apps that are no echo, by the name of their workload. */
export type Apps = Readonly<Record<string, () => Server | Http2Server>>;

export async function liveGround(
  document: MeshDocument,
  sign: Sign = NOBODY_SIGNS,
  others: Apps = {},
): Promise<LiveGround> {
  const folder = mkdtempSync(join(tmpdir(), "meshwright-live-"));
  const apps: (Server | Http2Server)[] = [];
  const tries: Tries = new Map();
  const app = async (name: string): Promise<number> => {
    const server = others[name]?.() ?? appServer(name, `${name} ${apps.length}`, tries);
    apps.push(server);
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return (server.address() as AddressInfo).port;
  };
  const input = await inputOf(document, folder, app);
  const authority = await createAuthority(trustDomainOf(document));
  const spiffeIds = new Map(desiredProxies(document, input.binding).map((each) => [each.proxyKey, each.spiffeId]));
  return {
    folder,
    input,
    spiffeIds,
    identityOf: (spiffeId) => authority.issue(spiffeId),
    send: (question) => send(document, input, question, sign),
    tries,
    close() {
      for (const server of apps) {
        if ("closeAllConnections" in server) server.closeAllConnections();
        server.close();
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** `x-private` is there for rules that take it out. */
export function appServer(name: string, instance = name, tries: Tries = new Map()): Server {
  return createServer((incoming, response) => {
    incoming.resume();
    const { method, url, headers } = incoming;
    const status = statusOf(headers[FAIL_HEADER], { name, instance }, tries);
    if (status === null) return;
    const seen = JSON.stringify({ name, instance, method, url, host: headers.host, headers });
    response.statusCode = status;
    response.setHeader("x-app", Buffer.from(seen).toString("base64"));
    response.setHeader("x-private", "1");
    incoming.on("end", () => response.end("app"));
  });
}

/** null: no answer. */
function statusOf(asked: string | string[] | undefined, app: Pick<SeenByApp, "name" | "instance">, tries: Tries) {
  if (typeof asked !== "string") return 200;
  const [request = "", count, status] = asked.split(" ");
  const seen = [...(tries.get(request) ?? []), app];
  tries.set(request, seen);
  if (status === "never") return null;
  return seen.length > Number(count) ? 200 : Number(status);
}

const trustDomainOf = ({ objects }: MeshDocument) =>
  objects.flatMap((each) => (each.kind === "Mesh" ? [each.spec.trustDomain] : []))[0] ?? "mesh.local";

async function inputOf(
  document: MeshDocument,
  folder: string,
  app: (name: string) => Promise<number>,
): Promise<CompileInput> {
  const bound = bindingForDocument(document);
  const isBare = new Set(
    document.objects.flatMap((each) => (each.kind === "Service" && each.spec.optOut ? [each.metadata.name] : [])),
  );
  const serviceOf = new Map(
    document.objects.flatMap((each) => (each.kind === "Workload" ? [[each.metadata.name, each.spec.service]] : [])),
  );
  const instances = [];
  for (const instance of bound.instances) {
    const isOut = isBare.has(serviceOf.get(instance.workload.name) ?? "");
    const host = "127.0.0.1";
    instances.push({
      ...instance,
      app: isOut
        ? { kind: "address" as const, host, port: await app(instance.workload.name) }
        : { kind: "echo" as const },
    });
  }
  const externals = [];
  for (const each of document.objects) {
    if (each.kind !== "ExternalService") continue;
    const port = await app(each.metadata.name);
    externals.push({
      namespace: each.metadata.namespace,
      name: each.metadata.name,
      endpoints: [{ host: "127.0.0.1", port }],
    });
  }
  const binding = {
    instances,
    externals,
    gateways: bound.gateways.map(({ namespace, name }) => ({ namespace, name })),
  };
  const local = localEndpoints(document, binding);
  const appPorts: number[] = [];
  for (const { workload } of local) appPorts.push(await app(workload));
  // After the apps, all at once: nothing of ours takes one of them in between.
  const free = await freePorts(local.length * 3);
  const endpoints = local.map((endpoint, i) => ({
    ...endpoint,
    inboundPort: free[i * 3] ?? 0,
    outboundPort: free[i * 3 + 1] ?? 0,
    adminPort: free[i * 3 + 2] ?? 0,
    appPort: appPorts[i] ?? 0,
  }));
  const overrides = { accessLogPath: join(folder, "access.log") };
  return { document, digest: "", binding, endpoints, rollout: NO_ROLLOUT, overrides };
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createTcpServer());
  await Promise.all(servers.map((server) => new Promise<void>((done) => server.listen(0, "127.0.0.1", done))));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

const send = (document: MeshDocument, input: CompileInput, question: Question, sign: Sign): Promise<LiveAnswer> =>
  sendTo({ host: "127.0.0.1", port: portOf(document, input, question) }, question, sign);

/** @param at where the proxy listens, from where it is called, and with what in TLS */
export function sendTo(
  { tls, ...at }: { host: string; port: number; localAddress?: string; tls?: ClientTls },
  question: Question,
  sign: Sign = NOBODY_SIGNS,
): Promise<LiveAnswer> {
  const { to, method, path, headers, token } = question;
  const host = hostText(to);
  const authorization = token ? { authorization: `Bearer ${sign(token)}` } : {};
  return new Promise((resolve, reject) => {
    const secured = tls ? { ...tls, rejectUnauthorized: false } : {};
    const outgoing = (tls ? requestInTls : request)(
      { ...at, ...secured, method, path, headers: { ...headers, ...authorization, host }, agent: false },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () => resolve(answerOf(incoming, Buffer.concat(chunks).toString())));
      },
    );
    outgoing.on("error", (error: NodeJS.ErrnoException) => {
      // of TLS every end of it is one: alerts have codes of their own
      if (!tls && error.code !== "ECONNRESET") reject(new Error(`${JSON.stringify(question)}: ${error.message}`));
      else resolve({ status: CLOSED, headers: {}, body: "", app: undefined });
    });
    outgoing.end();
  });
}

function answerOf({ statusCode = 0, headers }: IncomingMessage, body: string): LiveAnswer {
  const told = headers["x-app"];
  const app = typeof told === "string" ? JSON.parse(Buffer.from(told, "base64").toString()) : undefined;
  const all = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  return { status: statusCode, headers: all, body, app };
}

function portOf(document: MeshDocument, { endpoints, binding }: CompileInput, { from, to }: Question): number {
  const key: ObjectKey = from.kind === "workload" ? from.workload : from.gateway;
  const [, namespace, name] = key.split("/");
  const own = endpoints.find((each) => each.namespace === namespace && each.workload === name);
  if (own) return from.kind === "workload" ? own.outboundPort : own.inboundPort;
  // Without a sidecar the app calls the callee's address itself.
  const callee = to.host.split(".")[0];
  const workload = document.objects.find((each) => each.kind === "Workload" && each.spec.service === callee);
  const target = endpoints.find((each) => each.workload === workload?.metadata.name);
  if (target) return target.inboundPort;
  throw new Error(`nobody knows how ${key} would call ${to.host} (${binding.instances.length} instances)`);
}

/** An app without a sidecar finds services by itself: only calls of services that have sidecars say something here. */
export function isUncalled({ objects }: MeshDocument, { from, to }: Question): boolean {
  const bare = new Set(
    objects.flatMap((each) => (each.kind === "Service" && each.spec.optOut ? [each.metadata.name] : [])),
  );
  if (from.kind !== "workload") return false;
  const caller = objects.find((each) => each.kind === "Workload" && from.workload.endsWith(`/${each.metadata.name}`));
  if (caller?.kind !== "Workload" || !bare.has(workloadOwnerName(caller))) return false;
  const callee = to.host.toLowerCase().split(".")[0] ?? "";
  return (
    bare.has(callee) || callee !== to.host.split(".")[0] || to.host.includes(".other") || to.host.includes(".example")
  );
}
