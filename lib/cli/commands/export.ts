// meshwright export: a design as configuration of another mesh, as a bundle of files, or as stable YAML.
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { buildBundle, dialectEntries, dialectOf, EXPORT_IDS, exportDocument, lossesOf } from "@/lib/dialects";
import { inWritingOrder, toYaml } from "@/lib/mesh";
import type { CliCommand, Given } from "../command";
import { checkDesign, type Design, readDesign } from "../files";
import { EXIT, type Io, printJson, UsageError } from "../io";
import { counted, violationText } from "../words";

const FORMATS = [...EXPORT_IDS, "yaml"] as const;
const channelsText = dialectEntries
  .filter(({ hasExport, channels }) => hasExport && channels)
  .map(({ id, channels = [] }) => `${id}: ${channels.join(" or ")}`)
  .join("; ");

export const exportCommand: CliCommand = {
  name: "export",
  usage: "--to FORMAT FILE|FOLDER... [--out DIR]",
  about: "Prints a design as another mesh's resources or as its own YAML in stable order, or writes a bundle of files.",
  options: {
    to: { type: "string", value: "FORMAT", about: FORMATS.join(", ") },
    dialect: { type: "string", value: "FORMAT", about: "the same as --to" },
    channel: { type: "string", value: "NAME", about: `variant of the product (${channelsText || "none"})` },
    out: { type: "string", value: "DIR", about: "write manifests/, manual/, report.md and report.json there" },
  },
  details: `What the other mesh cannot say goes to standard error as losses; with --json everything is one object.
A bundle goes to a folder that is new or empty.
Exit code: 0 printed (there may be losses), 1 a design that does not hold together, 2 wrong use.

Example: meshwright export --to istio mesh.yaml | kubectl apply -f -
Example: meshwright export --dialect gateway-api --channel experimental --out bundle mesh.yaml`,
  async run(io, given) {
    const format = given.choice(given.text("to") === undefined ? "dialect" : "to", FORMATS);
    const channel = channelOf(given, format);
    const out = given.text("out");
    if (format === "yaml" && out !== undefined) throw new UsageError("--out needs a dialect: yaml is one text");
    const read = await readDesign(io, given.operands);
    const violations = read.ok ? checkDesign(read.design) : read.violations;
    if (!read.ok || violations.length > 0) {
      if (given.flag("json")) printJson(io, { ok: false, violations });
      else for (const violation of violations) io.note(violationText(violation));
      return EXIT.found;
    }
    if (format === "yaml") printYaml(io, given, read.design);
    else exportTo(io, given, { design: read.design, format, channel, out });
    return EXIT.ok;
  },
};

function channelOf(given: Given, format: (typeof FORMATS)[number]): string | undefined {
  const channels = format === "yaml" ? undefined : dialectOf(format).channels;
  if (channels) return given.choice("channel", channels, channels[0]);
  if (given.text("channel") !== undefined) throw new UsageError(`--channel has no meaning for ${format}`);
  return undefined;
}

function printYaml(io: Io, given: Given, { document }: Design): void {
  if (given.flag("json")) printJson(io, { ok: true, objects: inWritingOrder(document) });
  else io.out(toYaml(document));
}

type Task = {
  design: Design;
  format: (typeof EXPORT_IDS)[number];
  channel: string | undefined;
  out: string | undefined;
};

function exportTo(io: Io, given: Given, { design, format, channel, out }: Task): void {
  const { document } = design;
  const made = exportDocument(format, document, channel === undefined ? {} : { channel });
  const losses = lossesOf(made.report);
  const files = out === undefined ? [] : buildBundle({ dialect: dialectOf(format), channel, document, made });
  if (out !== undefined) writeFiles(path.resolve(io.cwd, out), files);
  if (given.flag("json")) {
    const { resources, report } = made;
    printJson(io, {
      ok: true,
      ...(out === undefined ? {} : { files: files.map((file) => file.path) }),
      resources,
      losses,
      report,
    });
    return;
  }
  if (out === undefined) io.out(made.text);
  for (const loss of [...losses].sort(
    (a, b) => Number(a.changesMeaning ?? false) - Number(b.changesMeaning ?? false),
  )) {
    const loud = loss.changesMeaning ? "CHANGES THE MEANING: " : "";
    io.note(`${loud}${loss.verdict}: ${loss.key}#${loss.path}: ${loss.reason}\n`);
  }
  const where = out === undefined ? "" : `${counted(files.length, "file")} in ${out}: `;
  io.note(`${where}${counted(made.resources.length, "resource")}, ${counted(losses.length, "loss", "losses")}.\n`);
}

function writeFiles(folder: string, files: readonly { path: string; text: string }[]): void {
  try {
    mkdirSync(folder, { recursive: true });
    if (readdirSync(folder).length > 0) throw new UsageError(`${folder} is not empty: name a new folder`);
    for (const file of files) {
      const place = path.join(folder, file.path);
      mkdirSync(path.dirname(place), { recursive: true });
      writeFileSync(place, file.text);
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(
      `${folder} cannot be written (${(error as NodeJS.ErrnoException).code ?? "error"}): check the path`,
    );
  }
}
