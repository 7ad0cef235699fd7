// Manifests that others wrote, each with what it is applied beside.
// The rule: services and gateways that a file refers to and does not bring are laid under it; nothing of the file itself is changed.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseAllDocuments, stringify } from "yaml";
import type { TextFile } from "../design";

export const folder = fileURLToPath(new URL("../fixtures/foreign/", import.meta.url));
export const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) =>
  file.endsWith(".yaml"),
);
export const textOf = (file: string) => ({ file, text: readFileSync(path.join(folder, file), "utf8") });

const BOOKINFO = ["bookinfo", "bookinfo-details-v2", "bookinfo-ratings-v2", "bookinfo-ratings-v2-mysql"].map(
  (name) => `istio/bookinfo-kube/${name}.yaml`,
);

/** What a file is applied beside. */
const BESIDE: readonly [RegExp, readonly string[]][] = [
  [
    /^istio\/bookinfo-networking\/(virtual|fault)/,
    [...BOOKINFO, "istio/bookinfo-networking/destination-rule-all.yaml"],
  ],
  [/^istio\/bookinfo-networking\//, BOOKINFO],
  [/^istio\/samples\/helloworld-/, ["istio/samples/helloworld-helloworld.yaml"]],
  [/^istio\/samples\/httpbin-/, ["istio/samples/httpbin-httpbin.yaml"]],
  [/^istio\/samples\/tcp-echo-/, ["istio/samples/tcp-echo-tcp-echo-services.yaml"]],
  [/^istio\/samples\/websockets-/, ["istio/samples/websockets-app.yaml"]],
  [/^istio\/bookinfo-kube\/(?!bookinfo\.)/, ["istio/bookinfo-kube/bookinfo.yaml"]],
  [
    /^istio\/bookinfo-gateway-api\//,
    ["istio/bookinfo-kube/bookinfo.yaml", "istio/bookinfo-kube/bookinfo-versions.yaml"],
  ],
];

/** The file, what belongs to it, and the ground that both stand on. `asRead`: of a file that is only a part of something. */
export function worldOf(file: string, asRead: (text: string) => string = (text) => text): TextFile[] {
  const beside = BESIDE.find(([pattern]) => pattern.test(file))?.[1] ?? [];
  const texts = [...new Set([file, ...beside])].map((each) => ({ ...textOf(each), text: asRead(textOf(each).text) }));
  const ground = groundOf(texts.map(({ text }) => text));
  return ground === "" ? texts : [...texts, { file: "ground", text: ground }];
}

type Value = Record<string, unknown>;
const isRecord = (value: unknown): value is Value =>
  value !== null && typeof value === "object" && !Array.isArray(value);

/** Services, their workloads and gateways that the documents refer to and do not have. */
export function groundOf(texts: readonly string[]): string {
  const documents = texts
    .flatMap((text) => parseAllDocuments(text).map((each) => each.toJS() as Value | null))
    .filter((each) => each !== null);
  const keyOf = (kind: string, namespace: unknown, name: unknown) =>
    `${kind}/${String(namespace ?? "default")}/${String(name)}`;
  const has = new Set(
    documents.map(({ kind, metadata }) =>
      keyOf(String(kind), (metadata as Value)["namespace"], (metadata as Value)["name"]),
    ),
  );
  const added: Value[] = [];
  const add = (object: Value & { kind: string; metadata: Value }) => {
    const key = keyOf(object.kind, object.metadata["namespace"], object.metadata["name"]);
    if (has.has(key)) return;
    has.add(key);
    added.push(object);
  };
  const selectors = documents.flatMap(({ kind, metadata, spec }) => {
    const labels = ((spec as Value | undefined)?.["selector"] as Value | undefined)?.["matchLabels"];
    const isPolicy = kind === "AuthorizationPolicy" || kind === "PeerAuthentication";
    return isPolicy && isRecord(labels) ? [{ namespace: (metadata as Value)["namespace"], labels }] : [];
  });
  /** Labels of which another policy names more are those of the same pods. */
  const isPartOfOther = (namespace: unknown, labels: Value) =>
    selectors.some(
      (other) =>
        other.namespace === namespace &&
        Object.keys(other.labels).length > Object.keys(labels).length &&
        Object.entries(labels).every(([key, value]) => other.labels[key] === value),
    );
  const addService = (namespace: string | undefined, name: string, ports: number[], labels: Record<string, string>) => {
    const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
    if (has.has(keyOf("Service", namespace, name))) return;
    add({
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { selector: labels, ports: ports.map((port) => ({ port, name: `http-${port}` })) },
    });
    const template = { metadata: { labels }, spec: { serviceAccountName: name, containers: [{ name, image: name }] } };
    add({ apiVersion: "apps/v1", kind: "Deployment", metadata, spec: { selector: { matchLabels: labels }, template } });
  };
  for (const { kind, metadata, spec } of documents) {
    const namespace = (metadata as Value)["namespace"] as string | undefined;
    if (kind === "AuthorizationPolicy" || kind === "PeerAuthentication") {
      const labels = ((spec as Value | undefined)?.["selector"] as Value | undefined)?.["matchLabels"];
      if (!isRecord(labels)) addService(namespace, "any", [80], { app: "any" });
      else if (!isPartOfOther(namespace, labels))
        addService(namespace, Object.values(labels).join("-").toLowerCase(), [80], labels as Record<string, string>);
    }
    walk(spec, (value) => {
      // a mirror names one
      const mirror = isRecord(value["backendRef"]) ? [value["backendRef"]] : [];
      for (const ref of [...listAt(value, "backendRefs"), ...mirror]) {
        if ((ref["kind"] ?? "Service") !== "Service") continue;
        addService(
          (ref["namespace"] as string | undefined) ?? namespace,
          String(ref["name"]),
          [Number(ref["port"] ?? 80)],
          { app: String(ref["name"]) },
        );
      }
      for (const ref of listAt(value, "parentRefs")) {
        const name = String(ref["name"]);
        const where = (ref["namespace"] as string | undefined) ?? namespace;
        if ((ref["kind"] ?? "Gateway") !== "Gateway") continue;
        const listener = {
          name: ref["sectionName"] ?? "http",
          port: 80,
          protocol: "HTTP",
          allowedRoutes: { namespaces: { from: "All" } },
        };
        add({
          apiVersion: "gateway.networking.k8s.io/v1",
          kind: "Gateway",
          metadata: { name, ...(where ? { namespace: where } : {}) },
          spec: { gatewayClassName: "any", listeners: [listener] },
        });
      }
    });
  }
  return added.map((each) => stringify(each)).join("---\n");
}

function listAt(value: Value, field: string): Value[] {
  const list = value[field];
  return Array.isArray(list) ? list.filter(isRecord) : [];
}

function walk(value: unknown, visit: (value: Value) => void): void {
  if (Array.isArray(value)) for (const each of value) walk(each, visit);
  else if (isRecord(value)) {
    visit(value);
    for (const each of Object.values(value)) walk(each, visit);
  }
}
