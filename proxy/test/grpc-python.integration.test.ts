// gRPC's interop cases with a second implementation: Python's grpcio as caller and as callee of a pair of sidecars.
// Runs only with GRPC_PYTHON, the path of a Python that has grpcio (PyPI).

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { pairIdentities, type TestCa, type TestLeaf } from "./support/certificates";
import { startTestServer } from "./support/grpc";
import { startPair } from "./support/http2";
import { cleanUp, onCleanUp } from "./support/network";
import { cluster } from "./support/plans";

afterEach(cleanUp);

const python = process.env["GRPC_PYTHON"];
const script = fileURLToPath(new URL("support/grpc_peer.py", import.meta.url));

/** The same from grpcio and grpc-js, whoever is caller and callee. */
const expected = {
  "empty unary": true,
  "large unary": true,
  "client streaming": 74_922,
  "server streaming": [31_415, 9, 2653, 58_979, 0, 300_000],
  "empty stream": 0,
  "ping-pong": true,
  "both directions": true,
  cancel: 1,
  deadline: 4,
  status: [2, "plain message"],
  "status after data": [13, "after data"],
  metadata: ["test value", "0001feff"],
  "unimplemented method": 12,
  "unimplemented service": 12,
};

async function startPythonServer(): Promise<number> {
  const child = spawn(python ?? "", [script, "serve"], { stdio: ["pipe", "pipe", "inherit"] });
  onCleanUp(async () => {
    child.stdin.end();
    if (child.exitCode === null) await once(child, "exit");
  });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return Number(line.toString());
}

async function callFromPython(port: number): Promise<unknown> {
  const child = spawn(python ?? "", [script, "call", String(port)], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  await once(child, "close");
  return JSON.parse(text);
}

describe.skipIf(!python)("gRPC with Python's grpcio through a pair of sidecars", () => {
  let ca: TestCa;
  let caller: TestLeaf;
  let callee: TestLeaf;
  beforeAll(async () => {
    ({ ca, caller, callee } = await pairIdentities());
  });
  const appHttp = { ...cluster("app", []).http, protocol: "http2" as const };

  it.each(["grpcio", "grpc-js"])("every case holds with %s as the callee", async (kind) => {
    const app = kind === "grpcio" ? await startPythonServer() : (await startTestServer()).port;
    const { port, a } = await startPair({ app, ca, caller, callee, appHttp, action: { timeoutMs: null } });
    expect(await callFromPython(port)).toEqual(expected);
    expect(a.telemetry.protocolErrors.size).toBe(0);
  });
});
