// The log of our own processes: one JSON object a line on stdout, which the supervisor keeps in home/logs.
// One rule: never a secret. Tokens, keys, certificates' keys and cookies are cut by path before a line is written.

import { type DestinationStream, destination, type Logger, pino, stdSerializers, stdTimeFunctions } from "pino";

export type { Logger };

const SECRET_PATHS = [
  "token",
  "joinToken",
  "secret",
  "password",
  "privateKey",
  "privateKeyPem",
  "authorization",
].flatMap((name) => [name, `*.${name}`]);

/**
 * Makes a process's root logger; modules take `logger.child({ part })`.
 * Writes are synchronous: a process that dies has said why, and our processes log little.
 */
export function createLogger(
  name: string,
  level = "info",
  stream: DestinationStream = destination({ dest: 1, sync: true }),
): Logger {
  return pino(
    {
      name,
      level,
      base: { pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      redact: { paths: SECRET_PATHS, censor: "[redacted]" },
      // pino writes an Error as {} under any key but its own, "err".
      serializers: { error: stdSerializers.err, err: stdSerializers.err },
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
}

/** A logger that writes nothing, for tests. */
export function silentLogger(): Logger {
  return pino({ level: "silent" });
}
