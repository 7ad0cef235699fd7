import { createHash, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ProxyError } from "../errors";
import { issueCertificate } from "../identity/testing/issue-certificate";
import { fingerprintOf, fingerprintsIn } from "./fingerprint";
import { type JoinOptions, parseJoin } from "./join-options";

const folder = mkdtempSync(join(tmpdir(), "meshwright-join-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HEX = "ab".repeat(32);
const parsed = (...argv: string[]): JoinOptions => {
  const options = parseJoin(argv);
  if (options === "help") throw new Error("help");
  return options;
};

test("the command that Meshwright shows is understood", () => {
  const argv =
    `--control-plane 10.0.0.5:3104 --ca-fingerprint sha256:${HEX} --workload production/cart-v1 --app-port 9000 --token mwjoin_x`.split(
      " ",
    );
  expect(parsed(...argv)).toMatchObject({
    controlPlane: { host: "10.0.0.5", port: 3104 },
    pin: { fingerprint: HEX },
    workload: { namespace: "production", name: "cart-v1" },
    app: { host: "127.0.0.1", port: 9000 },
    token: "mwjoin_x",
    address: null,
    ports: { inbound: 15006, outbound: 15001, admin: 15000 },
    concurrency: 1,
  });
});

test("the second time nothing has to be said", () => {
  expect(parsed()).toMatchObject({ stateFolder: ".meshwright-proxy", token: null, pin: null, workload: null });
});

test("names and IPv6 addresses of control planes, and a token from a file", () => {
  expect(parsed("--control-plane", "[fd00::1]:3104").controlPlane).toEqual({ host: "fd00::1", port: 3104 });
  expect(parsed("--control-plane", "mesh.example:443").controlPlane).toEqual({ host: "mesh.example", port: 443 });
  const file = join(folder, "token");
  writeFileSync(file, "mwjoin_of-a-file\n");
  expect(parsed("--token-file", file).token).toBe("mwjoin_of-a-file");
});

describe("is refused with the option that is wrong", () => {
  test.each([
    [["--control-plane", "mesh.example"], "--control-plane is HOST:PORT"],
    [["--control-plane", "https://mesh.example:1"], "--control-plane is HOST:PORT"],
    [["--control-plane", "mesh.example:0"], "--control-plane is a whole number from 1 to 65535"],
    [["--workload", "cart-v1"], "--workload is NAMESPACE/NAME"],
    [["--ca-fingerprint", "sha256:1234"], "64 hexadecimal digits"],
    [["--ca-fingerprint", HEX, "--ca", "x"], "either --ca-fingerprint or --ca"],
    [["--ca", join(folder, "nothing")], "cannot be read"],
    [["--token", "a", "--token-file", "b"], "either --token or --token-file"],
    [["--token", "a".repeat(201)], "no join token"],
    [["--address", "localhost"], "--address is an IP address"],
    [["--app-host", "10.0.0.1"], "--app-host needs --app-port"],
    [["--inbound-port", "99999"], "--inbound-port is a whole number"],
    [["--concurrency", "0"], "--concurrency is a whole number from 1 to 64"],
    [["--stat", "x"], "--stat"],
  ])("%j", (argv, says) => {
    const refused = () => parseJoin(argv);
    expect(refused).toThrow(ProxyError);
    expect(refused).toThrow(says);
  });
});

test("a fingerprint is read as OpenSSL, browsers and Meshwright write it", () => {
  for (const text of [HEX, `sha256:${HEX}`, `SHA256=${HEX.toUpperCase()}`, (HEX.match(/../g) ?? []).join(":")]) {
    expect(fingerprintOf(text), text).toBe(HEX);
  }
  for (const text of ["", "sha1:ab", HEX.slice(2), `${HEX}00`, HEX.replace("a", "g")])
    expect(fingerprintOf(text), text).toBeNull();
});

test("each certificate of a bundle has its own, and what is none has none", async () => {
  const pem = async (uri: string) => new X509Certificate(await issueCertificate({ uris: [uri] })).toString();
  const [one, two] = [await pem("spiffe://a.test/x"), await pem("spiffe://b.test/x")];
  const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  const hash = (text: string) => createHash("sha256").update(new X509Certificate(text).raw).digest("hex");
  expect(fingerprintsIn(`${one}${broken}${two}`).map(({ fingerprint }) => fingerprint)).toEqual([hash(one), hash(two)]);
});
