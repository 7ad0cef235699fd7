// Envoy and our proxy with the same compiled bootstrap, each on ports of its own, in front of callees that say what reached them.
// The rule: what is started here is ended by its handle; nothing is found by name.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { bindingForDocument, desiredProxies, localEndpoints } from "@/lib/deploy";
import { digestOf, type MeshDocument } from "@/lib/mesh";
import { compileStaticBootstrap } from "../bootstrap";
import { type CompileInput, NO_ROLLOUT } from "../types";
import { type EchoServer, type Identity, startEchoServer } from "./echo-server";
import { DEMO_APPS } from "./inputs";
import { createAuthority, type TestAuthority } from "./test-authority";

type Ports = { inbound: number; outbound: number; admin: number };
export type Side = { name: "envoy" | "ours"; ports: Ports; stop(): Promise<void> };

/** Everything around the proxies: identities, callees, and the input that leads to them. */
export type Surroundings = {
  folder: string;
  input: CompileInput;
  /** By SPIFFE ID; made when first asked for. */
  identityOf(spiffeId: string, issuer?: TestAuthority): Promise<Identity>;
  spiffeIds: Map<string, string>;
  otherAuthority: TestAuthority;
  close(): void;
};

/** What a program is configured from. */
type Programmed = Pick<Surroundings, "folder" | "input" | "identityOf" | "spiffeIds">;

type Faults = {
  /** Workloads whose callees show another workload's certificate. */
  impostors?: readonly string[];
  /** Workloads whose callees do not listen. */
  absent?: readonly string[];
};

export async function surround(document: MeshDocument, faults: Faults = {}): Promise<Surroundings> {
  const folder = mkdtempSync(join(tmpdir(), "meshwright-differential-"));
  const [own, otherAuthority] = [await createAuthority("shop.mesh.local"), await createAuthority("shop.mesh.local")];
  const known = new Map<string, Identity>();
  const identityOf = async (spiffeId: string, issuer = own): Promise<Identity> => {
    const key = `${issuer === own ? "" : "other "}${spiffeId}`;
    const identity = known.get(key) ?? (await issuer.issue(spiffeId));
    known.set(key, identity);
    return identity;
  };
  const servers: EchoServer[] = [];
  const echo = async (name: string, identity: Identity | null) => {
    const server = await startEchoServer(name, identity);
    servers.push(server);
    return server.port;
  };
  const binding = bindingForDocument(document, undefined, { demoApps: DEMO_APPS });
  const carrier = { host: "127.0.0.1", port: await echo("carrier-api", null) };
  binding.externals = [{ namespace: "production", name: "carrier-api", endpoints: [carrier] }];
  const spiffeIds = new Map(desiredProxies(document, binding).map((seed) => [seed.proxyKey, seed.spiffeId]));
  const endpoints = [];
  for (const endpoint of localEndpoints(document, binding)) {
    const isImpostor = faults.impostors?.includes(endpoint.workload);
    const identity = await identityOf(spiffeIds.get(isImpostor ? IMPOSTOR : endpoint.proxyId) ?? "");
    const inboundPort = await echo(endpoint.workload, identity);
    if (faults.absent?.includes(endpoint.workload)) servers.pop()?.close();
    endpoints.push({ ...endpoint, inboundPort, appPort: await echo(`app of ${endpoint.workload}`, null) });
  }
  const input = { document, digest: digestOf(document), binding, endpoints, rollout: NO_ROLLOUT, overrides: {} };
  const close = () => {
    for (const server of servers) server.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { folder, input, identityOf, spiffeIds, otherAuthority, close };
}

/** Whose certificate an impostor shows. */
const IMPOSTOR = "production/inventory-v1/0";

/** The proxy as it is shipped: one bundle. */
export async function bundleProxy(folder: string): Promise<string> {
  const outfile = join(folder, "meshwright-proxy.mjs");
  await build({
    entryPoints: [fileURLToPath(new URL("../../../proxy/src/main.ts", import.meta.url))],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "error",
    banner: { js: 'import { createRequire as r } from "node:module"; const require = r(import.meta.url);' },
  });
  return outfile;
}

export type Programs = { envoy: string; bundle: string };

/** Starts both with the configuration of one proxy; resolves when both say that they are ready. */
export async function startSides(around: Surroundings, programs: Programs, proxyId: string): Promise<[Side, Side]> {
  const envoyArgs = ["--use-dynamic-base-id", "--concurrency", "1", "-l", "error"];
  const started = await Promise.allSettled([
    startSide(around, proxyId, "envoy", [programs.envoy, ...envoyArgs]),
    startSide(around, proxyId, "ours", [process.execPath, programs.bundle]),
  ]);
  const [envoy, ours] = started;
  if (envoy.status === "fulfilled" && ours.status === "fulfilled") return [envoy.value, ours.value];
  for (const side of started) if (side.status === "fulfilled") await side.value.stop();
  throw new Error(started.map((side) => (side.status === "rejected" ? String(side.reason) : "started")).join("\n"));
}

export async function startSide(
  around: Programmed,
  proxyId: string,
  name: Side["name"],
  command: readonly string[],
  given?: Ports,
): Promise<Side> {
  const folder = join(around.folder, `${proxyId.replaceAll("/", "~")}-${name}`);
  mkdirSync(folder, { recursive: true });
  const identity = await around.identityOf(around.spiffeIds.get(proxyId) ?? "");
  const file = (which: string) => join(folder, which);
  writeFileSync(file("cert.pem"), identity.certPem);
  writeFileSync(file("key.pem"), identity.keyPem, { mode: 0o600 });
  writeFileSync(file("bundle.pem"), identity.caPem);
  const ports = given ?? (await freePorts());
  const identityFiles = {
    certificateChain: file("cert.pem"),
    privateKey: file("key.pem"),
    bundle: file("bundle.pem"),
  };
  const compiled = compileStaticBootstrap(around.input, proxyId, { identityFiles, ports });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.violations));
  writeFileSync(file("bootstrap.json"), JSON.stringify(compiled.bootstrap, null, 2));
  const [program = "", ...args] = command;
  const child = spawn(program, [...args, "-c", file("bootstrap.json")], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async () => {
    child.kill("SIGKILL");
    await exited;
  };
  try {
    await untilReady(name, child, ports.admin);
  } catch (error) {
    await stop();
    throw error;
  }
  return { name, ports, stop };
}

async function untilReady(name: string, child: ChildProcess, admin: number): Promise<void> {
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-5000);
  });
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}: ${said}`);
    const answer = await fetch(`http://127.0.0.1:${admin}/ready`).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${name} is not ready after 30 s: ${said}`);
}

export async function freePorts(): Promise<Ports> {
  const servers = [createServer(), createServer(), createServer()];
  await Promise.all(servers.map((server) => new Promise<void>((done) => server.listen(0, "127.0.0.1", done))));
  const [inbound = 0, outbound = 0, admin = 0] = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return { inbound, outbound, admin };
}
