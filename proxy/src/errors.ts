// Errors of the proxy process, with what to do. Rule: one rescue, in main.ts; the data path answers peers itself.

export class ProxyError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly exitCode = 1,
  ) {
    super(message);
    this.name = "ProxyError";
  }
}

/** A line for people on stderr; a closed pipe must not end the process. */
export function report(message: string): void {
  process.stderr.write(`${new Date().toISOString()} meshwright-proxy: ${message}\n`);
}
