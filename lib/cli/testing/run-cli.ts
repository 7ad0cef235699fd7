// The command line inside a test: what it printed and its exit code, with no process and no network of its own.
// One rule: a test that reaches a server says what the server answers.
import type { Io } from "../io";
import { run } from "../run";

export interface CliSetting {
  cwd: string;
  env?: Readonly<Record<string, string>>;
  stdin?: string;
  fetch?: typeof fetch;
}

export async function runCli(args: readonly string[], setting: CliSetting) {
  let out = "";
  let notes = "";
  const io: Io = {
    out: (text) => {
      out += text;
    },
    note: (text) => {
      notes += text;
    },
    env: setting.env ?? {},
    cwd: setting.cwd,
    readStdin: () => Promise.resolve(setting.stdin ?? ""),
    fetch: setting.fetch ?? (() => Promise.reject(new Error("no network in this test"))),
    sleep: () => Promise.resolve(),
    now: () => Date.UTC(2026, 0, 2, 3, 4, 5),
  };
  const code = await run(args, io);
  return { code, out, notes };
}
