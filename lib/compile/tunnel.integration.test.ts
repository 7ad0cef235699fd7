// TCP to an external service through a sidecar, on real Envoy and on our proxy with the same compiled configuration.
// The rule: statuses are compared as they stand on the wire, and bytes that no HTTP parser would take pass both ways.
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demoMesh } from "@/lib/mesh";
import { object, withObjects } from "./testing/rich";
import { bundleProxy, type Programs, type Side, type Surroundings, startSides, surround } from "./testing/side-by-side";

const envoy = process.env["ENVOY_BIN"];
const BYTES = Buffer.from([0x16, 0x03, 0x01, 0x00, 0xff, 0x0a, 0x00]);

let ledger: Server;
let world: Surroundings;
let sides: [Side, Side];

beforeAll(async () => {
  if (!envoy) return;
  ledger = createServer((socket: Socket) => socket.on("error", () => {}).pipe(socket));
  await new Promise<void>((resolve) => ledger.listen(0, "127.0.0.1", resolve));
  const to = { kind: "ExternalService" as const, name: "ledger" };
  world = await surround(
    withObjects(demoMesh(), [
      object("ExternalService", "ledger", {
        hosts: ["ledger.example"],
        ports: [{ name: "postgres", port: 5432, protocol: "tcp" }],
        endpoints: [{ address: "127.0.0.1", port: (ledger.address() as AddressInfo).port }],
      }),
      object("Dependency", "shipping-to-ledger", { from: { kind: "Service", name: "shipping" }, to }),
      object("Egress", "ledger", { to }),
    ]),
  );
  const programs: Programs = { envoy, bundle: await bundleProxy(world.folder) };
  sides = await startSides(world, programs, "production/shipping-v1/0");
}, 60_000);

afterAll(async () => {
  if (!envoy) return;
  await Promise.all(sides.map((side) => side.stop()));
  world.close();
  ledger.close();
});

/** The status of the answer, and what comes back of the bytes that are sent behind it. */
function ask(port: number, head: string): Promise<{ status: number; echoed: Buffer }> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(`${head}\r\n\r\n`));
    let read = Buffer.alloc(0);
    let isSent = false;
    socket.on("error", reject);
    socket.on("data", (chunk) => {
      read = Buffer.concat([read, chunk]);
      const end = read.indexOf("\r\n\r\n");
      if (end < 0) return;
      const status = Number(read.subarray(9, 12));
      const echoed = read.subarray(end + 4);
      if (status === 200 && !isSent) socket.write(BYTES);
      isSent = true;
      if (status !== 200 || echoed.length >= BYTES.length) {
        socket.destroy();
        resolve({ status, echoed: status === 200 ? echoed : Buffer.alloc(0) });
      }
    });
  });
}

const lines = (method: string, target: string, host = target) => `${method} ${target} HTTP/1.1\r\nhost: ${host}`;

test.skipIf(!envoy).each([
  ["what was granted", lines("CONNECT", "ledger.example:5432"), 200, 200],
  // 405: docs/reference/envoy-differences.md
  ["another port", lines("CONNECT", "ledger.example:5433"), 404, 405],
  ["another host", lines("CONNECT", "elsewhere.example:5432"), 404, 405],
  ["a host that speaks HTTP", lines("CONNECT", "api.carrier.example:80"), 404, 405],
  ["GET of the same host and port", lines("GET", "/", "ledger.example:5432"), 404, 404],
])("%s: on Envoy as on our proxy (skipped without ENVOY_BIN)", async (_, head, theirs, ours) => {
  const answers = await Promise.all(sides.map((side) => ask(side.ports.outbound, head)));
  expect(answers.map(({ status }) => status)).toEqual([theirs, ours]);
  const echoed = ours === 200 ? BYTES : Buffer.alloc(0);
  expect(answers.map((each) => each.echoed)).toEqual([echoed, echoed]);
});

test.skipIf(!envoy)("a name without a port is refused by both (skipped without ENVOY_BIN)", async () => {
  const answers = await Promise.all(sides.map((side) => ask(side.ports.outbound, lines("CONNECT", "ledger.example"))));
  for (const { status } of answers) expect(status).toBeGreaterThanOrEqual(400);
});
