import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demoMesh } from "@/lib/mesh";
import { richMesh } from "../../compile/testing/rich";
import { exportDocument } from "..";

// Our own proxy takes the same files in export.test.ts, everywhere. Without ENVOY_BIN there is nobody else to ask.
const envoy = process.env["ENVOY_BIN"];
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "meshwright-envoy-"));
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const pair = ["-keyout", join(folder, "key.pem"), "-out", join(folder, "cert.pem")];
  execFileSync("openssl", ["req", "-x509", ...curve, "-subj", "/CN=test", "-days", "1", ...pair], { stdio: "ignore" });
  execFileSync("cp", [join(folder, "cert.pem"), join(folder, "bundle.pem")]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.skipIf(!envoy).each([
  ["demo", demoMesh()],
  ["rich", richMesh()],
] as const)(
  "Envoy accepts every file of an export of %s",
  (_, document) => {
    for (const { metadata, spec } of exportDocument("envoy", document).resources) {
      const file = join(folder, "bootstrap.json");
      writeFileSync(
        file,
        JSON.stringify(spec).replaceAll("/etc/envoy/identity", folder).replaceAll('"access.log"', '"/dev/null"'),
      );
      const { status, stderr } = spawnSync(envoy ?? "", ["--mode", "validate", "-l", "error", "-c", file], {
        encoding: "utf8",
      });
      expect({ name: metadata.name, status, stderr: status === 0 ? "" : stderr }).toEqual({
        name: metadata.name,
        status: 0,
        stderr: "",
      });
    }
  },
  60_000,
);
