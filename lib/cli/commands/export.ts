// meshwright export: a design as configuration of another mesh, or as stable YAML.
import { exportIstio } from "@/lib/dialects/istio";
import { inWritingOrder, toYaml } from "@/lib/mesh";
import type { CliCommand } from "../command";
import { checkDesign, readDesign } from "../files";
import { EXIT, printJson } from "../io";
import { counted, violationText } from "../words";

export const exportCommand: CliCommand = {
  name: "export",
  usage: "--to istio|yaml FILE|FOLDER...",
  about: "Prints a design as Istio resources, or as its own YAML in stable order.",
  options: { to: { type: "string", value: "FORMAT", about: "istio or yaml" } },
  details: `What the other mesh cannot say goes to standard error as losses; with --json everything is one object.
Exit code: 0 printed (there may be losses), 1 a design that does not hold together, 2 wrong use.

Example: meshwright export --to istio mesh.yaml | kubectl apply -f -`,
  async run(io, given) {
    const format = given.choice("to", ["istio", "yaml"]);
    const read = await readDesign(io, given.operands);
    const violations = read.ok ? checkDesign(read.design) : read.violations;
    if (!read.ok || violations.length > 0) {
      if (given.flag("json")) printJson(io, { ok: false, violations });
      else for (const violation of violations) io.note(violationText(violation));
      return EXIT.found;
    }
    const { document } = read.design;
    if (format === "yaml") {
      if (given.flag("json")) printJson(io, { ok: true, objects: inWritingOrder(document) });
      else io.out(toYaml(document));
      return EXIT.ok;
    }
    const { text, resources, losses } = exportIstio(document);
    if (given.flag("json")) {
      printJson(io, { ok: true, resources, losses });
      return EXIT.ok;
    }
    io.out(text);
    for (const loss of losses) io.note(`${loss.verdict}: ${loss.key}#${loss.path}: ${loss.reason}\n`);
    io.note(`${counted(resources.length, "resource")}, ${counted(losses.length, "loss", "losses")}.\n`);
    return EXIT.ok;
  },
};
