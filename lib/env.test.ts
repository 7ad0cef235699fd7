import { expect, test } from "vitest";
import { EnvError, readEnv } from "./env";

const DATABASE_URL = "postgresql://u:p@127.0.0.1:5432/m";

function problemsOf(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof EnvError) return error.problems;
  }
  return [];
}

test("every problem is named at once", () => {
  const problems = problemsOf(() =>
    readEnv(["NEXTAUTH_SECRET"], { MESHWRIGHT_WEB_PORT: "none", OIDC_ISSUER: "https://i" }),
  );
  expect(problems.map((problem) => problem.split(" ")[0])).toEqual([
    "DATABASE_URL",
    "MESHWRIGHT_WEB_PORT",
    "NEXTAUTH_SECRET",
    "OIDC_CLIENT_ID,",
  ]);
});

test("what is required is there by type, what is empty counts as not set", () => {
  const env = readEnv(["NEXTAUTH_SECRET"], { DATABASE_URL, NEXTAUTH_SECRET: "x".repeat(32), MESHWRIGHT_HOME: "" });
  expect(env.NEXTAUTH_SECRET.length).toBe(32);
  expect(env.MESHWRIGHT_HOME).toBeUndefined();
  expect(env.MESHWRIGHT_DEMO).toBe(false);
});

test("a variable with a default is never missing", () => {
  expect(readEnv(["MESHWRIGHT_DEMO"], { DATABASE_URL, MESHWRIGHT_DEMO: "1" }).MESHWRIGHT_DEMO).toBe(true);
  expect(readEnv(["MESHWRIGHT_DEMO"], { DATABASE_URL }).MESHWRIGHT_DEMO).toBe(false);
});

test("a secret's value is not repeated in the message", () => {
  const problems = problemsOf(() => readEnv([], { DATABASE_URL, NEXTAUTH_SECRET: "hunter2" }));
  expect(problems.join()).not.toContain("hunter2");
});
