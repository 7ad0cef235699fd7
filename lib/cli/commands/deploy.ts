// meshwright deploy: puts a revision of a mesh live in an environment, and waits until it is.
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { CliCommand } from "../command";
import { EXIT, type Io, printJson, UsageError } from "../io";
import { Server, ServerError } from "../server";

const revisions = z.looseObject({ items: z.array(z.looseObject({ number: z.int() })) });
const deployment = z.looseObject({
  id: z.string(),
  state: z.string(),
  revision: z.int(),
  reason: z.string().nullable().optional(),
});
type Deployment = z.infer<typeof deployment>;
const plan = z.looseObject({ summary: z.array(z.string()).optional() });
const FINISHED = new Set(["done", "failed", "restored"]);
const POLL_MS = 1000;
const WAIT_MS = 10 * 60_000;

export const deploy: CliCommand = {
  name: "deploy",
  usage: "--mesh SLUG [--environment NAME] [--revision N]",
  about: "Deploys a revision to an environment and waits until every proxy runs it, or it is restored.",
  options: {
    mesh: { type: "string", value: "SLUG", about: "the mesh on the server" },
    environment: { type: "string", short: "e", value: "NAME", about: 'the environment (default "local")' },
    revision: { type: "string", short: "r", value: "N", about: "3 or r3; absent: the newest" },
    plan: { type: "boolean", about: "only say what would happen" },
    "no-wait": { type: "boolean", about: "return as soon as it is queued" },
  },
  details: `Environment: MESHWRIGHT_URL (default http://localhost:3000), MESHWRIGHT_TOKEN.
Exit code: 0 done, 2 wrong use, 3 refused, failed or restored.`,
  async run(io, given) {
    const mesh = encodeURIComponent(given.required("mesh"));
    const environment = encodeURIComponent(given.text("environment") ?? "local");
    const server = new Server(io);
    const revision = given.revision("revision") ?? (await newestRevision(server, mesh));
    const base = `/meshes/${mesh}/environments/${environment}`;
    if (given.flag("plan")) {
      const { body } = await server.request(`${base}/plan`, plan, { method: "POST", body: { revision } });
      if (given.flag("json")) printJson(io, { ok: true, revision, plan: body });
      else io.out(`${(body.summary ?? ["Nothing would change."]).join("\n")}\n`);
      return EXIT.ok;
    }
    const started = await server.request(`${base}/deployments`, deployment, {
      method: "POST",
      body: { revision },
      idempotencyKey: randomUUID(),
    });
    const last = given.flag("no-wait") ? started.body : await untilFinished(io, server, base, started.body);
    const isBad = last.state === "failed" || last.state === "restored";
    if (given.flag("json")) printJson(io, { ok: !isBad, deployment: last });
    else io.out(`Revision r${last.revision}: ${last.state}${last.reason ? ` (${last.reason})` : ""}.\n`);
    return isBad ? EXIT.server : EXIT.ok;
  },
};

async function newestRevision(server: Server, mesh: string): Promise<number> {
  const { body } = await server.request(`/meshes/${mesh}/revisions?limit=100`, revisions);
  if (body.items.length === 0) throw new UsageError("the mesh has no revision yet: push one with --message");
  return Math.max(...body.items.map((item) => item.number));
}

async function untilFinished(io: Io, server: Server, base: string, first: Deployment): Promise<Deployment> {
  let last = first;
  io.note(`r${last.revision}: ${last.state}\n`);
  for (let waited = 0; !FINISHED.has(last.state); waited += POLL_MS) {
    if (waited >= WAIT_MS)
      throw new ServerError(`the deployment is still ${last.state} after 10 minutes: look at it in the browser`);
    await io.sleep(POLL_MS);
    const { body } = await server.request(`${base}/deployments/${encodeURIComponent(last.id)}`, deployment);
    if (body.state !== last.state) io.note(`r${body.revision}: ${body.state}\n`);
    last = body;
  }
  return last;
}
