// A design as it really runs: every proxy's data plane in this process, on loopback sockets with mutual TLS, in front of apps that say what reached them.
// The rule: configured by the compiler's resources as the control plane serves them; nothing of the simulator is used.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Secret } from "@meshwright/proxy/plan";
import { plan } from "@meshwright/proxy/plan";
import { type CompileInput, compile, NO_ROLLOUT } from "@/lib/compile";
import { createAuthority } from "@/lib/compile/testing/test-authority";
import { bindingForDocument, desiredProxies, localEndpoints } from "@/lib/deploy";
import type { MeshDocument, ObjectKey } from "@/lib/mesh";
import { DataPlane } from "../../../proxy/src/listener/data-plane";
import type { Question } from "../types";

export type LiveAnswer = {
  status: number;
  location: string | undefined;
  body: string;
  /** The app that answered; undefined: a proxy did. */
  app: { name: string; method: string; url: string; host: string; headers: Record<string, string> } | undefined;
};
/** In place of a status: the connection was closed without an answer. */
export const CLOSED = 0;
export type LiveMesh = { send(question: Question): Promise<LiveAnswer>; close(): Promise<void> };

export async function startLiveMesh(document: MeshDocument): Promise<LiveMesh> {
  const folder = mkdtempSync(join(tmpdir(), "meshwright-live-"));
  const apps: Server[] = [];
  const planes: DataPlane[] = [];
  const app = async (name: string): Promise<number> => {
    const server = createServer((incoming, response) => {
      incoming.resume();
      const { method, url, headers } = incoming;
      response.setHeader(
        "x-app",
        Buffer.from(JSON.stringify({ name, method, url, host: headers.host, headers })).toString("base64"),
      );
      incoming.on("end", () => response.end("app"));
    });
    apps.push(server);
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return (server.address() as AddressInfo).port;
  };
  const input = await inputOf(document, folder, app);
  const authority = await createAuthority(trustDomainOf(document));
  for (const { proxyKey, spiffeId } of desiredProxies(document, input.binding)) {
    const { certPem, keyPem, caPem } = await authority.issue(spiffeId);
    const secrets = new Map<string, Secret>([
      ["identity", { kind: "certificate", name: "identity", chainPem: certPem, privateKeyPem: keyPem }],
      ["bundle", { kind: "validation", name: "bundle", trustedCaPem: caPem, sanMatchers: [] }],
    ]);
    planes.push(await startPlane(input, proxyKey, folder, secrets));
  }
  return {
    send: (question) => send(document, input, question),
    async close() {
      for (const plane of planes) {
        for (const listener of plane.listeners.values()) listener.destroy();
        for (const cluster of plane.clusters.values()) cluster.close();
        plane.closeLogs();
      }
      for (const server of apps) {
        server.closeAllConnections();
        server.close();
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
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
  const free = await freePorts(local.length * 2);
  const endpoints = local.map((endpoint, i) => ({
    ...endpoint,
    inboundPort: free[i * 2] ?? 0,
    outboundPort: free[i * 2 + 1] ?? 0,
    appPort: appPorts[i] ?? 0,
  }));
  const overrides = { accessLogPath: join(folder, "access.log") };
  return { document, digest: "", binding, endpoints, rollout: NO_ROLLOUT, overrides };
}

async function startPlane(
  input: CompileInput,
  proxyId: string,
  folder: string,
  secrets: ReadonlyMap<string, Secret>,
): Promise<DataPlane> {
  const compiled = compile(input, proxyId);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.violations));
  const { listeners, routes, clusters, endpoints } = compiled.resources;
  const planned = plan({ listeners, routes, clusters, endpoints });
  if (!planned.ok) throw new Error(JSON.stringify(planned.violations));
  const plane = new DataPlane();
  plane.home = folder;
  const applied = await plane.onPlan(planned.plan, secrets);
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  return plane;
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createTcpServer());
  await Promise.all(servers.map((server) => new Promise<void>((done) => server.listen(0, "127.0.0.1", done))));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

/** As the app of the caller sends it: to its sidecar's outbound port; a gateway's client to the gateway. */
function send(document: MeshDocument, input: CompileInput, question: Question): Promise<LiveAnswer> {
  const { to, method, path, headers } = question;
  const port = portOf(document, input, question);
  const host = to.port === undefined ? to.host : `${to.host}:${to.port}`;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: "127.0.0.1", port, method, path, headers: { ...headers, host }, agent: false },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () => resolve(answerOf(incoming, Buffer.concat(chunks).toString())));
      },
    );
    outgoing.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "ECONNRESET") reject(error);
      else resolve({ status: CLOSED, location: undefined, body: "", app: undefined });
    });
    outgoing.end();
  });
}

function answerOf({ statusCode = 0, headers }: IncomingMessage, body: string): LiveAnswer {
  const told = headers["x-app"];
  const app = typeof told === "string" ? JSON.parse(Buffer.from(told, "base64").toString()) : undefined;
  return { status: statusCode, location: headers.location, body, app };
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
