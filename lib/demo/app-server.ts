// One app of the demo: an HTTP server on its loopback port with its handler, its switches and its way out.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AppAnswer, type AppEntry, type AppHandler, type AppRequest, json } from "./app-kinds";
import { pause, sampleDurationMs } from "./latency";
import { carriedHeaders, Outbound } from "./outbound";
import { type Switches, switchFor } from "./switches";

const MAX_BODY_BYTES = 8 * 1024 * 1024;

async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return size <= MAX_BODY_BYTES ? Buffer.concat(chunks) : null;
}

export class AppServer {
  private readonly outbound: Outbound;
  private readonly server: Server;

  constructor(
    readonly entry: AppEntry,
    private readonly handler: AppHandler,
    private readonly switches: Switches,
  ) {
    this.outbound = new Outbound(entry.outboundPort);
    // The sidecar keeps its connections open; ending them first from here would cost a retry.
    this.server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
      this.serve(request, response).catch((error: unknown) => {
        if (response.headersSent) return response.destroy();
        this.write(
          response,
          json(500, { app: entry.name, error: error instanceof Error ? error.message : String(error) }),
        );
      });
    });
  }

  /** Listens; a port that is still taken by a process that ends is tried again. */
  start(): void {
    this.server.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EADDRINUSE") throw error;
      console.error(`${this.entry.proxyKey}: port ${this.entry.appPort} is still taken, trying again`);
      setTimeout(() => this.server.listen(this.entry.appPort, "127.0.0.1"), 500).unref();
    });
    this.server.listen(this.entry.appPort, "127.0.0.1");
  }

  stop(): void {
    this.server.close();
    this.server.closeIdleConnections();
    this.outbound.close();
  }

  private async serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? "/", "http://app");
    const body = await readBody(incoming);
    if (body === null)
      return this.write(response, json(413, { error: `the body is larger than ${MAX_BODY_BYTES} bytes` }));
    const request: AppRequest = {
      method: incoming.method ?? "GET",
      path: url.pathname,
      query: url.searchParams,
      headers: incoming.headers,
      body,
    };
    const { name, version } = this.entry;
    await pause(switchFor(this.switches.latencyMs, name, version));
    if (Math.random() < switchFor(this.switches.errorRatio, name, version)) {
      return this.write(response, json(500, { app: name, error: "switched on in the demo" }));
    }
    const headers = carriedHeaders(incoming.headers);
    const answer = await this.handler(request, {
      entry: this.entry,
      call: (host, path, options) => this.outbound.call(host, path, { ...options, headers }),
      work: (medianMs) => pause(sampleDurationMs(medianMs)),
    });
    this.write(response, answer);
  }

  private write(response: ServerResponse, answer: AppAnswer): void {
    response.writeHead(answer.status, {
      ...answer.headers,
      ...(answer.contentType ? { "content-type": answer.contentType } : {}),
      "content-length": Buffer.byteLength(answer.body),
      "x-app-version": this.entry.version ?? "",
    });
    response.end(answer.body);
  }
}
