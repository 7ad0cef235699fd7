// meshwright compile: the configuration of one proxy, as Envoy and meshwright-proxy start with it.
import { readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { compileStaticBootstrap, type InstanceEndpoint, NO_ROLLOUT } from "@/lib/compile";
import { localPlaces, type Places } from "@/lib/deploy";
import { digestOf } from "@/lib/mesh";
import type { CliCommand, Given } from "../command";
import { checkDesign, readDesign } from "../files";
import { EXIT, type Io, printJson, UsageError } from "../io";
import { askable, MANIFEST_OPTIONS, sayWarnings } from "../manifests";
import { refuse } from "../refuse";

const port = z.int().min(1).max(65_535);
const file = z.string().min(1).max(4096);
const app = z.union([
  z.strictObject({ kind: z.literal("echo") }),
  z.strictObject({ kind: z.literal("demo"), name: z.string() }),
  z.strictObject({ kind: z.literal("address"), host: z.string(), port }),
  z.strictObject({ kind: z.literal("none") }),
]);
const named = { namespace: z.string(), name: z.string() };
const placesFile = z.strictObject({
  binding: z.strictObject({
    instances: z.array(z.strictObject({ id: z.string(), workload: z.strictObject(named), app })).max(10_000),
    externals: z
      .array(
        z.strictObject({
          ...named,
          endpoints: z.array(z.strictObject({ host: z.string(), port })),
          tls: z.strictObject({ ca: file.optional(), chain: file.optional(), key: file.optional() }).optional(),
        }),
      )
      .max(10_000),
    gateways: z
      .array(
        z.strictObject({
          ...named,
          publicPort: port.optional(),
          listenerPorts: z.record(z.string().max(63), port).optional(),
          certificates: z
            .record(z.string().max(253), z.strictObject({ chain: file, key: file, ca: file.optional() }))
            .optional(),
        }),
      )
      .max(1000),
  }),
  endpoints: z
    .array(
      z.strictObject({
        proxyId: z.string(),
        namespace: z.string(),
        workload: z.string(),
        host: z.string(),
        inboundPort: port,
        outboundPort: port,
        adminPort: port,
        appPort: port.optional(),
        ready: z.boolean(),
        draining: z.boolean(),
      }),
    )
    .max(10_000),
});

export const compileCommand: CliCommand = {
  name: "compile",
  usage: "--workload NS/NAME FILE|FOLDER...",
  about:
    "Prints the configuration of one workload's proxy as a static Envoy bootstrap in JSON. It starts on Envoy and on meshwright-proxy.",
  options: {
    ...MANIFEST_OPTIONS,
    workload: {
      type: "string",
      short: "w",
      value: "NS/NAME",
      about: "the workload or gateway; NS/NAME/1 for its second instance",
    },
    places: {
      type: "string",
      value: "FILE",
      about: "JSON with binding and endpoints; absent: everything on this machine",
    },
    "base-port": { type: "string", value: "PORT", about: "first port on this machine (default 21000, four per proxy)" },
    external: {
      type: "string",
      value: "NS/NAME=HOST:PORT",
      about: "address of an external service; several separated by commas",
    },
    identity: {
      type: "string",
      value: "FOLDER",
      about: "where cert.pem, key.pem and bundle.pem will be (default identity)",
    },
    "show-places": { type: "boolean", about: "print the places instead: the ports of every proxy" },
  },
  details: `With --json the answer is {ok, bootstrap, warnings}; without, the bootstrap alone, and warnings on standard error.
Exit code: 0 compiled, 1 the design does not hold together or cannot be compiled, 2 wrong use.

Example: meshwright compile mesh.yaml -w production/checkout-v1 > checkout.json && envoy -c checkout.json`,
  async run(io, given) {
    const read = await readDesign(io, given.operands, given);
    const violations = read.ok ? checkDesign(read.design) : read.violations;
    if (!read.ok || violations.length > 0) return refuse(io, violations, { isJson: given.flag("json") });
    const { document: written } = read.design;
    const [namespace, name] = (given.text("workload") ?? "").split("/");
    const document = askable(read.design, [`Workload/${namespace}/${name}`]);
    const places = placesOf(io, given, () => localPlaces(document, basePort(given)));
    if (given.flag("show-places")) {
      printJson(io, places);
      return EXIT.ok;
    }
    const endpoint = endpointOf(given.required("workload"), places.endpoints);
    const folder = (given.text("identity") ?? "identity").replace(/\/+$/, "");
    const result = compileStaticBootstrap(
      { document, digest: digestOf(written), ...places, rollout: NO_ROLLOUT, overrides: {} },
      endpoint.proxyId,
      {
        identityFiles: {
          certificateChain: `${folder}/cert.pem`,
          privateKey: `${folder}/key.pem`,
          bundle: `${folder}/bundle.pem`,
        },
      },
    );
    if (!result.ok) return refuse(io, result.violations, { isJson: given.flag("json") });
    const { bootstrap, warnings } = result;
    sayWarnings(io, read.design);
    if (given.flag("json")) printJson(io, { ok: true, bootstrap, warnings });
    else {
      printJson(io, bootstrap);
      for (const warning of warnings)
        io.note(`warning: ${warning.path}: ${warning.message}\n    fix: ${warning.fix}\n`);
    }
    return EXIT.ok;
  },
};

function basePort(given: Given): number {
  const text = given.text("base-port") ?? "21000";
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1024 || value > 60_000)
    throw new UsageError("--base-port must be from 1024 to 60000");
  return value;
}

function placesOf(io: Io, given: Given, otherwise: () => Places): Places {
  const file = given.text("places");
  const places = file === undefined ? otherwise() : readPlaces(io, file);
  const added = (given.text("external") ?? "").split(",").filter(Boolean).map(externalOf);
  if (added.length === 0) return places;
  return { ...places, binding: { ...places.binding, externals: [...places.binding.externals, ...added] } };
}

function externalOf(text: string) {
  const [, namespace, name, host, number] = /^([^/]+)\/([^=]+)=(.+):(\d+)$/.exec(text) ?? [];
  if (!namespace || !name || !host || !number)
    throw new UsageError(`--external must be NS/NAME=HOST:PORT, not "${text}"`);
  return { namespace, name, endpoints: [{ host, port: Number(number) }] };
}

function readPlaces(io: Io, file: string): Places {
  try {
    const parsed = placesFile.safeParse(JSON.parse(readFileSync(path.resolve(io.cwd, file), "utf8")));
    if (parsed.success) return parsed.data as Places;
    const first = parsed.error.issues[0];
    throw new UsageError(`${file}: ${first?.path.join(".")}: ${first?.message}; --show-places prints the form`);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${file} is not a readable JSON file`);
  }
}

function endpointOf(workload: string, endpoints: readonly InstanceEndpoint[]): InstanceEndpoint {
  const found = endpoints.find(
    (each) => each.proxyId === workload || `${each.namespace}/${each.workload}` === workload,
  );
  if (found) return found;
  const known = [...new Set(endpoints.map((each) => `${each.namespace}/${each.workload}`))];
  throw new UsageError(`the design has no workload or gateway ${workload}; it has ${known.join(", ") || "none"}`);
}
