// meshwright approval: may the design on disk be deployed to an environment? For the gate of a merge.
// The rule: what counts is the digest: a file that differs from the approved revision in one field is not approved.
import { z } from "zod";
import { digestOf } from "@/lib/mesh";
import type { CliCommand } from "../command";
import { checkDesign, readDesign } from "../files";
import { EXIT, printJson } from "../io";
import { refuse } from "../refuse";
import { Server } from "../server";
import { counted } from "../words";

const revisions = z.looseObject({
  items: z.array(z.looseObject({ number: z.int(), digest: z.string() })),
  nextCursor: z.string().nullable(),
});
const approval = z.looseObject({
  allowed: z.boolean(),
  sentence: z.string(),
  wayOn: z.string(),
  unmet: z.array(z.looseObject({ text: z.string(), owner: z.string() })),
});
const PAGE = 100;
/** Of so many revisions the newest that says the same is looked for. */
const MAX_PAGES = 20;

export const approvalCommand: CliCommand = {
  name: "approval",
  usage: "--mesh SLUG FILE|FOLDER...",
  about: "Says whether this design, as it stands in the files, is approved for an environment on the server.",
  options: {
    mesh: { type: "string", value: "SLUG", about: "the mesh on the server" },
    environment: { type: "string", short: "e", value: "NAME", about: 'the environment (default "local")' },
  },
  details: `Environment: MESHWRIGHT_URL (default http://localhost:3000), MESHWRIGHT_TOKEN (the role viewer is enough).
Exit code: 0 it may be deployed, 1 it may not, 2 wrong use, 3 the server.

Example: meshwright approval --mesh shop --environment production mesh/`,
  async run(io, given) {
    const mesh = encodeURIComponent(given.required("mesh"));
    const environment = encodeURIComponent(given.text("environment") ?? "local");
    const read = await readDesign(io, given.operands);
    const violations = read.ok ? checkDesign(read.design) : read.violations;
    if (!read.ok || violations.length > 0) return refuse(io, violations, { isJson: given.flag("json"), isNote: false });
    const digest = digestOf(read.design.document);
    const server = new Server(io);
    const revision = await revisionWith(server, mesh, digest);
    if (revision === null) {
      const sentence = `No revision of ${given.required("mesh")} is this design (${digest.slice(0, 12)}).`;
      const wayOn = "Push it, freeze it as a revision, and submit that for review.";
      if (given.flag("json")) printJson(io, { ok: false, digest, revision: null, sentence, wayOn });
      else io.out(`${sentence} ${wayOn}\n`);
      return EXIT.found;
    }
    const path = `/meshes/${mesh}/environments/${environment}/approval?revision=${revision}`;
    const { allowed, sentence, wayOn, unmet } = (await server.request(path, approval)).body;
    if (given.flag("json")) printJson(io, { ok: allowed, digest, revision, sentence, wayOn, unmet });
    else {
      io.out(`r${revision}: ${sentence}${allowed ? "" : ` ${wayOn}`}\n`);
      for (const { text, owner } of unmet) io.out(`  open: ${text} (${owner})\n`);
      if (unmet.length > 0) io.note(`${counted(unmet.length, "condition")} not met.\n`);
    }
    return allowed ? EXIT.ok : EXIT.found;
  },
};

/** The newest revision with this digest. */
async function revisionWith(server: Server, mesh: string, digest: string): Promise<number | null> {
  let cursor = "";
  for (let page = 0; page < MAX_PAGES; page++) {
    const { body } = await server.request(`/meshes/${mesh}/revisions?limit=${PAGE}${cursor}`, revisions);
    const found = body.items.find((each) => each.digest === digest);
    if (found) return found.number;
    if (body.nextCursor === null) return null;
    cursor = `&cursor=${encodeURIComponent(body.nextCursor)}`;
  }
  return null;
}
