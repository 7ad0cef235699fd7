// meshwright push: makes a file's design the draft of a mesh on the server.
import { randomUUID } from "node:crypto";
import { z } from "zod";
import {
  type Command,
  diffDocuments,
  digestOf,
  isSameJson,
  type MeshDocument,
  type MeshObject,
  objectKey,
  parseDocument,
} from "@/lib/mesh";
import type { CliCommand } from "../command";
import { checkDesign, readDesign } from "../files";
import { EXIT, printJson } from "../io";
import { refuse } from "../refuse";
import { Server, ServerError } from "../server";
import { counted } from "../words";

export const draftAnswer = z.looseObject({ version: z.int(), document: z.unknown(), digest: z.string() });
const changed = z.looseObject({ version: z.int() });
const revision = z.looseObject({ number: z.int(), digest: z.string() });
/** Objects per request: far below the server's limit on bodies. */
const CHUNK = 200;

export const push: CliCommand = {
  name: "push",
  usage: "--mesh SLUG FILE|FOLDER...",
  about:
    "Makes a design the draft of a mesh on the server. Objects that are not in the files are removed from the draft.",
  options: {
    mesh: { type: "string", value: "SLUG", about: "the mesh on the server" },
    message: {
      type: "string",
      short: "m",
      value: "TEXT",
      about: "also freeze the draft as a revision with this message",
    },
    "dry-run": { type: "boolean", about: "only say what would change" },
  },
  details: `Environment: MESHWRIGHT_URL (default http://localhost:3000), MESHWRIGHT_TOKEN.
Exit code: 0 done, 1 the design does not hold together, 2 wrong use, 3 the server refused.`,
  async run(io, given) {
    const mesh = encodeURIComponent(given.required("mesh"));
    const read = await readDesign(io, given.operands);
    const violations = read.ok ? checkDesign(read.design) : read.violations;
    if (!read.ok || violations.length > 0) return refuse(io, violations, { isJson: given.flag("json") });
    const { document } = read.design;
    const server = new Server(io);
    const draft = await server.request(`/meshes/${mesh}/draft`, draftAnswer);
    const there = parseDocument(draft.body.document);
    if (!there.ok)
      throw new ServerError(
        "the draft on the server has objects that this version does not know: use the CLI of the server's version",
      );
    const changes = diffDocuments(there.document, document);
    let version = draft.body.version;
    if (!given.flag("dry-run")) {
      const clientId = `cli-${randomUUID()}`;
      for (const command of commandsTo(there.document, document)) {
        const answer = await server.request(`/meshes/${mesh}/draft/commands`, changed, {
          method: "POST",
          body: { commands: [command], clientId },
          ifMatch: `"v${version}"`,
          idempotencyKey: randomUUID(),
        });
        version = answer.body.version;
      }
    }
    const message = given.flag("dry-run") ? undefined : given.text("message");
    const made = message === undefined ? undefined : await freeze(server, mesh, version, message);
    if (given.flag("json")) {
      printJson(io, {
        ok: true,
        version,
        digest: digestOf(document),
        changes,
        ...(made ? { revision: made.number } : {}),
      });
    } else {
      for (const change of changes) io.out(`${change.sentence}\n`);
      io.note(
        `${counted(changes.length, "change")}${given.flag("dry-run") ? " would be made" : ""}.${made ? ` Revision r${made.number}.` : ""}\n`,
      );
    }
    return EXIT.ok;
  },
};

async function freeze(server: Server, mesh: string, version: number, message: string) {
  const answer = await server.request(`/meshes/${mesh}/revisions`, revision, {
    method: "POST",
    body: { message },
    ifMatch: `"v${version}"`,
    idempotencyKey: randomUUID(),
  });
  return answer.body;
}

/** Commands that turn one document into the other, in pieces. Additions come before removals, so nothing dangles in between. */
export function commandsTo(from: MeshDocument, to: MeshDocument): Command[] {
  const old = new Map(from.objects.map((object) => [objectKey(object), object]));
  const put = to.objects.filter((object) => !isSameJson(old.get(objectKey(object)), object));
  const wanted = new Set(to.objects.map(objectKey));
  const remove = [...old.keys()].filter((key) => !wanted.has(key));
  const commands: Command[] = [];
  for (let i = 0; i < put.length; i += CHUNK) commands.push(piece([], put.slice(i, i + CHUNK)));
  for (let i = 0; i < remove.length; i += CHUNK) commands.push(piece(remove.slice(i, i + CHUNK), []));
  const [first, second] = commands;
  // the usual case in one step, so that it is one entry in the history
  return commands.length === 2 && first?.type === "restoreObjects" && second?.type === "restoreObjects"
    ? [piece(second.remove, first.put)]
    : commands;
}

function piece(remove: string[], put: MeshObject[]): Command {
  return { type: "restoreObjects", remove, put, positions: {} };
}
