// A gRPC service from the design to its packets: the compiled bootstraps of caller and callee run as a pair, ours, and Envoy
// where ENVOY_BIN names it; a grpc-js client asks a grpc-js server through them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Client, credentials, Metadata, type MethodDefinition, Server, ServerCredentials } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demoMesh, type MeshDocument } from "@/lib/mesh";
import { bundleProxy, type Side, type Surroundings, startSide, surround } from "./testing/side-by-side";

const envoy = process.env["ENVOY_BIN"];
const CALLER = "production/checkout-v1/0";
const CALLEE = "production/inventory-v1/0";
const same = (bytes: Buffer) => bytes;
const echo: MethodDefinition<Buffer, Buffer> = {
  path: "/shop.Inventory/Reserve",
  requestStream: true,
  responseStream: true,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
};

let world: Surroundings;
let server: Server;
let bundle = "";

beforeAll(async () => {
  world = await surround(withGrpcInventory());
  server = new Server();
  server.addService(
    { echo },
    {
      echo: (call: import("@grpc/grpc-js").ServerDuplexStream<Buffer, Buffer>) => {
        call.on("data", (message: Buffer) => call.write(message));
        call.on("end", () => call.end(new Metadata()));
      },
    },
  );
  const appPort = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    ),
  );
  change(CALLEE, { appPort });
  bundle = await bundleProxy(world.folder);
});
afterAll(() => {
  server.forceShutdown();
  world.close();
});

function withGrpcInventory(): MeshDocument {
  const document = demoMesh();
  const objects = document.objects.map((each) =>
    each.kind === "Service" && each.metadata.name === "inventory"
      ? { ...each, spec: { ...each.spec, ports: [{ name: "grpc", port: 8080, protocol: "grpc" as const }] } }
      : each,
  );
  return { ...document, objects };
}

function change(proxyId: string, fields: Partial<Surroundings["input"]["endpoints"][number]>): void {
  world.input.endpoints = world.input.endpoints.map((each) =>
    each.proxyId === proxyId ? { ...each, ...fields } : each,
  );
}

type Outcome = { code: number; messages: string[] };

function call(port: number, path: string): Promise<Outcome> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    "grpc.default_authority": "inventory:8080",
    "grpc.enable_retries": 0,
  });
  return new Promise((resolve) => {
    const messages: string[] = [];
    const stream = client.makeBidiStreamRequest(path, same, same);
    stream.on("data", (message: Buffer) => {
      messages.push(message.toString());
      // The second is written when the first came back: both directions are open at once.
      if (messages.length === 1) stream.end(Buffer.from("two"));
    });
    stream.on("error", () => {});
    stream.on("status", ({ code }) => {
      client.close();
      resolve({ code, messages });
    });
    stream.write(Buffer.from("one"));
  });
}

test.each(["ours", ...(envoy ? (["envoy"] as const) : [])] as const)(
  "a service of protocol grpc is called through its sidecars (%s)",
  async (name) => {
    const command =
      name === "ours" ? [process.execPath, bundle] : [envoy ?? "", "--use-dynamic-base-id", "-l", "error"];
    const sides: Side[] = [];
    try {
      const callee = await startSide(world, CALLEE, name, command);
      sides.push(callee);
      change(CALLEE, { inboundPort: callee.ports.inbound });
      const caller = await startSide(world, CALLER, name, command);
      sides.push(caller);
      expect(await call(caller.ports.outbound, echo.path)).toEqual({ code: 0, messages: ["one", "two"] });
      expect(await call(caller.ports.outbound, "/shop.Inventory/Nothing")).toEqual({ code: 12, messages: [] });
      if (name === "ours") {
        const metrics = await (await fetch(`http://127.0.0.1:${caller.ports.admin}/stats/prometheus`)).text();
        expect(metrics).toMatch(/request_protocol="grpc".*grpc_response_status="0"} 1/);
        expect(metrics).toMatch(/request_protocol="grpc".*grpc_response_status="12"} 1/);
        const log = join(world.folder, `${CALLER.replaceAll("/", "~")}-ours`, "access.log");
        const logged = () =>
          readFileSync(log, "utf8")
            .trim()
            .split("\n")
            .map((line) => JSON.parse(line))
            .map(({ response_code, grpc_status }) => [response_code, grpc_status]);
        await expect.poll(logged, { timeout: 10_000 }).toEqual([
          [200, 0],
          [200, 12],
        ]);
      }
    } finally {
      for (const side of sides) await side.stop();
    }
  },
);
