import { expect, test } from "vitest";
import { accessLog, logFormatProblem } from "./access-log";

const problemsOf = (value: unknown): string[] =>
  (accessLog.safeParse(value).error?.issues ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`);

test("formats are Envoy's operators between words", () => {
  expect(logFormatProblem("%REQ(:METHOD)% %REQ(X-A?X-B):20% 100%% %RESPONSE_CODE% %START_TIME%")).toBeNull();
});

test.each([
  ["100%", 'has a "%" that begins no operator: write %% for a percent sign'],
  ["%NOT_KNOWN%", "names %NOT_KNOWN%, which proxies do not write"],
  ["%constructor%", 'has a "%" that begins no operator: write %% for a percent sign'],
  ["%REQ%", "needs a name in %REQ(...)%"],
  ["%RESPONSE_CODE(1)%", "gives %RESPONSE_CODE% an argument, and it takes none"],
  ["%PROTOCOL:3%", "cuts %PROTOCOL%, and it is never cut"],
])("%s is refused: %s", (text, problem) => {
  expect(logFormatProblem(text)).toBe(problem);
});

test("a log of each kind is taken", () => {
  expect(problemsOf({ to: { type: "stdout" } })).toEqual([]);
  expect(
    problemsOf({
      to: { type: "file", path: "requests.log" },
      format: { type: "json", fields: { code: "%RESPONSE_CODE%" } },
      filter: { type: "status", from: 400, to: 499 },
    }),
  ).toEqual([]);
  expect(
    problemsOf({ to: { type: "collector", host: "otel", port: 4317, protocol: "grpc" }, filter: { type: "errors" } }),
  ).toEqual([]);
});

test.each([
  ["access.log", "must not be access.log, which every proxy keeps for itself"],
  ["/etc/passwd", "must be NAME.log, or begin with /var/log/ and end with .log"],
  ["../config.log", "must be NAME.log, or begin with /var/log/ and end with .log"],
  ["/var/log/../../etc/x.log", "must be NAME.log, or begin with /var/log/ and end with .log"],
  ["config.json", "must be NAME.log, or begin with /var/log/ and end with .log"],
])("the file %s is refused", (path, message) => {
  expect(problemsOf({ to: { type: "file", path } })).toEqual([`to.path: ${message}`]);
});

test.each([
  [
    { to: { type: "stdout" }, format: { type: "text", text: "%X%" } },
    "format.text: names %X%, which proxies do not write",
  ],
  [{ to: { type: "stdout" }, format: { type: "json", fields: {} } }, "format.fields: must have an entry"],
  [{ to: { type: "stdout" }, filter: { type: "status", from: 500, to: 400 } }, "filter.to: must not be less than from"],
  [{ to: { type: "stdout" }, filter: { type: "status", from: 99 } }, "filter.from: must be from 100 to 599"],
])("%j is refused by its field", (value, problem) => {
  expect(problemsOf(value)).toEqual([problem]);
});
