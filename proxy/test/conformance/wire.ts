// What a case's script can do on one proxy: ask by HTTP/1.1, HTTP/2, TLS or bytes, read the log, and see what reached the
// upstreams. Rule: a failure is an observation too ("no answer"), never an exception.

import { Agent, request as httpRequest, type OutgoingHttpHeaders } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { request as httpsRequest, Agent as TlsAgent } from "node:https";
import { connect, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import type { Material } from "./material";
import type { Upstreams } from "./upstreams";
import { HELLO, readBody, readLines, settingsOf } from "./wire-parts";

export interface TlsAsk {
  /** Whose certificate is shown: "client", "stranger"... */
  readonly as?: string;
  readonly sni?: string;
  readonly alpn?: readonly string[];
  readonly max?: "TLSv1.2" | "TLSv1.3";
  readonly min?: "TLSv1.2" | "TLSv1.3";
}

export interface Ask {
  readonly listener?: string;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
  readonly tls?: TlsAsk;
  readonly http2?: boolean;
  readonly agent?: Agent;
}

export type Answer =
  | { readonly status: number; readonly headers: Readonly<Record<string, unknown>>; readonly body: unknown }
  | "no answer";

const LIMIT_MS = 8000;

export class Wire {
  /** A share was counted. */
  isChance = false;
  private readonly ends: (() => void)[] = [];

  constructor(
    readonly ports: Readonly<Record<string, number>>,
    readonly upstreams: Upstreams,
    readonly material: Material,
    readonly logFile: string,
  ) {}

  close(): void {
    for (const end of this.ends) end();
  }

  portOf(listener = "main"): number {
    return this.ports[listener] ?? 0;
  }

  call(ask: Ask | string = {}): Promise<Answer> {
    const one = typeof ask === "string" ? { path: ask } : ask;
    return one.http2 ? this.callHttp2(one) : this.callHttp1(one);
  }

  /** One after the other. */
  async calls(asks: readonly (Ask | string)[]): Promise<Answer[]> {
    const answers: Answer[] = [];
    for (const ask of asks) answers.push(await this.call(ask));
    return answers;
  }

  /** The status alone, where the rest is in other cases. */
  async status(ask: Ask | string = {}): Promise<number | string> {
    const answer = await this.call(ask);
    return answer === "no answer" ? answer : answer.status;
  }

  async statuses(asks: readonly (Ask | string)[]): Promise<(number | string)[]> {
    const all: (number | string)[] = [];
    for (const ask of asks) all.push(await this.status(ask));
    return all;
  }

  /** One connection for all that use it. */
  keepAlive(): Agent {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    this.ends.push(() => agent.destroy());
    return agent;
  }

  private callHttp1(ask: Ask): Promise<Answer> {
    return new Promise((resolve) => {
      const options = {
        host: "127.0.0.1",
        port: this.portOf(ask.listener),
        method: ask.method ?? "GET",
        path: ask.path ?? "/",
        headers: { host: "app.test", ...ask.headers },
      };
      const outgoing = ask.tls
        ? httpsRequest({ ...options, ...this.tlsOptions(ask.tls), agent: new TlsAgent({ maxCachedSessions: 0 }) })
        : httpRequest({ ...options, agent: ask.agent ?? false });
      const timer = setTimeout(() => outgoing.destroy(), LIMIT_MS);
      const fail = (): void => {
        clearTimeout(timer);
        resolve("no answer");
      };
      outgoing.on("error", fail);
      outgoing.on("upgrade", (incoming, socket) => {
        clearTimeout(timer);
        socket.destroy();
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: "" });
      });
      outgoing.on("response", (incoming) => {
        const chunks: Buffer[] = [];
        const done = (isWhole: boolean): void => {
          clearTimeout(timer);
          const text = Buffer.concat(chunks).toString();
          const late = Object.keys(incoming.trailers).length > 0 ? { trailers: incoming.trailers } : {};
          const body = isWhole ? readBody(text) : { broken: text };
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body, ...late });
        };
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("end", () => done(true));
        incoming.on("error", () => done(false));
      });
      outgoing.end(ask.body);
    });
  }

  private callHttp2(ask: Ask): Promise<Answer> {
    return new Promise((resolve) => {
      const port = this.portOf(ask.listener);
      const session = ask.tls
        ? connectHttp2(`https://127.0.0.1:${port}`, this.tlsOptions({ alpn: ["h2"], ...ask.tls }))
        : connectHttp2(`http://127.0.0.1:${port}`);
      this.ends.push(() => session.destroy());
      const timer = setTimeout(() => session.destroy(), LIMIT_MS);
      const finish = (answer: Answer): void => {
        clearTimeout(timer);
        session.destroy();
        resolve(answer);
      };
      session.on("error", () => finish("no answer"));
      session.on("close", () => finish("no answer"));
      const { host = "app.test", ...headers } = ask.headers ?? {};
      const stream = session.request({
        ":method": ask.method ?? "GET",
        ":path": ask.path ?? "/",
        ":authority": String(host),
        ...headers,
      });
      const chunks: Buffer[] = [];
      let status = 0;
      let fields: Record<string, unknown> = {};
      let late: Record<string, unknown> = {};
      stream.on("error", () =>
        finish(status === 0 ? "no answer" : answer({ broken: Buffer.concat(chunks).toString() })),
      );
      stream.on("response", ({ ":status": code, ...rest }) => {
        status = code ?? 0;
        fields = { ...rest };
      });
      stream.on("trailers", (trailers) => {
        late = { trailers: { ...trailers } };
      });
      const answer = (body: unknown): Answer => ({ status, headers: fields, body, ...late });
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => status > 0 && finish(answer(readBody(Buffer.concat(chunks).toString()))));
      stream.on("close", () => finish("no answer"));
      stream.end(ask.body);
    });
  }

  private tlsOptions({ as, sni = "", alpn, max, min }: TlsAsk): ConnectionOptions & { rejectUnauthorized: boolean } {
    const shown = as ? { cert: this.material.pem(`${as}.cert`), key: this.material.pem(`${as}.key`) } : {};
    const versions = { ...(max ? { maxVersion: max } : {}), ...(min ? { minVersion: min } : {}) };
    const protocols = alpn ? { ALPNProtocols: [...alpn] } : {};
    return { rejectUnauthorized: false, servername: sni, ...shown, ...protocols, ...versions };
  }

  /** A handshake and what it agreed on; the connection is used so that a late refusal is seen. */
  handshake(ask: TlsAsk, listener = "main"): Promise<unknown> {
    return new Promise((resolve) => {
      const socket = connectTls({ host: "127.0.0.1", port: this.portOf(listener), ...this.tlsOptions(ask) });
      this.ends.push(() => socket.destroy());
      const timer = setTimeout(() => socket.destroy(), LIMIT_MS);
      const fail = (): void => {
        clearTimeout(timer);
        resolve("no answer");
      };
      socket.on("error", fail);
      socket.on("close", fail);
      socket.on("data", () => {
        clearTimeout(timer);
        const { subjectaltname } = socket.getPeerCertificate();
        resolve({ protocol: socket.getProtocol(), alpn: socket.alpnProtocol, peer: subjectaltname });
        socket.destroy();
      });
      const get = "GET / HTTP/1.1\r\nhost: app.test\r\n\r\n";
      socket.on("secureConnect", () => socket.write(socket.alpnProtocol === "h2" ? HELLO : get));
    });
  }

  /** Writes bytes; what came back until the peer closed, or until `until` holds or `forMs` have passed. */
  raw(
    bytes: string | readonly string[],
    { listener = "main", forMs = 2000, until = /$^/ }: { listener?: string; forMs?: number; until?: RegExp } = {},
  ): Promise<{ text: string; end: "closed" | "open" }> {
    return new Promise((resolve) => {
      const socket: Socket = connect(this.portOf(listener), "127.0.0.1");
      let text = "";
      const finish = (end: "closed" | "open"): void => {
        clearTimeout(timer);
        socket.destroy();
        resolve({ text, end });
      };
      const timer = setTimeout(() => finish("open"), forMs);
      const parts = typeof bytes === "string" ? [bytes] : bytes;
      socket.on("connect", () => {
        for (const part of parts) socket.write(Buffer.from(part, "latin1"));
      });
      socket.on("data", (chunk) => {
        text += chunk.toString("latin1");
        if (until.test(text)) finish("open");
      });
      socket.on("close", () => finish("closed"));
      socket.on("error", () => finish("closed"));
    });
  }

  /** CONNECT over HTTP/2; with `:protocol` where the peer allows it. */
  connectHttp2(listener: string): Promise<{ status: number | string }> {
    return new Promise((resolve) => {
      const session = connectHttp2(`http://127.0.0.1:${this.portOf(listener)}`);
      this.ends.push(() => session.destroy());
      session.on("error", () => resolve({ status: "no answer" }));
      session.on("close", () => resolve({ status: "no answer" }));
      const stream = session.request({ ":method": "CONNECT", ":authority": "a:7" });
      stream.on("error", () => resolve({ status: "no answer" }));
      stream.on("response", ({ ":status": status }) => resolve({ status: status ?? 0 }));
    });
  }

  /** The SETTINGS of the peer, and what its connection window is raised by. */
  settings(listener: string): Promise<unknown> {
    return settingsOf(this.portOf(listener));
  }

  /** Did the work take at least this long? */
  async late(overMs: number, work: () => Promise<unknown>): Promise<{ late: boolean; result: unknown }> {
    const startedAt = performance.now();
    const result = await work();
    return { late: performance.now() - startedAt >= overMs, result };
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  /** How many of `count` calls, `atOnce` at a time, had which outcome. */
  async tally(
    count: number,
    ask: (index: number) => Ask | string,
    outcome: (answer: Answer) => string,
    atOnce = 8,
  ): Promise<Record<string, number>> {
    this.isChance = true;
    const found: Record<string, number> = {};
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < count) {
        const key = outcome(await this.call(ask(next++)));
        found[key] = (found[key] ?? 0) + 1;
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    return found;
  }

  /** Lines of the access log; waits until there are as many. */
  async log(count = 1): Promise<string[]> {
    const until = performance.now() + 3000;
    for (;;) {
      const lines = readLines(this.logFile);
      if (lines.length >= count || performance.now() > until) return lines;
      await this.wait(20);
    }
  }

  /** How many connections the upstream has had. */
  connections(upstream: string): number {
    return this.upstreams.connections[upstream] ?? 0;
  }

  /** All that one upstream was asked; waits until it was asked as often. */
  async reached(upstream: string, count: number): Promise<unknown[]> {
    const until = performance.now() + LIMIT_MS;
    for (;;) {
      const own = this.upstreams.received.filter((each) => each.upstream === upstream);
      if (own.length >= count || performance.now() > until) return own.map(({ told }) => told);
      await this.wait(20);
    }
  }

  /** What reached the upstreams, in order. */
  received(): string[] {
    return this.upstreams.received.map(({ upstream, request }) => `${upstream} ${request}`);
  }
}
