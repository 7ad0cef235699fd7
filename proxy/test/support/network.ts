// Origins, clients and raw exchanges on loopback. Everything registers its own end: call `cleanUp` after each test.

import { Agent, createServer, type IncomingMessage, type RequestListener, request, type Server } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";
import { DataPlane } from "../../src/listener/data-plane";
import type { ProxyPlan, Secret } from "../../src/plan/types";

const ends: (() => void | Promise<void>)[] = [];

export function onCleanUp(end: () => void | Promise<void>): void {
  ends.push(end);
}

export async function cleanUp(): Promise<void> {
  for (const end of ends.splice(0).reverse()) await end();
}

export function portOf(server: { address(): AddressInfo | string | null }): number {
  return (server.address() as AddressInfo).port;
}

export async function startOrigin(handler: RequestListener): Promise<{ port: number; server: Server }> {
  const server = createServer({ keepAliveTimeout: 60_000 }, handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onCleanUp(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: portOf(server), server };
}

/** Answers every request with its name; counts them. */
export async function startNamedOrigin(name: string): Promise<{ port: number; count: () => number; server: Server }> {
  let count = 0;
  const { port, server } = await startOrigin((incoming, response) => {
    count++;
    incoming.resume();
    incoming.on("end", () => {
      response.setHeader("x-origin", name);
      response.end(name);
    });
  });
  return { port, count: () => count, server };
}

export async function startRawServer(onSocket: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onCleanUp(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return portOf(server);
}

export async function startDataPlane(
  plan: ProxyPlan,
  secrets: ReadonlyMap<string, Secret> = new Map(),
): Promise<DataPlane> {
  const dataPlane = new DataPlane();
  const result = await dataPlane.onPlan(plan, secrets);
  if (!result.ok) throw new Error(JSON.stringify(result.violations));
  onCleanUp(() => {
    for (const listener of dataPlane.listeners.values()) listener.destroy();
    for (const cluster of dataPlane.clusters.values()) cluster.close();
    dataPlane.closeLogs();
  });
  return dataPlane;
}

export function listenerPort(dataPlane: DataPlane, name: string): number {
  const listener = dataPlane.listeners.get(name);
  if (listener === undefined) throw new Error(`no listener ${name}`);
  return listener.port;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface CallOptions {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Buffer;
  readonly agent?: Agent;
}

export function call(port: number, options: CallOptions = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: "127.0.0.1",
        port,
        method: options.method ?? "GET",
        path: options.path ?? "/",
        headers: options.headers ?? {},
        agent: options.agent ?? false,
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("end", () =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
        incoming.on("error", reject);
      },
    );
    outgoing.on("error", reject);
    outgoing.end(options.body);
  });
}

export function keepAliveAgent(maxSockets = 1): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets });
  onCleanUp(() => agent.destroy());
  return agent;
}

const ANSWER_LIMIT_MS = 20_000;

/**
 * Sends bytes and returns all that comes back until the peer closes, or until it is silent for `quietMs` once it has sent as many
 * `answers` as are expected: a busy machine answers late, and only what is expected not to come is worth a short wait.
 */
export function sendRaw(port: number, bytes: string | Buffer, quietMs = 300, answers = 1): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    const finish = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(text);
    };
    let timer = setTimeout(finish, ANSWER_LIMIT_MS);
    const wait = (): void => {
      if ((text.match(/HTTP\/1\.1 \d{3}/g)?.length ?? 0) < answers) return;
      clearTimeout(timer);
      timer = setTimeout(finish, quietMs);
    };
    socket.on("connect", () => {
      socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
      wait();
    });
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      wait();
    });
    socket.on("close", finish);
    socket.on("error", finish);
  });
}
