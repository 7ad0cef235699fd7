// The switches of the demo: extra latency and errors by app, and the load. GET and POST /switches on a loopback port.
// The rule: a web page must not be able to flip them, so a request with an Origin, or not of type JSON, is refused.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { z } from "zod";

const appName = z
  .string()
  .regex(/^[a-z0-9-]{1,63}(@v[0-9]+)?$/, "an app's name, or name@version, such as payment-service@v2");

const switchesSchema = z.strictObject({
  /** Requests a second through the gateway; 0 stops the load. */
  load: z.number().min(0).max(500),
  /** Share of the load that carries x-user-type: beta-tester. */
  betaShare: z.number().min(0).max(1),
  /** Milliseconds added to each answer of an app. */
  latencyMs: z.record(appName, z.number().min(0).max(60_000)),
  /** Share of an app's answers that are 500. */
  errorRatio: z.record(appName, z.number().min(0).max(1)),
});

export type Switches = z.infer<typeof switchesSchema>;

export const INITIAL_SWITCHES: Switches = { load: 20, betaShare: 0.1, latencyMs: {}, errorRatio: {} };

/** What a table of switches says for one app: its version's own entry before the one of all versions. */
export function switchFor(table: Record<string, number>, name: string, version: string | undefined): number {
  return (version ? table[`${name}@${version}`] : undefined) ?? table[name] ?? 0;
}

const MAX_BODY_BYTES = 16_384;

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error(`the body is larger than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function answer(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(value)}\n`);
}

async function handle(request: IncomingMessage, response: ServerResponse, switches: Switches): Promise<void> {
  if (request.url !== "/switches") return answer(response, 404, { error: "only /switches is here" });
  if (request.method === "GET") return answer(response, 200, switches);
  if (request.method !== "POST") return answer(response, 405, { error: "use GET or POST" });
  if (request.headers.origin || !request.headers["content-type"]?.startsWith("application/json")) {
    return answer(response, 403, { error: "send JSON with content-type application/json, not from a web page" });
  }
  let change: unknown;
  try {
    change = JSON.parse(await readText(request));
  } catch (error) {
    return answer(response, 400, { error: error instanceof Error ? error.message : String(error) });
  }
  const parsed = switchesSchema.partial().safeParse(change);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join(".") || "body"}: ${issue.message}`);
    return answer(response, 400, { error: problems.join("; ") });
  }
  Object.assign(switches, parsed.data);
  answer(response, 200, switches);
}

/** Serves `switches`, which it changes in place. */
export function serveSwitches(port: number, switches: Switches): Server {
  const server = createServer((request, response) => {
    handle(request, response, switches).catch(() => response.destroy());
  });
  server.listen(port, "127.0.0.1");
  return server;
}
