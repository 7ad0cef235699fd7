import { expect, test } from "vitest";
import { createLogger } from "./logger";

function lines(write: (log: ReturnType<typeof createLogger>) => void): Record<string, unknown>[] {
  const out: string[] = [];
  write(createLogger("test", "info", { write: (line: string) => void out.push(line) }));
  return out.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test("an error is logged with its message and where it came from", () => {
  const [line] = lines((log) => log.error({ error: new Error("the disk is full") }, "could not write"));
  expect(line?.error).toMatchObject({ type: "Error", message: "the disk is full" });
  expect(line?.error).toHaveProperty("stack", expect.stringContaining("logger.test.ts"));
});

test("a secret is cut, also one level down", () => {
  const [line] = lines((log) => log.info({ token: "abc", proxy: { joinToken: "def" } }, "enrolled"));
  expect(line).toMatchObject({ token: "[redacted]", proxy: { joinToken: "[redacted]" } });
});
