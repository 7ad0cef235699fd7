// meshwright schema: the shapes of what the commands read and print.
import type { CliCommand } from "../command";
import { EXIT, printJson, UsageError } from "../io";
import { jsonSchemaOf, SCHEMA_NAMES, schemaAbout } from "../schemas";

const rows = SCHEMA_NAMES.map((name) => `  ${name.padEnd(10)}${schemaAbout(name)}`);

export const schema: CliCommand = {
  name: "schema",
  usage: "NAME",
  about: "Prints the JSON Schema (2020-12) of what a command reads or prints.",
  options: {},
  details: `Names:
${rows.join("\n")}

Exit code: 0 printed, 2 wrong use.

Example: meshwright schema object > .vscode/mesh.schema.json`,
  async run(io, given) {
    const [name, ...more] = given.operands;
    const known = SCHEMA_NAMES.find((each) => each === name);
    if (known === undefined || more.length > 0) throw new UsageError(`name one of ${SCHEMA_NAMES.join(", ")}`);
    printJson(io, jsonSchemaOf(known));
    return EXIT.ok;
  },
};
