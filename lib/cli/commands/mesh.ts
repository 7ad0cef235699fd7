// meshwright mesh delete: ends a mesh on the server, and waits until its proxies are drained and it is gone.
// The rule: nothing is deleted without --yes, and what would go is said instead.
import { z } from "zod";
import type { CliCommand } from "../command";
import { EXIT, type Io, printJson, UsageError } from "../io";
import { Server, ServerError } from "../server";
import { counted } from "../words";

const summary = z.looseObject({
  slug: z.string(),
  name: z.string(),
  services: z.int(),
  latestRevision: z.int().nullable(),
  isBeingDeleted: z.boolean(),
  proxies: z.int(),
});
const deletion = z.looseObject({ state: z.enum(["draining", "deleted"]), proxies: z.int() });
const POLL_MS = 1000;
const WAIT_MS = 10 * 60_000;

export const mesh: CliCommand = {
  name: "mesh",
  usage: "delete SLUG --yes",
  about: "Deletes a mesh on the server: its proxies are drained first.",
  options: {
    yes: { type: "boolean", short: "y", about: "delete it; without, only say what would go" },
    "no-wait": { type: "boolean", about: "return as soon as the draining began" },
  },
  details: `The audit log keeps what was done in the mesh; everything else of it is gone, and there is no way back.

Environment: MESHWRIGHT_URL (default http://localhost:3000), MESHWRIGHT_TOKEN (role administrator).
Exit code: 0 gone (with --no-wait: or being drained), 1 not deleted because --yes is missing, 2 wrong use, 3 the server refused.

Example: meshwright mesh delete shop --yes`,
  async run(io, given) {
    const [action, slug, ...rest] = given.operands;
    if (action !== "delete" || !slug || rest.length > 0) throw new UsageError("say which: mesh delete SLUG");
    const server = new Server(io);
    const path = `/meshes/${encodeURIComponent(slug)}`;
    const { body: found, etag } = await server.request(path, summary);
    if (!given.flag("yes")) {
      const what = `${found.name}: ${counted(found.services, "service")}, ${counted(found.latestRevision ?? 0, "revision")}, ${counted(found.proxies, "running proxy", "running proxies")}`;
      if (given.flag("json")) printJson(io, { ok: false, mesh: found });
      else io.out(`Would delete ${what}.\n`);
      io.note("Nothing was deleted: give --yes.\n");
      return EXIT.found;
    }
    const { body: asked } = await server.request(path, deletion, { method: "DELETE", ifMatch: etag ?? "*" });
    const isWaiting = asked.state === "draining" && !given.flag("no-wait");
    if (isWaiting) await untilGone(io, server, path, asked.proxies);
    const state = isWaiting ? "deleted" : asked.state;
    if (given.flag("json")) printJson(io, { ok: true, state, proxies: isWaiting ? 0 : asked.proxies });
    else io.out(state === "deleted" ? `${slug} is deleted.\n` : `${slug} is being deleted.\n`);
    return EXIT.ok;
  },
};

async function untilGone(io: Io, server: Server, path: string, first: number): Promise<void> {
  let left = first;
  io.note(`${counted(left, "proxy", "proxies")} to drain\n`);
  for (let waited = 0; ; waited += POLL_MS) {
    if (waited >= WAIT_MS) throw new ServerError("the mesh is still there after 10 minutes: look at it in the browser");
    await io.sleep(POLL_MS);
    const now = await summaryOrGone(server, path);
    if (!now) return;
    if (now.proxies !== left) io.note(`${counted(now.proxies, "proxy", "proxies")} left\n`);
    left = now.proxies;
  }
}

async function summaryOrGone(server: Server, path: string): Promise<z.infer<typeof summary> | null> {
  try {
    return (await server.request(path, summary)).body;
  } catch (error) {
    if (error instanceof ServerError && error.status === 404) return null;
    throw error;
  }
}
