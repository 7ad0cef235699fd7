// Other proxies for chains: nginx and HAProxy where they are installed, and one made of node:http. Rule: each keeps its connections to what
// is behind it and shares them among its clients, which is what smuggling needs.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { freePort } from "./both-proxies";
import { onCleanUp, startOrigin } from "./network";

export const peerNames = ["node:http", "nginx", "HAProxy"] as const;
export type PeerName = (typeof peerNames)[number];

const path = `${process.env["PATH"] ?? ""}:/usr/sbin:/usr/local/sbin`;

/** The version, or null where the program is not installed. */
export function versionOf(peer: PeerName): string | null {
  if (peer === "node:http") return process.version;
  try {
    const command = peer === "nginx" ? "nginx -v 2>&1" : "haproxy -v 2>&1";
    const told = execFileSync("sh", ["-c", command], { env: { ...process.env, PATH: path }, encoding: "utf8" });
    return /\d+\.\d+\.\d+/.exec(told)?.[0] ?? "unknown";
  } catch {
    return null;
  }
}

/** Starts `peer` in front of `target`; resolves to its port. */
export function startPeer(peer: PeerName, target: number): Promise<number> {
  if (peer === "node:http") return startNode(target);
  return peer === "nginx" ? startNginx(target) : startHaproxy(target);
}

function withoutHop(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const rest = { ...headers };
  delete rest.connection;
  delete rest["keep-alive"];
  return rest;
}

/** The reverse proxy that everybody writes: what it reads it sends on, on connections that it keeps. */
async function startNode(target: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  onCleanUp(() => agent.destroy());
  const { port, server } = await startOrigin((incoming, response) => {
    const { method, url, headers } = incoming;
    const rest = withoutHop(headers);
    const outgoing = request({ port: target, host: "127.0.0.1", method, path: url, headers: rest, agent }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, withoutHop(answer.headers));
      answer.pipe(response);
    });
    outgoing.on("error", () => response.destroy());
    incoming.on("error", () => outgoing.destroy());
    incoming.pipe(outgoing);
  });
  server.on("clientError", (_error, socket) => socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"));
  return port;
}

async function startNginx(target: number): Promise<number> {
  const port = await freePort();
  const folder = folderFor("nginx");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const file = join(folder, "nginx.conf");
  writeFileSync(
    file,
    `worker_processes 1; daemon off; pid ${folder}/pid; error_log ${folder}/error.log crit;
events { worker_connections 256; }
http { access_log off; ${temporary.join(" ")}
 upstream behind { server 127.0.0.1:${target}; keepalive 4; }
 server { listen 127.0.0.1:${port}; location / { proxy_pass http://behind; proxy_http_version 1.1; proxy_request_buffering off;
  proxy_set_header Connection ""; proxy_set_header Host $http_host; } } }
`,
  );
  await startProgram("nginx", ["-c", file, "-p", folder, "-e", join(folder, "error.log")], port);
  return port;
}

async function startHaproxy(target: number): Promise<number> {
  const port = await freePort();
  const file = join(folderFor("haproxy"), "haproxy.cfg");
  writeFileSync(
    file,
    `global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
  http-reuse always
frontend front
  bind 127.0.0.1:${port}
  default_backend behind
backend behind
  server one 127.0.0.1:${target}
`,
  );
  await startProgram("haproxy", ["-f", file, "-db"], port);
  return port;
}

function folderFor(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `meshwright-${name}-`));
  onCleanUp(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function startProgram(command: string, args: readonly string[], port: number): Promise<void> {
  const child: ChildProcess = spawn(command, args, { stdio: "ignore", env: { ...process.env, PATH: path } });
  onCleanUp(async () => {
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await gone;
  });
  const isOpen = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.destroy();
        resolve();
      });
      socket.on("error", reject);
    });
  await vi.waitFor(isOpen, { timeout: 30_000, interval: 100 });
}
