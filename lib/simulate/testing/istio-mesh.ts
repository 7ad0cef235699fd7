// Manifests as they really run on Istio's own configuration: one Envoy for all proxies of the mesh, an app behind each.
// The rule: what is started here is ended by its handle; nothing of the importer or the simulator is used.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Identity } from "@/lib/compile/testing/echo-server";
import { createAuthority } from "@/lib/compile/testing/test-authority";
import type { Question } from "../types";
import { type App, createClients, listenFor } from "./istio-clients";
import { istioBootstrap, outboundAddress } from "./istio-envoy";
import type { OracleAnswer } from "./istio-oracle";
import { appServer, type LiveAnswer, type Sign, sendTo } from "./live-ground";

/** What Istio calls its own mesh. */
export const TRUST_DOMAIN = "cluster.local";
const PATIENCE_MS = 20_000;

export type IstioMesh = {
  /** @param at the port that the caller connects to, and whether it speaks TLS there */
  send(question: Question, at: { port: number; isTls: boolean }): Promise<LiveAnswer>;
  close(): Promise<void>;
};

/** @param nameOfHost what an app outside of the mesh calls itself */
export async function startIstioMesh(
  answer: OracleAnswer,
  envoy: string,
  nameOfHost: (host: string) => string,
  trustDomain: string,
  sign?: Sign,
): Promise<IstioMesh> {
  const folder = mkdtempSync(join(tmpdir(), "meshwright-istio-"));
  const [identities, clients] = await Promise.all([identitiesOf(answer, trustDomain), createClients()]);
  const [anybody] = identities.values();
  const apps = new Map<string, App>();
  const app = async (key: string, name: string) => {
    if (!apps.has(key) && anybody) apps.set(key, await listenFor(appServer(name), anybody));
  };
  const portOf = (key: string) => apps.get(key)?.port ?? 1;
  for (const owner of Object.values(answer.owners)) await app(owner, owner.split("/")[1] ?? owner);
  for (const host of hostsOf(answer)) await app(`outside ${host}`, nameOfHost(host));
  const ground = {
    clientsPem: clients.rootPem,
    appPort: portOf,
    outsidePort: (host: string) => portOf(`outside ${host}`),
    identityOf: (owner: string) => identities.get(owner) as Identity,
  };
  const adminPort = await freePort();
  const file = join(folder, "bootstrap.json");
  writeFileSync(file, JSON.stringify(istioBootstrap(answer, ground, adminPort), null, 1));
  const args = ["--use-dynamic-base-id", "--concurrency", "1", "-l", "error", "-c", file];
  const child = spawn(envoy, args, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  let hasEnded = false;
  const exited = new Promise<void>((resolve) =>
    child.once("exit", () => {
      hasEnded = true;
      resolve();
    }),
  );
  const close = async () => {
    child.kill("SIGKILL");
    await exited;
    for (const each of apps.values()) each.close();
    rmSync(folder, { recursive: true, force: true });
  };
  const until = Date.now() + PATIENCE_MS;
  while (!(await isReady(adminPort))) {
    if (!hasEnded && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      continue;
    }
    await close();
    throw new Error(`Envoy does not run Istio's configuration: ${said}`);
  }
  return {
    async send(question, { port, isTls }) {
      const at = placeOf(answer, question, port);
      // what is said on a connection passes as it is
      const said = question.method === "CONNECT" ? { ...question, method: "GET" } : question;
      const tls = isTls
        ? { tls: { servername: question.to.host, ...(await clients.shown(question.certificate)) } }
        : {};
      return (await isOpen(at)) ? sendTo({ ...at, ...tls }, said, sign) : NOBODY;
    },
    close,
  };
}

/** Nothing listens there: Istio's own answer would be that it knows no such host. */
const NOBODY: LiveAnswer = { status: 404, headers: {}, body: "", app: undefined };

function placeOf(answer: OracleAnswer, { from, address }: Question, port: number) {
  const key = from.kind === "workload" ? from.workload : from.gateway;
  const owner = key.slice(key.indexOf("/") + 1);
  const proxy = answer.proxies[from.kind === "workload" ? owner : (answer.gateways[owner] ?? "")];
  if (!proxy) throw new Error(`Istio has no proxy for ${key}`);
  if (from.kind === "workload") return { host: outboundAddress(proxy.address), port };
  return { host: proxy.address, port, ...(address === undefined ? {} : { localAddress: address }) };
}

async function identitiesOf({ proxies }: OracleAnswer, trustDomain: string): Promise<ReadonlyMap<string, Identity>> {
  const authority = await createAuthority(trustDomain);
  const all = Object.entries(proxies).map(async ([owner, { serviceAccount }]) => {
    const [namespace] = owner.split("/");
    return [owner, await authority.issue(`spiffe://${trustDomain}/ns/${namespace}/sa/${serviceAccount}`)] as const;
  });
  return new Map(await Promise.all(all));
}

/** Of all clusters, in the mesh or not. */
function hostsOf({ proxies }: OracleAnswer): string[] {
  const names = Object.values(proxies).flatMap(({ clusters }) =>
    clusters.map(({ name }) => String(name).split("|")[3]),
  );
  return [...new Set(names.filter((name) => name !== undefined && name !== ""))] as string[];
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

const isReady = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const asked = request({ host: "127.0.0.1", port, path: "/ready", agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.on("error", () => resolve(false));
    asked.end();
  });

const isOpen = ({ host, port }: { host: string; port: number }): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
