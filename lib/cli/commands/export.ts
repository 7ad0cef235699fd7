// meshwright export: a design as configuration of another mesh, as a bundle of files, or as stable YAML.
import path from "node:path";
import { buildBundle, dialectOf, EXPORT_IDS, exportDocument, lossesOf } from "@/lib/dialects";
import { inWritingOrder, toYaml } from "@/lib/mesh";
import { channelOf, channelsText } from "../channels";
import type { CliCommand, Given } from "../command";
import type { Design } from "../design";
import { checkDesign, readDesign } from "../files";
import { EXIT, type Io, printJson, UsageError } from "../io";
import { jsonWarnings, MANIFEST_OPTIONS, sayWarnings } from "../manifests";
import { refuse } from "../refuse";
import { counted } from "../words";
import { writeFiles } from "../write-files";

const FORMATS = [...EXPORT_IDS, "yaml"] as const;
export const exportCommand: CliCommand = {
  name: "export",
  usage: "--to FORMAT FILE|FOLDER... [--out DIR]",
  about: "Prints a design as another mesh's resources or as its own YAML in stable order, or writes a bundle of files.",
  options: {
    to: { type: "string", value: "FORMAT", about: FORMATS.join(", ") },
    ...MANIFEST_OPTIONS,
    channel: { type: "string", value: "NAME", about: `variant of the product (${channelsText || "none"})` },
    out: { type: "string", value: "DIR", about: "write manifests/, manual/, report.md and report.json there" },
  },
  details: `What the other mesh cannot say goes to standard error as losses; with --json everything is one object.
A bundle goes to a folder that is new or empty.
Exit code: 0 printed (there may be losses), 1 a design that does not hold together, 2 wrong use.

Example: meshwright export --to istio mesh.yaml | kubectl apply -f -
Example: meshwright export --to gateway-api --channel experimental --out bundle mesh.yaml`,
  async run(io, given) {
    const format = given.choice("to", FORMATS);
    const channel = format === "yaml" ? noChannel(given) : channelOf(given, format);
    const out = given.text("out");
    if (format === "yaml" && out !== undefined) throw new UsageError("--out needs a dialect: yaml is one text");
    const read = await readDesign(io, given.operands, given);
    const violations = read.ok ? checkDesign(read.design) : read.violations;
    if (!read.ok || violations.length > 0) return refuse(io, violations, { isJson: given.flag("json") });
    if (!given.flag("json")) sayWarnings(io, read.design);
    if (format === "yaml") printYaml(io, given, read.design);
    else exportTo(io, given, { design: read.design, format, channel, out });
    return EXIT.ok;
  },
};

function noChannel(given: Given): undefined {
  if (given.text("channel") !== undefined) throw new UsageError("--channel has no meaning for yaml");
}

function printYaml(io: Io, given: Given, design: Design): void {
  const { document } = design;
  if (given.flag("json")) printJson(io, { ok: true, objects: inWritingOrder(document), ...jsonWarnings(design) });
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
      ...jsonWarnings(design),
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
  const { retired } = dialectOf(format);
  if (retired !== undefined) io.note(`${retired}.\n`);
  const where = out === undefined ? "" : `${counted(files.length, "file")} in ${out}: `;
  io.note(`${where}${counted(made.resources.length, "resource")}, ${counted(losses.length, "loss", "losses")}.\n`);
}
