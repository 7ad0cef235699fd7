// meshwright migrate: a move to another product as a list of decisions, and what is decided already.
import path from "node:path";
import {
  buildBundle,
  type Choices,
  choiceOf,
  decidedOf,
  dialectOf,
  EXPORT_IDS,
  exportDocument,
  GROUPS,
  IMPORT_CHOICES,
  migrationFiles,
  migrationOf,
  OPTIONS,
} from "@/lib/dialects";
import { channelOf, channelsText } from "../channels";
import type { CliCommand, Given } from "../command";
import { checkDesign, readDesign, readTexts } from "../files";
import { EXIT, type Io, printJson } from "../io";
import { designOfManifests } from "../manifests";
import { readChoices } from "../reading";
import { refuse } from "../refuse";
import { counted } from "../words";
import { writeFiles } from "../write-files";

/** Of one decision's parts; the rest is in JSON and in the bundle. */
const SHOWN = 5;

export const migrate: CliCommand = {
  name: "migrate",
  usage: "--to PRODUCT [--from PRODUCT] FILE|FOLDER...",
  about:
    "Lists what a person has to decide before a mesh moves to another product: changes of meaning first, then losses.",
  options: {
    from: {
      type: "string",
      value: "PRODUCT",
      about: `the files are manifests of ${IMPORT_CHOICES.join(", ")}; absent: a design`,
    },
    to: { type: "string", value: "PRODUCT", about: EXPORT_IDS.join(", ") },
    channel: { type: "string", value: "NAME", about: `variant of the product (${channelsText})` },
    namespace: { type: "string", value: "NAME", about: "with --from: for manifests that name none" },
    decisions: { type: "string", value: "FILE", about: "YAML or JSON with the choice for each decision: ID: CHOICE" },
    out: { type: "string", value: "DIR", about: "write the export's bundle there, with MIGRATION.md" },
  },
  details: `Each decision has an id, the parts that it is about with their places in the files, and the same four choices:
${OPTIONS.map(({ id, title }) => `  ${id.padEnd(15)}${title}`).join("\n")}
The same files give the same ids; a decision with another part is another one, so nothing is decided unseen.
Exit code: 0 everything is decided, 1 something is not, or files that do not hold together, 2 wrong use.

Example: meshwright migrate --from istio --to linkerd manifests/ --decisions decisions.yaml --out bundle`,
  async run(io, given) {
    const to = given.choice("to", EXPORT_IDS);
    const channel = channelOf(given, to);
    const from = given.text("from") === undefined ? undefined : given.choice("from", IMPORT_CHOICES);
    const file = given.text("decisions");
    const choices =
      file === undefined
        ? {}
        : await readChoices(
            io,
            file,
            OPTIONS.map(({ id }) => id),
          );
    const read = from
      ? designOfManifests(
          { choice: from, defaultNamespace: given.text("namespace") },
          await readTexts(io, given.operands),
        )
      : await readDesign(io, given.operands);
    const violations = read.ok ? checkDesign(read.design) : read.violations;
    if (!read.ok || violations.length > 0) return refuse(io, violations, { isJson: given.flag("json") });
    const { document, warnings, locate } = read.design;
    const dialect = dialectOf(to);
    const made = exportDocument(to, document, channel === undefined ? {} : { channel });
    const input = { dialect, channel, document, made };
    const title = from === undefined || from === "auto" ? undefined : dialectOf(from).title;
    const migration = migrationOf({ ...input, from: title, warnings, locate });
    const out = given.text("out");
    const bundle = [...buildBundle(input), ...migrationFiles(migration, choices)];
    if (out !== undefined) writeFiles(path.resolve(io.cwd, out), bundle);
    const undecided = migration.decisions.length - decidedOf(migration.decisions, choices);
    const unknown = Object.keys(choices).filter((id) => !migration.decisions.some((each) => each.id === id));
    if (given.flag("json")) {
      const files = out === undefined ? {} : { files: bundle.map((each) => each.path) };
      printJson(io, { ok: undecided === 0, migration, choices, undecided, unknown, ...files });
    } else sayMigration(io, given, { migration, choices, unknown });
    return undecided === 0 ? EXIT.ok : EXIT.found;
  },
};

type Told = { migration: ReturnType<typeof migrationOf>; choices: Choices; unknown: string[] };

function sayMigration(io: Io, given: Given, { migration, choices, unknown }: Told): void {
  const { from, to, decisions, done, retired } = migration;
  const moved = done.moved.reduce((sum, { parts }) => sum + parts, 0);
  io.out(
    `From ${from} to ${to}: ${decidedOf(decisions, choices)} of ${counted(decisions.length, "decision")} taken.\n`,
  );
  for (const { id, title } of GROUPS) {
    const own = decisions.filter(({ group }) => group === id);
    if (own.length > 0) io.out(`\n${title}\n`);
    for (const decision of own) io.out(decisionText(decision, choices));
  }
  io.out(`\nWithout a decision: ${counted(done.exact, "part")} the same, ${moved} said in another place.\n`);
  if (retired !== undefined) io.note(`${retired}.\n`);
  for (const id of unknown)
    io.note(`${given.text("decisions")}: ${id} is none of these decisions: what it was about has changed\n`);
}

function decisionText(decision: Told["migration"]["decisions"][number], choices: Choices): string {
  const { id, about, parts, options } = decision;
  const chosen = choiceOf(decision, choices);
  const places = parts.slice(0, SHOWN).map(({ object, path: place, file, line }) => {
    const at = file === undefined ? "" : `  ${file}${line === undefined ? "" : `:${line}`}`;
    return `      ${object}#${place}${at}\n`;
  });
  const more = parts.length > SHOWN ? `      and ${parts.length - SHOWN} more\n` : "";
  const means = options.map(
    (option) => `      ${option.id === chosen ? "*" : " "} ${option.id.padEnd(14)} ${option.means}\n`,
  );
  return `  [${chosen === undefined ? " " : "x"}] ${id}  ${about}\n${places.join("")}${more}${means.join("")}`;
}
