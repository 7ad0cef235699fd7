// Reads the command line, runs the command, and turns what went wrong into an exit code.
import { type CliCommand, helpText, readGiven } from "./command";
import { approvalCommand } from "./commands/approval";
import { compileCommand } from "./commands/compile";
import { deploy } from "./commands/deploy";
import { diff } from "./commands/diff";
import { exportCommand } from "./commands/export";
import { importCommand } from "./commands/import";
import { joinToken } from "./commands/join-token";
import { merge } from "./commands/merge";
import { mesh } from "./commands/mesh";
import { migrate } from "./commands/migrate";
import { pull } from "./commands/pull";
import { push } from "./commands/push";
import { replayCommand } from "./commands/replay";
import { report } from "./commands/report";
import { schema } from "./commands/schema";
import { select } from "./commands/select";
import { simulate } from "./commands/simulate";
import { submit } from "./commands/submit";
import { test } from "./commands/test";
import { validate } from "./commands/validate";
import { EXIT, type Io, printJson, UsageError } from "./io";
import { ServerError } from "./server";

export const COMMANDS: readonly CliCommand[] = [
  validate,
  diff,
  merge,
  simulate,
  test,
  replayCommand,
  select,
  importCommand,
  exportCommand,
  migrate,
  compileCommand,
  schema,
  push,
  pull,
  submit,
  report,
  deploy,
  mesh,
  approvalCommand,
  joinToken,
];

/** Never throws for what a user can do wrong; a defect of the program does throw. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    const command = COMMANDS.find((each) => each.name === rest[0]);
    io.out(command ? helpText(command) : overview());
    return name === undefined ? EXIT.usage : EXIT.ok;
  }
  const command = COMMANDS.find((each) => each.name === name);
  if (!command) {
    io.note(`meshwright: there is no command "${name}". Run \`meshwright --help\` for the list.\n`);
    return EXIT.usage;
  }
  const wantsJson = rest.includes("--json");
  try {
    const given = readGiven(command, rest);
    if (given.flag("help")) {
      io.out(helpText(command));
      return EXIT.ok;
    }
    return await command.run(io, given);
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof ServerError)) throw error;
    const hint = error instanceof UsageError ? `\nRun \`meshwright ${name} --help\`.` : "";
    if (wantsJson)
      printJson(io, {
        ok: false,
        error: error.message,
        ...(error instanceof ServerError && error.problem ? { problem: error.problem } : {}),
      });
    else io.note(`meshwright ${name}: ${error.message}.${hint}\n`.replace("..", "."));
    return error instanceof UsageError ? EXIT.usage : EXIT.server;
  }
}

function overview(): string {
  const rows = COMMANDS.map((command) => `  ${command.name.padEnd(12)}${command.about}`);
  return `meshwright COMMAND [options]

A service mesh as a design: check it, compare it, bring it in and out, put it live.

Commands:
${rows.join("\n")}

Every command takes --json and --help. Exit codes: 0 fine, 1 violations, findings or differences, 2 wrong use, 3 the server.
`;
}
