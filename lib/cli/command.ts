// What a command is, and how its options are read.
import { parseArgs } from "node:util";
import { type Io, UsageError } from "./io";

export type OptionSpec = {
  type: "string" | "boolean";
  short?: string;
  about: string;
  value?: string;
  /** May be given several times. */
  multiple?: boolean;
};
export type CliCommand = {
  name: string;
  /** The line after the name: `FILE... [options]`. */
  usage: string;
  about: string;
  /** More help: what it prints, exit codes that need a word, an example. */
  details?: string;
  options: Record<string, OptionSpec>;
  run(io: Io, given: Given): Promise<number>;
};

export const COMMON_OPTIONS: Record<string, OptionSpec> = {
  json: { type: "boolean", about: "print the answer as JSON" },
  help: { type: "boolean", short: "h", about: "print this help" },
};

/** The options and operands that were given. */
export class Given {
  constructor(
    readonly operands: string[],
    private readonly values: Record<string, string | boolean | (string | boolean)[] | undefined>,
  ) {}

  /** Values of an option that may be given several times. */
  list(name: string): string[] {
    const value = this.values[name];
    return (Array.isArray(value) ? value : []).filter((each) => typeof each === "string");
  }

  text(name: string): string | undefined {
    const value = this.values[name];
    return typeof value === "string" ? value : undefined;
  }

  flag(name: string): boolean {
    return this.values[name] === true;
  }

  required(name: string): string {
    const value = this.text(name);
    if (value === undefined || value === "") throw new UsageError(`--${name} is missing`);
    return value;
  }

  /** The number of a revision, said as 3 or r3. */
  revision(name: string): number | undefined {
    const number = this.text(name)?.replace(/^r/, "");
    if (number === undefined) return undefined;
    if (!/^[1-9]\d{0,8}$/.test(number)) throw new UsageError(`--${name} must be a number as 3 or r3`);
    return Number(number);
  }

  /** One of the allowed words. */
  choice<T extends string>(name: string, words: readonly T[], otherwise?: T): T {
    const value = this.text(name) ?? otherwise;
    const found = words.find((word) => word === value);
    if (found === undefined) throw new UsageError(`--${name} must be ${words.join(" or ")}`);
    return found;
  }
}

export function readGiven(command: CliCommand, args: string[]): Given {
  const options = Object.fromEntries(
    Object.entries({ ...command.options, ...COMMON_OPTIONS }).map(([name, { type, short, multiple }]) => [
      name,
      { type, ...(short === undefined ? {} : { short }), ...(multiple ? { multiple } : {}) },
    ]),
  );
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true, strict: true });
    return new Given(positionals, values);
  } catch (error) {
    throw new UsageError(
      error instanceof Error ? error.message.replace(/\. To specify a positional.*$/s, "") : "bad options",
    );
  }
}

export function helpText(command: CliCommand): string {
  const rows = Object.entries({ ...command.options, ...COMMON_OPTIONS }).map(([name, option]) => {
    const left = `${option.short ? `-${option.short}, ` : ""}--${name}${option.type === "string" ? ` ${option.value ?? "TEXT"}` : ""}`;
    return `  ${left.padEnd(28)}${left.length < 28 ? "" : `\n${" ".repeat(30)}`}${option.about}`;
  });
  const details = command.details === undefined ? "" : `\n${command.details.trim()}\n`;
  return `meshwright ${command.name} ${command.usage}\n\n${command.about}\n\nOptions:\n${rows.join("\n")}\n${details}`;
}
