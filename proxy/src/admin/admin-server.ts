// Admin interface with Envoy's paths, on loopback. node:http is fine here: a scrape every few seconds.
// Rule: it answers from memory, changes nothing but health, drain and quit, and never shows a private key.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { report } from "../errors";
import type { DumpedConfig } from "../xds/config-dump";
import type { ConfigStatus } from "../xds/config-source";
import { clustersJson, clustersText } from "./clusters-page";
import { configDumpPage } from "./config-dump-page";
import { type CommandLine, listenersJson, listenersText, serverInfo } from "./server-info";
import { statsPage, statsQuery } from "./stats-page";
import { streamTap } from "./tap-page";
import type { AdminView } from "./view";

export interface CertificateFacts {
  readonly spiffeId: string;
  readonly serial: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly issuer: string;
}

export interface AdminContext {
  readonly view: AdminView;
  readonly version: string;
  readonly proxyId: string;
  readonly nonce: string;
  readonly node: { readonly id: string; readonly cluster: string };
  readonly commandLine: CommandLine;
  /** Processes that serve, where this one does not. */
  readonly workers?: () => readonly number[];
  status(): ConfigStatus;
  configDump(): readonly DumpedConfig[];
  certificate(): CertificateFacts | null;
  isReady(): boolean;
  drainListeners(isGraceful: boolean): void;
  quit(): void;
}

type Handler = (
  context: AdminContext,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
) => void | Promise<void>;

const get: Readonly<Record<string, Handler>> = {
  "/ready": (context, _request, response) => {
    const waiting = context.status().waitingFor;
    if (context.isReady()) text(response, 200, "LIVE\n");
    else text(response, 503, context.view.isFailed ? "DRAINING\n" : `PRE_INITIALIZING ${waiting.join("; ")}\n`);
  },
  "/config_dump": (context, _request, response, url) => {
    const page = configDumpPage(context.configDump(), url.searchParams);
    if (page.status === 200) json(response, page.body);
    else text(response, page.status, page.text);
  },
  "/server_info": (context, _request, response) => {
    const { version, node, commandLine, view } = context;
    const state = view.isFailed ? "DRAINING" : context.isReady() ? "LIVE" : "PRE_INITIALIZING";
    json(response, serverInfo({ version: `meshwright-proxy/${version}`, state, node, commandLine }));
  },
  "/listeners": (context, _request, response, url) => {
    const listeners = context.view.listeners();
    if (isJson(url)) json(response, listenersJson(listeners));
    else text(response, 200, listenersText(listeners));
  },
  "/clusters": async (context, _request, response, url) => {
    const clusters = await context.view.clusters();
    nameSilent(context, response);
    const isByApi = context.status().configSource !== "static";
    if (isJson(url)) json(response, clustersJson(clusters, isByApi));
    else text(response, 200, clustersText(clusters, isByApi));
  },
  "/certs": (context, _request, response) => json(response, certificates(context)),
  "/stats": async (context, _request, response, url) => {
    const query = statsQuery(url.searchParams);
    if (typeof query === "string") {
      text(response, 400, query);
      return;
    }
    if (query.format === "prometheus") {
      await metrics(context, response);
      return;
    }
    const stats = await context.view.stats();
    nameSilent(context, response);
    response.writeHead(200, { "content-type": query.format === "json" ? "application/json" : "text/plain" });
    response.end(statsPage(stats, query));
  },
  "/stats/prometheus": (context, _request, response) => metrics(context, response),
  "/meshwright/status": (context, _request, response) => json(response, statusOf(context)),
  "/meshwright/shapes": async (context, _request, response, url) => {
    const shapes = await context.view.shapes(Number(url.searchParams.get("since") ?? "0") || 0);
    nameSilent(context, response);
    json(response, shapes);
  },
};

const post: Readonly<Record<string, Handler>> = {
  "/drain_listeners": (context, _request, response, url) => {
    text(response, 200, "OK\n");
    context.drainListeners(url.searchParams.has("graceful"));
  },
  "/healthcheck/fail": (context, _request, response) => {
    context.view.failHealthChecks(true);
    text(response, 200, "OK\n");
  },
  "/healthcheck/ok": (context, _request, response) => {
    context.view.failHealthChecks(false);
    text(response, 200, "OK\n");
  },
  "/tap": (context, request, response) =>
    streamTap((wanted, tell) => context.view.tap(wanted, tell), request, response),
  "/quitquitquit": (context, _request, response) => {
    text(response, 200, "OK\n");
    context.quit();
  },
};

const isJson = (url: URL): boolean => url.searchParams.get("format") === "json";

async function metrics(context: AdminContext, response: ServerResponse): Promise<void> {
  const facts = { digest: context.status().digest, certificateNotAfter: context.certificate()?.notAfter ?? null };
  const body = await context.view.metrics(facts);
  nameSilent(context, response);
  response.writeHead(200, { "content-type": "text/plain; version=0.0.4" });
  response.end(body);
}

function statusOf(context: AdminContext): unknown {
  const { configSource, connectedToControlPlane, digest, resources, lastNack, waitingFor } = context.status();
  return {
    proxyId: context.proxyId,
    nonce: context.nonce,
    version: context.version,
    pid: process.pid,
    ...(context.workers === undefined ? {} : { workers: context.workers(), silentWorkers: context.view.silentWorkers }),
    ready: context.isReady(),
    digest,
    resources,
    certificate: context.certificate(),
    draining: context.view.isDraining,
    connectedToControlPlane,
    configSource,
    waitingFor,
    ...(lastNack === null ? {} : { lastNack }),
  };
}

function certificates(context: AdminContext): unknown {
  const own = context.certificate();
  if (own === null) return { certificates: [] };
  const chain = {
    path: "<inline>",
    serial_number: own.serial,
    subject_alt_names: [{ uri: own.spiffeId }],
    valid_from: own.notBefore,
    expiration_time: own.notAfter,
    days_until_expiration: String(Math.floor((Date.parse(own.notAfter) - Date.now()) / 86_400_000)),
  };
  return { certificates: [{ ca_cert: [], cert_chain: [chain] }] };
}

/** Whose present counts are missing in an answer. */
function nameSilent({ view }: AdminContext, response: ServerResponse): void {
  const { silentWorkers } = view;
  if (silentWorkers.length > 0) response.setHeader("x-meshwright-silent-workers", silentWorkers.join(", "));
}

function text(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "content-type": "text/plain" });
  response.end(body);
}

function json(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(`${JSON.stringify(body, null, 1)}\n`);
}

/** A browser must not be able to reach this through DNS rebinding: only loopback names are answered. */
function isLocalHost(host: string | undefined): boolean {
  return host !== undefined && /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host);
}

async function handle(handler: Handler, ...asked: Parameters<Handler>): Promise<void> {
  const [, , response] = asked;
  try {
    await handler(...asked);
  } catch (error) {
    report(`the admin interface failed: ${String(error instanceof Error ? error.stack : error)}`);
    if (response.headersSent) response.destroy();
    else text(response, 500, "failed; the log says why\n");
  }
}

export function startAdmin(
  context: AdminContext,
  address: string,
  port: number,
): Promise<{ server: Server; port: number }> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://admin");
    if (!isLocalHost(request.headers.host)) {
      text(response, 403, "admin answers only requests whose Host is a loopback name\n");
      return;
    }
    const isPost = request.method === "POST";
    const handler = isPost ? post[url.pathname] : get[url.pathname];
    if (handler !== undefined) void handle(handler, context, request, response, url);
    else if (!isPost && post[url.pathname] !== undefined) text(response, 405, "use POST\n");
    else text(response, 404, `unknown path; GET ${Object.keys(get).join(" ")} POST ${Object.keys(post).join(" ")}\n`);
  });
  server.keepAliveTimeout = 65_000;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, address, () => resolve({ server, port: (server.address() as AddressInfo).port }));
  });
}
