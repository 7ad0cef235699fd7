// The proxy as a stranger gets it: its tarball, installed alone in an empty folder, without the network and without this repository. The
// Dockerfile and the systemd unit in it are held against what is there and how it behaves; process 1 is played by a namespace.

import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { bundleProxy } from "./build.mjs";
import { freePort } from "./wait.mjs";

const source = fileURLToPath(new URL("../../proxy/", import.meta.url));
const SOON = { timeout: 30_000, interval: 50 };
let folder: string;
/** Where it was installed. */
let empty: string;
let installed: string;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "meshwright-packed-"));
  const copy = join(folder, "proxy");
  cpSync(source, copy, { recursive: true, filter: (path) => !/\/(dist|src|test|bench|node_modules)$/.test(path) });
  mkdirSync(join(copy, "dist"));
  await bundleProxy(join(copy, "dist", "meshwright-proxy.mjs"));
  const tarball = npm(copy, "pack", "--silent", "--pack-destination", folder).trim();
  empty = join(folder, "empty");
  mkdirSync(empty);
  writeFileSync(join(empty, "package.json"), '{"private": true}');
  npm(empty, "install", "--offline", "--silent", "--no-audit", "--no-fund", join(folder, tarball));
  installed = join(empty, "node_modules", "@meshwright", "proxy");
});
afterEach(() => {
  for (const child of running) child.kill("SIGKILL");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const environment = () => ({ NODE_ENV: "production" as const, PATH: process.env.PATH ?? "", HOME: folder });
const npm = (cwd: string, ...args: string[]) =>
  execFileSync("npm", args, { cwd, encoding: "utf8", env: environment() });
const read = (name: string) => readFileSync(join(installed, name), "utf8");

function configuration(more = "", port = 0): string {
  const file = join(folder, "bootstrap.yaml");
  writeFileSync(
    file,
    `
admin: {address: {socket_address: {address: 127.0.0.1, port_value: 0}}}
static_resources:
  listeners:
  - name: main
    address: {socket_address: {address: 127.0.0.1, port_value: ${port}}}
    filter_chains:
    - filters:
      - name: http
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: main
          ${more}
          route_config: {virtual_hosts: [{name: all, domains: ["*"], routes: [{match: {prefix: "/"}, direct_response: {status: 200, body: {inline_string: hello}}}]}]}
          http_filters: [{name: router, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}]
`,
  );
  return file;
}

interface Run {
  readonly child: ChildProcess;
  text(): string;
  /** Exit code, or the signal. */
  readonly ended: Promise<number | string>;
}

function run(command: string, ...args: string[]): Run {
  const child = spawn(command, args, { cwd: empty, env: environment() });
  running.add(child);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise<number | string>((resolve) => {
    child.once("close", (code, signal) => {
      running.delete(child);
      resolve(code ?? signal ?? "");
    });
  });
  return { child, text: () => text, ended };
}

/** As `npx meshwright-proxy` finds it. */
const linked = () => join(empty, "node_modules", ".bin", "meshwright-proxy");
const command = (...args: string[]) => run(linked(), ...args);

/** Of the listener and of the admin interface. */
async function portsOf(proxy: Run): Promise<{ main: number; admin: number }> {
  await expect.poll(() => proxy.text(), SOON).toContain("ready, listeners");
  const [main, admin] = [/main:(\d+)/, /admin on [\d.]+:(\d+)/].map((pattern) =>
    Number(pattern.exec(proxy.text())?.[1]),
  );
  return { main: main ?? 0, admin: admin ?? 0 };
}

const statusOf = (port: number): Promise<number> =>
  fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } }).then(
    ({ status }) => status,
    () => 0,
  );

describe("the packed proxy, installed alone", () => {
  test("it is the command with its licences, and needs no other package", () => {
    expect(readdirSync(installed).sort()).toEqual(
      [
        ...["ARCHITECTURE.md", "Dockerfile", "LICENSE", "NOTICE", "README.md"],
        ...["bin", "dist", "package.json", "systemd"],
      ].sort(),
    );
    expect(readdirSync(join(empty, "node_modules")).filter((name) => !name.startsWith("."))).toEqual(["@meshwright"]);
    expect(readdirSync(join(empty, "node_modules", "@meshwright"))).toEqual(["proxy"]);
    expect(read("LICENSE")).toBe(readFileSync(new URL("../../LICENSE", import.meta.url), "utf8"));
    const bundle = read("dist/meshwright-proxy.mjs");
    const packages = [...bundle.matchAll(/^\/\/ node_modules\/((?:@[^/\n]+\/)?[^/\n]+)\//gm)].map(([, name]) => name);
    expect(new Set(packages).size).toBeGreaterThan(1);
    for (const name of new Set(packages)) expect(read("dist/LICENSES.txt")).toMatch(new RegExp(`^${name} \\d`, "m"));
  });

  test("the README's links lead somewhere in it, or say that they lead to the repository", () => {
    const links = [...read("README.md").matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, link]) => link ?? "");
    const inside = links.filter((link) => !link.startsWith("../docs/"));
    expect(inside).toContain("ARCHITECTURE.md");
    for (const link of inside) expect(existsSync(join(installed, link)), link).toBe(true);
    expect(read("README.md")).toContain("Links to `../docs` lead to the repository");
  });

  test("it says its version and how it is used", async () => {
    const version = run("npx", "--offline", "meshwright-proxy", "--version");
    expect([await version.ended, version.text().trim()]).toEqual([0, JSON.parse(read("package.json")).version]);
    const help = command("join", "--help");
    expect([await help.ended, help.text()]).toEqual([0, expect.stringContaining("--ca-fingerprint")]);
  });

  test("it validates", async () => {
    const good = command("-c", configuration(), "--mode", "validate");
    expect([await good.ended, good.text()]).toEqual([0, expect.stringContaining("OK")]);
    const bad = command("-c", configuration("strip_trailing_host_dot: true"), "--mode", "validate");
    expect([await bad.ended, bad.text()]).toEqual([1, expect.stringContaining("strip_trailing_host_dot")]);
  });

  test("it serves with Node's flags as its own process, is waited for, and drains", async () => {
    const proxy = command("-c", configuration());
    const { main, admin } = await portsOf(proxy);
    expect(await (await fetch(`http://127.0.0.1:${main}/`, { headers: { connection: "close" } })).text()).toBe("hello");
    expect(await command("wait", "--admin-port", `${admin}`).ended).toBe(0);
    if (process.platform === "linux") {
      const words = readFileSync(`/proc/${proxy.child.pid}/cmdline`, "utf8").split("\0");
      expect(words.slice(1, 1 + flags().length)).toEqual(flags());
    }
    proxy.child.kill("SIGTERM");
    expect(await proxy.ended).toBe(0);
    expect(await command("wait", "--admin-port", `${admin}`, "--timeout", "0").ended).toBe(1);
  });
});

/** What the command gives to Node. */
const flags = () => /exec node ((?:--\S+ )+)"\$0"/.exec(read("bin/meshwright-proxy.mjs"))?.[1]?.trim().split(" ") ?? [];

const mayUnshare = spawnSync("unshare", ["--pid", "--fork", "--mount-proc", "true"]).status === 0;

describe.skipIf(!mayUnshare)("as process 1", () => {
  const asFirst = (...args: string[]) => {
    const words = [...entrypoint().slice(0, -1), join(installed, "bin", "meshwright-proxy.mjs"), ...args];
    return run("unshare", "--pid", "--fork", "--mount-proc", "--kill-child", ...words);
  };
  const childrenOf = (pid: number | undefined) =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
  /** The process that is 1 inside, by its number outside. */
  const first = (outer: Run) => childrenOf(outer.child.pid)[0] ?? 0;

  test("SIGTERM drains, SIGINT too, and a worker that was killed leaves no zombie", async () => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      const main = await freePort();
      const proxy = asFirst("-c", configuration("", main), "--concurrency", "2");
      await portsOf(proxy);
      const inside = first(proxy);
      const before = childrenOf(inside);
      expect(before).toHaveLength(2);
      process.kill(before[0] ?? 0, "SIGKILL");
      await expect.poll(() => proxy.text(), SOON).toMatch(/ended \(SIGKILL\)/);
      // A zombie would still be among them.
      await expect.poll(() => childrenOf(inside).filter((pid) => pid === before[0]), SOON).toEqual([]);
      await expect.poll(() => childrenOf(inside), SOON).toHaveLength(2);
      // The one that is left may be late to listen: until then nobody does.
      await expect.poll(() => statusOf(main), SOON).toBe(200);
      process.kill(inside, signal);
      expect(await proxy.ended).toBe(0);
    }
  });

  test("a signal before it serves ends it as by default, though process 1 has no default", async () => {
    for (const [signal, code] of [
      ["SIGTERM", 143],
      ["SIGINT", 130],
    ] as const) {
      let wasAsked = (): void => {};
      const asked = new Promise<void>((resolve) => (wasAsked = resolve));
      const notReady = createServer((_call, response) => {
        wasAsked();
        response.writeHead(503).end();
      });
      await new Promise<void>((resolve) => notReady.listen(0, "127.0.0.1", resolve));
      const waiting = asFirst("wait", "--admin-port", `${(notReady.address() as AddressInfo).port}`);
      await asked;
      process.kill(first(waiting), signal);
      expect(await waiting.ended).toBe(code);
      notReady.closeAllConnections();
      notReady.close();
    }
  });
});

/** Instructions of the Dockerfile: word and rest. */
const instructions = () =>
  [...read("Dockerfile").matchAll(/^([A-Z]+) (.*)$/gm)].map(([, word = "", rest = ""]) => [word, rest] as const);
const instruction = (name: string) => instructions().find(([word]) => word === name)?.[1] ?? "";
const entrypoint = (): string[] => JSON.parse(instruction("ENTRYPOINT"));

describe("the Dockerfile", () => {
  test("starts what it copied, with Node's flags and no shell between, and not as root", () => {
    for (const [, rest] of instructions().filter(([word]) => word === "COPY")) {
      for (const name of rest.split(" ").slice(0, -1)) expect(existsSync(join(installed, name)), name).toBe(true);
    }
    const [node, ...words] = entrypoint();
    expect(node).toBe("node");
    expect(words).toEqual([...flags(), `${instruction("WORKDIR")}/bin/meshwright-proxy.mjs`]);
    expect(instruction("USER")).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(instruction("ARG")).toMatch(/^BASE=node:\d+\.\d+\.\d+-\S+$/);
    const major = Number(/node:(\d+)/.exec(instruction("ARG"))?.[1]);
    expect(major).toBeGreaterThanOrEqual(20);
  });

  test("asks for health as the command answers", async () => {
    const [node = "", program = "", ...args] = JSON.parse(
      instruction("HEALTHCHECK").replace(/^.*?CMD /, ""),
    ) as string[];
    expect([node, program]).toEqual(["node", entrypoint().at(-1)]);
    const closed = args.map((word) => (word === "15000" ? "1" : word));
    const sick = run(process.execPath, join(installed, "bin", "meshwright-proxy.mjs"), ...closed);
    expect([await sick.ended, sick.text()]).toEqual([1, expect.stringContaining("not ready after 0 s")]);
  });
});

describe("the systemd unit", () => {
  const text = () => read("systemd/meshwright-proxy.service");
  const values = (name: string) =>
    [...text().matchAll(new RegExp(`^${name}=(.*)$`, "gm"))].map(([, value = ""]) => value);
  const value = (name: string) => values(name)[0] ?? "";

  test("starts what is packed, with Node's flags", () => {
    const words = value("ExecStart").split(" ");
    expect(words.slice(0, flags().length + 2)).toEqual([
      "/usr/bin/node",
      ...flags(),
      "/opt/meshwright-proxy/bin/meshwright-proxy.mjs",
    ]);
    const places = [...text().matchAll(/\/opt\/meshwright-proxy\/(\S+)/g)].map(([, place = ""]) => place);
    expect(places).toContain("README.md");
    for (const place of places) expect(existsSync(join(installed, place)), place).toBe(true);
  });

  test("what it gives to the command is understood", async () => {
    const [, serve = ""] = value("ExecStart").split("meshwright-proxy.mjs ");
    const ours = serve.replace("/etc/meshwright-proxy/bootstrap.yaml", configuration()).split(" ");
    expect(await command(...ours, "--mode", "validate").ended).toBe(0);
    const [, wait = ""] = value("ExecStartPost").split("meshwright-proxy.mjs ");
    const once = wait
      .replace("15000", "1")
      .replace(/--timeout \d+/, "--timeout 0")
      .split(" ");
    expect(await command(...once).ended).toBe(1);
  });

  test("leaves time to drain, and to become ready", () => {
    const drainSeconds = Number(/--drain-time-ms (\d+)/.exec(value("ExecStart"))?.[1]) / 1000;
    const lastExportSeconds = 1;
    const untilWorkersAreKilledSeconds = 5;
    expect(Number(value("TimeoutStopSec"))).toBeGreaterThan(
      drainSeconds + lastExportSeconds + untilWorkersAreKilledSeconds,
    );
    const waitSeconds = Number(/--timeout (\d+)/.exec(value("ExecStartPost"))?.[1]);
    expect(Number(value("TimeoutStartSec"))).toBeGreaterThan(waitSeconds);
    expect(value("RestartPreventExitStatus").split(" ")).toEqual(["2", "75", "77"]);
    expect(value("SuccessExitStatus")).toBe("143");
  });

  test.skipIf(spawnSync("systemd-analyze", ["--version"]).status !== 0)("is understood by systemd", () => {
    const unit = join(folder, "meshwright-proxy.service");
    writeFileSync(
      unit,
      text().replaceAll("/usr/bin/node", process.execPath).replaceAll("/opt/meshwright-proxy", installed),
    );
    const { status, stdout, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", unit], { encoding: "utf8" });
    expect([status, stdout, stderr]).toEqual([0, "", ""]);
  });
});
