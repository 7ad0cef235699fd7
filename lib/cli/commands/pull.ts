// meshwright pull: the draft, or a revision, of a mesh on the server as YAML.
import { writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { digestOf, inWritingOrder, type MeshDocument, parseDocument, toYaml } from "@/lib/mesh";
import type { CliCommand } from "../command";
import { EXIT, printJson, UsageError } from "../io";
import { Server, ServerError } from "../server";

const withDocument = z.looseObject({ document: z.unknown(), digest: z.string() });

export const pull: CliCommand = {
  name: "pull",
  usage: "--mesh SLUG",
  about: "Prints the draft of a mesh on the server as YAML in stable order.",
  options: {
    mesh: { type: "string", value: "SLUG", about: "the mesh on the server" },
    at: { type: "string", value: "WHAT", about: "draft (default) or a revision as r3" },
    output: { type: "string", short: "o", value: "FILE", about: "write to a file" },
  },
  details: `Environment: MESHWRIGHT_URL (default http://localhost:3000), MESHWRIGHT_TOKEN.`,
  async run(io, given) {
    const mesh = encodeURIComponent(given.required("mesh"));
    const document = await documentAt(new Server(io), mesh, given.text("at") ?? "draft");
    const output = given.text("output");
    if (output !== undefined) writeFileSync(path.resolve(io.cwd, output), toYaml(document));
    if (given.flag("json")) printJson(io, { ok: true, digest: digestOf(document), objects: inWritingOrder(document) });
    else if (output === undefined) io.out(toYaml(document));
    else io.note(`${document.objects.length} objects written to ${output}.\n`);
    return EXIT.ok;
  },
};

async function documentAt(server: Server, mesh: string, at: string): Promise<MeshDocument> {
  const number = /^r([1-9]\d*)$/.exec(at)?.[1];
  if (at !== "draft" && number === undefined) throw new UsageError("--at must be draft or a revision as r3");
  const place = number === undefined ? `/meshes/${mesh}/draft` : `/meshes/${mesh}/revisions/${number}`;
  const { body } = await server.request(place, withDocument);
  const parsed = parseDocument(body.document);
  if (!parsed.ok)
    throw new ServerError(
      "the design has objects that this version does not know: use the CLI of the server's version",
    );
  if (digestOf(parsed.document) !== body.digest)
    throw new ServerError("the design does not have the digest that the server states: try again");
  return parsed.document;
}
