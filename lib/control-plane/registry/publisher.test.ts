import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { compile, compileToBytes, encodeResources } from "@/lib/compile";
import { inputFor } from "@/lib/compile/testing/inputs";
import { richMesh } from "@/lib/compile/testing/rich";
import {
  API_VERSION,
  applyCommand,
  type Command,
  demoMesh,
  type MeshDocument,
  objectKey,
  parseObject,
} from "@/lib/mesh";
import { randomCommand, seededRandom } from "@/lib/mesh/testing/random-commands";
import { CLUSTER, isTypeUrl, ResourcePool } from "../ads/snapshot";
import { ENVIRONMENT, Publishing } from "../testing/publishing";
import { encodeSnapshot } from "./encode-snapshot";

const seed = Number(process.env["SEED"] ?? 1);
let plane: Publishing;

beforeEach(() => {
  plane = new Publishing();
});
afterEach(() => plane.stop());

const copyOf = (document: MeshDocument): MeshDocument => structuredClone(document);

async function deploy(document: MeshDocument): Promise<void> {
  plane.place(document, await plane.take(copyOf(document)));
  plane.publish();
}

describe("what a proxy has refused", () => {
  it("is sent once more with its next deployment, also where that gives it the same, and not before", async () => {
    const document = demoMesh();
    await deploy(document);
    const [entry] = plane.registry.inEnvironment(ENVIRONMENT);
    if (!entry?.current) throw new Error("nothing was published");
    const pushed: string[] = [];
    entry.connections.add({
      ...{ client: entry, node: { id: entry.proxyKey, metadata: {} }, peer: { spiffeId: "", serial: "" } },
      push: ({ digest }) => pushed.push(digest),
      close: () => undefined,
    });
    entry.rejections.reject(CLUSTER, [], "cannot listen on 127.0.0.1:80", 1);
    plane.publish();
    expect(pushed).toEqual([]);
    entry.isToTryAgain = true;
    await deploy(document);
    expect(pushed).toEqual([entry.current.digest]);
    expect(entry.lastRejection()).toBeNull();
    plane.publish();
    expect(pushed).toHaveLength(1);
  });
});

/** What every proxy has, or why it has nothing. */
function given(of: Publishing): Record<string, string | undefined> {
  const entries = of.registry.inEnvironment(ENVIRONMENT);
  return Object.fromEntries(
    entries.map((entry) => [entry.proxyKey, entry.compileProblem ?? entry.current?.digest] as const),
  );
}

/** The same of a control plane that was just started and knows nothing of before. */
async function afresh(document: MeshDocument): Promise<Record<string, string | undefined>> {
  const other = new Publishing();
  other.binding = plane.binding;
  other.secrets = plane.secrets;
  const id = await other.take(copyOf(document));
  other.registry.load(
    ENVIRONMENT,
    plane.registry.inEnvironment(ENVIRONMENT).map(({ row }) => ({ ...row, deploymentId: id })),
  );
  other.publish();
  other.stop();
  return given(other);
}

function applied(document: MeshDocument, command: Command): MeshDocument {
  const result = applyCommand(document, {}, command);
  return result.ok ? result.document : document;
}

/** Edits that a proxy's configuration shows; random commands mostly change what it does not. */
function tellingCommand(document: MeshDocument, random: () => number): Command {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const ofKind = (kind: string) => document.objects.filter((object) => object.kind === kind);
  const service = () => pick(ofKind("Service")).metadata;
  const patch = (kind: string, path: (string | number)[], value: unknown): Command => ({
    type: "patchSpec",
    key: objectKey(pick(ofKind(ofKind(kind).length > 0 ? kind : "Service"))),
    path,
    value,
  });
  const named = { name: `made-${Math.floor(random() * 1e6)}`, namespace: "production" };
  const made = (kind: string, spec: unknown): Command => {
    const parsed = parseObject({ apiVersion: API_VERSION, kind, metadata: named, spec });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
    return { type: "addObject", object: parsed.object };
  };
  const ref = () => ({ kind: "Service", name: service().name });
  const whole = (most: number) => 1 + Math.floor(random() * most);
  switch (Math.floor(random() * 13)) {
    case 0:
      return patch("Service", ["mode"], pick(["observe", "permissive", "strict", "enforced"]));
    case 1:
      return patch("Route", ["rules", 0, "timeoutMs"], whole(9000));
    case 2:
      return patch("Workload", ["version"], `v${whole(3)}`);
    case 3:
      return { type: "removeObject", key: objectKey(pick(ofKind("Dependency"))) };
    case 4:
      return made("Dependency", { from: ref(), to: ref() });
    case 5:
      return made("MutualTls", { target: { service: service().name }, mode: pick(["permissive", "disable"]) });
    case 6:
      return made("TrafficPolicy", { service: { name: service().name }, connectionPool: { maxRequests: whole(99) } });
    case 7:
      return patch("Service", ["ports", 0, "protocol"], pick(["http", "http2", "grpc"]));
    case 8:
      return made("RateLimit", { service: { name: service().name }, limits: [{ requests: whole(9), perMs: 1000 }] });
    case 9:
      return made("Subset", { service: { name: service().name }, name: "v1", labels: { version: "v1" } });
    case 10:
      return made("Route", { target: ref(), rules: [{ matches: [], action: { type: "respond", status: 503 } }] });
    case 11:
      return { type: "removeObject", key: objectKey(pick(document.objects.filter(({ kind }) => kind !== "Mesh"))) };
    case 12:
      return made("AuthorizationPolicy", { target: {}, action: "deny", rules: [{ from: [{ services: [ref()] }] }] });
    default:
      return patch("Workload", ["serviceAccount"], `account-${whole(3)}`);
  }
}

function changeRow(proxyKey: string, change: object): void {
  const entry = plane.registry.inEnvironment(ENVIRONMENT).find((each) => each.proxyKey === proxyKey);
  if (entry) plane.registry.patch(entry, change);
}

describe("what is kept is what a whole compile would give", () => {
  it.each([
    ["the demo shop", demoMesh],
    ["one of everything", richMesh],
  ])(`after any edits, instances that come and go, and other secrets: %s (seed ${seed})`, async (_, mesh) => {
    const random = seededRandom(seed);
    let document = mesh();
    await deploy(document);
    let telling = 0;
    for (let step = 0; step < 16; step += 1) {
      const before = given(plane);
      document = applied(document, randomCommand(document, random));
      document = applied(document, tellingCommand(document, random));
      const keys = Object.keys(given(plane));
      const someone = keys[Math.floor(random() * keys.length)] ?? "";
      const what = Math.floor(random() * 5);
      if (what === 0) changeRow(someone, { ready: random() < 0.5 });
      if (what === 1) changeRow(someone, { inboundPort: 1000 + step });
      if (what === 2) plane.secrets = { ...plane.secrets, denyListJson: `{"n":${step}}` };
      if (what === 3) plane.binding = structuredClone(plane.binding);
      await deploy(document);
      const all = given(plane);
      const whole = await afresh(document);
      for (const [key, digest] of Object.entries(all)) {
        if (digest !== before[key]) telling += 1;
        // who does not compile keeps the configuration of before, and says why
        expect(digest, `seed ${seed}, step ${step}, ${key}`).toBe(whole[key]);
      }
    }
    expect(telling).toBeGreaterThan(10);
  });

  it(`while proxies go over to other designs one by one (seed ${seed})`, async () => {
    const random = seededRandom(seed + 100);
    const ids = new Map<string, MeshDocument>();
    let document = demoMesh();
    await deploy(document);
    const keys = Object.keys(given(plane));
    const designOf = new Map(keys.map((key) => [key, document]));
    for (let step = 0; step < 4; step += 1) {
      document = applied(document, tellingCommand(document, random));
      const id = await plane.take(copyOf(document));
      ids.set(id, document);
      for (let moved = 0; moved < 3; moved += 1) {
        const [to, design] = [...ids][Math.floor(random() * ids.size)] ?? [id, document];
        for (const key of keys.filter(() => random() < 0.3)) {
          changeRow(key, { deploymentId: to });
          designOf.set(key, design);
        }
        plane.publish();
        const whole = new Map<MeshDocument, Record<string, string | undefined>>();
        for (const each of new Set(designOf.values())) whole.set(each, await afresh(each));
        for (const [key, digest] of Object.entries(given(plane))) {
          const right = whole.get(designOf.get(key) ?? document)?.[key];
          expect(digest, `seed ${seed}, step ${step}, ${key}`).toBe(right);
        }
      }
    }
  });

  it("proxies of two designs at once get each their own", async () => {
    const old = demoMesh();
    const next = applied(old, {
      type: "patchSpec",
      key: "Service/production/cart",
      path: ["mode"],
      value: "observe",
    });
    await deploy(old);
    const before = given(plane);
    const id = await plane.take(copyOf(next));
    const [first, second] = Object.keys(before).filter((key) => key.startsWith("production/cart-v1/"));
    changeRow(first ?? "", { deploymentId: id });
    plane.publish();
    const after = given(plane);
    expect(after[first ?? ""]).not.toBe(before[first ?? ""]);
    if (second) expect(after[second]).toBe(before[second]);
    expect(after["production/catalog-v1/0"]).toBe(before["production/catalog-v1/0"]);
  });
});

it("an edit compiles only the proxies that asked about what changed", async () => {
  const asked: string[] = [];
  plane.stop();
  plane = new Publishing((input, proxyId, reads) => {
    asked.push(proxyId);
    return compileToBytes(input, proxyId, reads);
  });
  const document = demoMesh();
  await deploy(document);
  const all = asked.length;
  asked.length = 0;
  plane.publish();
  expect(asked).toEqual([]);
  await deploy(
    applied(document, { type: "patchSpec", key: "Service/production/shipping", path: ["owner"], value: "x" }),
  );
  expect(asked.length).toBeGreaterThan(0);
  expect(asked.length).toBeLessThan(all / 2);
  expect(asked).toContain("production/shipping-v1/0");
});

it("pieces that are left over are forgotten after many rounds, and those in use are not", async () => {
  let document = demoMesh();
  await deploy(document);
  for (const name of ["shipping", "cart"]) {
    document = applied(document, { type: "removeObject", key: `Service/production/${name}` });
    await deploy(document);
    for (let round = 0; round < 50; round += 1) plane.publish();
    expect(given(plane)).toEqual(await afresh(document));
  }
});

it("a preview is what publishing gives, and gives nothing", async () => {
  const document = demoMesh();
  await deploy(document);
  const next = applied(document, {
    type: "patchSpec",
    key: "Service/production/cart",
    path: ["mode"],
    value: "observe",
  });
  const before = given(plane);
  const id = await plane.take(copyOf(next));
  const design = plane.designs.get(id);
  if (!design) throw new Error("the design was not read");
  const preview = plane.publisher.preview(ENVIRONMENT, design);
  const seen = Object.keys(before).map((key) => [key, preview(key)] as const);
  expect(given(plane)).toEqual(before);
  plane.place(next, id);
  plane.publish();
  const after = given(plane);
  for (const [key, compiled] of seen) {
    expect(compiled.ok && compiled.snapshot.digest, key).toBe(after[key]);
  }
});

it("compiling to bytes gives the bytes of the messages", () => {
  const input = inputFor(richMesh());
  for (const { proxyId } of input.endpoints) {
    const result = compile(input, proxyId);
    const bytes = compileToBytes(input, proxyId);
    if (!result.ok || !bytes.ok) throw new Error(JSON.stringify(result));
    const snapshot = encodeSnapshot(bytes.resources, plane.secrets, new ResourcePool());
    for (const { typeUrl, name, version } of encodeResources(result.resources)) {
      expect(isTypeUrl(typeUrl) && snapshot.resources[typeUrl].get(name)?.version, `${proxyId} ${name}`).toBe(version);
    }
  }
});

it("bytes are shared between proxies, and forgotten when nobody holds them", () => {
  const input = { clusters: new Map(), endpoints: new Map(), listeners: new Map(), routes: new Map() };
  const pool = new ResourcePool();
  const first = encodeSnapshot(input, { bundlePem: "b", denyListJson: "d" }, pool);
  const second = encodeSnapshot(input, { bundlePem: "b", denyListJson: "d" }, pool);
  const bytes = (snapshot: typeof first) => Object.values(snapshot.resources).flatMap((each) => [...each.values()]);
  expect(bytes(first)).toHaveLength(2);
  expect(bytes(first).every((each, index) => each === bytes(second)[index])).toBe(true);
  for (let n = 0; n < 3000; n += 1) pool.intern(CLUSTER, `gone-${n}`, new Uint8Array([n & 255]));
  pool.endRound(() => [second]);
  expect(pool.size).toBe(2);
});
