import { execFileSync, spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demoMesh } from "@/lib/mesh";
import { compileStaticBootstrap } from "./bootstrap";
import { demoInput, inputFor } from "./testing/inputs";
import {
  checkedMesh,
  pooledMesh,
  richMesh,
  seedObjects,
  TRACED_BY_ADDRESS,
  TRACED_BY_NAME,
  timedMesh,
  tracedMesh,
  withObjects,
} from "./testing/rich";

// Real Envoy is the judge of what is Envoy configuration. Without ENVOY_BIN there is nothing to ask.
const envoy = process.env["ENVOY_BIN"];
const cases = [
  ["demo", demoInput()],
  ["seed", inputFor(withObjects(demoMesh(), seedObjects()))],
  ["rich", inputFor(richMesh())],
  ["checked", inputFor(checkedMesh())],
  ["pooled", inputFor(pooledMesh())],
  ["timed", inputFor(timedMesh())],
  ["traced by name", inputFor(tracedMesh(TRACED_BY_NAME))],
  ["traced by address", inputFor(tracedMesh(TRACED_BY_ADDRESS))],
] as const;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "meshwright-compile-"));
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  writeFileSync(join(folder, "key.pem"), privateKey.export({ type: "pkcs8", format: "pem" }));
  const args = ["req", "-x509", "-new", "-key", join(folder, "key.pem"), "-subj", "/CN=test", "-days", "1"];
  execFileSync("openssl", [...args, "-out", join(folder, "cert.pem")]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.skipIf(!envoy).each(cases)(
  "Envoy accepts the bootstrap of every proxy of %s",
  (_, input) => {
    for (const { proxyId } of input.endpoints) {
      const result = compileStaticBootstrap(input, proxyId, {
        identityFiles: {
          certificateChain: join(folder, "cert.pem"),
          privateKey: join(folder, "key.pem"),
          bundle: join(folder, "cert.pem"),
        },
      });
      if (!result.ok) throw new Error(JSON.stringify(result.violations, null, 2));
      const file = join(folder, "bootstrap.json");
      writeFileSync(file, JSON.stringify(result.bootstrap));
      const { status, stderr } = spawnSync(envoy ?? "", ["--mode", "validate", "-l", "error", "-c", file], {
        encoding: "utf8",
      });
      expect({ proxyId, status, stderr: status === 0 ? "" : stderr }).toEqual({ proxyId, status: 0, stderr: "" });
    }
  },
  120_000,
);
