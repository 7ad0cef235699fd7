// meshwright report: the technical design document of a revision, as Markdown on standard output or as a file.
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { designDocumentSchema, toMarkdown } from "@/lib/document";
import type { CliCommand } from "../command";
import { EXIT, printJson, UsageError } from "../io";
import { Server } from "../server";

const FORMATS = ["md", "pdf"] as const;

export const report: CliCommand = {
  name: "report",
  usage: "--mesh SLUG [--at draft|rN] [--format md|pdf] [--output FILE]",
  about: "Writes the technical design document of a revision: architecture, policies, controls, risks, decisions.",
  options: {
    mesh: { type: "string", value: "SLUG", about: "the mesh on the server" },
    at: { type: "string", value: "rN", about: 'which revision (default "draft")' },
    format: { type: "string", short: "f", value: "FORMAT", about: "md (default) or pdf" },
    output: { type: "string", short: "o", value: "FILE", about: "write it there; a PDF needs it" },
  },
  details: `Environment: MESHWRIGHT_URL (default http://localhost:3000), MESHWRIGHT_TOKEN.
Exit code: 0 written, 2 wrong use, 3 the server refused.`,
  async run(io, given) {
    const mesh = encodeURIComponent(given.required("mesh"));
    const at = given.text("at") ?? "draft";
    if (!/^(draft|r[1-9]\d{0,8})$/.test(at)) throw new UsageError('--at must be "draft" or a revision as r3');
    const format = given.choice("format", FORMATS, "md");
    const output = given.text("output");
    const file = output === undefined ? null : path.resolve(io.cwd, output);
    if (format === "pdf" && file === null) throw new UsageError("a PDF goes to a file: give --output FILE");
    const server = new Server(io);
    const address = `/meshes/${mesh}/document?at=${at}`;
    if (format === "pdf" && file !== null) {
      const bytes = await server.download(`${address}&format=pdf`);
      await writeFile(file, bytes);
      if (given.flag("json")) printJson(io, { ok: true, file, bytes: bytes.length });
      else io.note(`${file}: ${bytes.length} bytes.\n`);
      return EXIT.ok;
    }
    const { body } = await server.request(`${address}&format=json`, designDocumentSchema);
    const text = toMarkdown(body);
    if (file !== null) await writeFile(file, text);
    if (given.flag("json")) printJson(io, { ok: true, digest: body.digest, ...(file === null ? { text } : { file }) });
    else if (file === null) io.out(text);
    else io.note(`${file}: digest ${body.digest}.\n`);
    return EXIT.ok;
  },
};
