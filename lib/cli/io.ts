// What a command may touch, so that tests need no process: texts out, files in, environment, network.
export type Io = {
  /** The answer: YAML, JSON or sentences. */
  out(text: string): void;
  /** What a person should know beside it. Never mixed into the answer. */
  note(text: string): void;
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  readStdin(): Promise<string>;
  fetch: typeof fetch;
  sleep(ms: number): Promise<void>;
  /** Milliseconds since 1970. */
  now(): number;
};

/** 0 fine; 1 the answer is bad news (violations, findings, differences); 2 the command is wrong; 3 the server refused or failed. */
export const EXIT = { ok: 0, found: 1, usage: 2, server: 3 } as const;

/** The command line is wrong, or names a file that cannot be read. */
export class UsageError extends Error {}

export const unreadable = (place: string, error: unknown): UsageError =>
  new UsageError(`${place} cannot be read (${(error as NodeJS.ErrnoException).code ?? "error"}): check the path`);

export function printJson(io: Io, value: unknown): void {
  io.out(`${JSON.stringify(value, null, 2)}\n`);
}
