// meshwright join-token: a token with which one machine joins, and the command for that machine.
// The rule: standard output is the command alone, so that it can be handed on; the rest is said beside it.
import { z } from "zod";
import type { CliCommand } from "../command";
import { EXIT, printJson, UsageError } from "../io";
import { Server } from "../server";

const created = z.looseObject({
  token: z.string(),
  command: z.string(),
  expiresAt: z.string(),
  isReachable: z.boolean(),
  needsApp: z.boolean(),
});
const MOST_MINUTES = 60;

export const joinToken: CliCommand = {
  name: "join-token",
  usage: "--mesh SLUG --workload NAMESPACE/NAME [options]",
  about: "Makes a token with which one machine joins as an instance of a workload, and prints the command for it.",
  options: {
    mesh: { type: "string", value: "SLUG", about: "the mesh on the server" },
    environment: { type: "string", short: "e", value: "NAME", about: 'the environment (default "local")' },
    workload: { type: "string", value: "NAMESPACE/NAME", about: "the workload that runs on that machine" },
    minutes: { type: "string", value: "N", about: `how long it waits to be used, 1 to ${MOST_MINUTES} (default 10)` },
  },
  details: `Environment: MESHWRIGHT_URL (default http://localhost:3000), MESHWRIGHT_TOKEN (role operator).
Exit code: 0 made, 2 wrong use, 3 the server refused.

The machine needs Node and the packed proxy, nothing else of Meshwright: npm pack --workspace proxy in the clone, tar xzf there. The
command is for the folder where it was unpacked.

Example: meshwright join-token --mesh shop --workload production/cart-v1`,
  async run(io, given) {
    const mesh = encodeURIComponent(given.required("mesh"));
    const environment = encodeURIComponent(given.text("environment") ?? "local");
    const [namespace, name, more] = given.required("workload").split("/");
    if (!namespace || !name || more !== undefined) throw new UsageError("--workload must be NAMESPACE/NAME");
    const minutes = Number(given.text("minutes") ?? "10");
    if (!Number.isInteger(minutes) || minutes < 1 || minutes > MOST_MINUTES) {
      throw new UsageError(`--minutes must be a whole number from 1 to ${MOST_MINUTES}`);
    }
    const path = `/meshes/${mesh}/environments/${environment}/join-tokens`;
    const body = { workload: { namespace, name }, minutes };
    const answer = (await new Server(io).request(path, created, { method: "POST", body })).body;
    if (given.flag("json")) {
      printJson(io, { ok: true, ...answer });
      return EXIT.ok;
    }
    io.out(`${answer.command}\n`);
    io.note(`One machine may join with it until ${answer.expiresAt}; it is not shown again.\n`);
    if (answer.needsApp) io.note("Put the port of the app on that machine in place of PORT.\n");
    if (!answer.isReachable) {
      io.note("The control plane listens on loopback: only its own machine can join. Start it with --mesh-address.\n");
    }
    return EXIT.ok;
  },
};
