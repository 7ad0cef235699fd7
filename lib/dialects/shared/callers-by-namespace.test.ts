// Labels of callers in the forms of products that know their namespace: the same callers, or told.
import { expect, test } from "vitest";
import type { MeshDocument, MeshObject } from "@/lib/mesh";
import { ledgerMesh } from "../../compile/testing/ledger";
import { exportDocument, lossesOf } from "..";
import { imported, specOf } from "../testing/imported";

const make = (kind: string, name: string, namespace: string | undefined, spec: object) =>
  ({
    apiVersion: "meshwright.dev/v1",
    kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    spec,
  }) as MeshObject;
const labels = { team: "reports" };
/** A caller in a namespace of its own, drawn to the ledger, beside those in production. */
const reporter = (more: object = {}) => [
  make("Namespace", "reports", undefined, {}),
  make("Service", "reporter", "reports", { ports: [{ name: "http", port: 80, protocol: "http" }] }),
  make("Workload", "reporter", "reports", { service: "reporter", version: "v1", labels, ...more }),
  make("Dependency", "reporter-to-ledger", "reports", {
    from: { kind: "Service", name: "reporter" },
    to: { kind: "Service", namespace: "production", name: "ledger" },
  }),
];
const rules = (caller: object) => [
  { matches: [{ caller }], destinations: [{ service: { name: "archive" }, port: 5432, weight: 1 }] },
];
const route = (caller: object) =>
  make("TcpRoute", "ledger", "production", { service: { name: "ledger" }, rules: rules(caller) });
const ofHttp = (caller: object) =>
  make("Route", "ledger", "production", {
    target: { kind: "Service", name: "ledger" },
    rules: [{ matches: [{ caller }], action: { type: "respond", status: 418 } }],
  });
const told = ({ report }: ReturnType<typeof exportDocument>, kind: string) =>
  lossesOf(report.filter(({ key }) => key.startsWith(`${kind}/`)));

test.each(["gateway-api", "linkerd", "kuma"] as const)(
  "%s: labels of all drawn callers of a namespace are that namespace, which is told",
  (id) => {
    const made = exportDocument(id, ledgerMesh(...reporter(), route({ labels })));
    expect(told(made, "TcpRoute").filter(({ path }) => path.endsWith("labels"))).toMatchObject([
      { path: "spec.rules[0].matches[0].caller.labels", verdict: "approximate" },
    ]);
    expect(told(made, "TcpRoute").some(({ changesMeaning }) => changesMeaning)).toBe(false);
    const ground = ledgerMesh(...reporter());
    const text = made.resources
      .filter(({ kind }) => /TCPRoute/.test(kind))
      .map((each) => ({ text: JSON.stringify(each) }));
    expect(text).toHaveLength(1);
    expect(JSON.parse(text[0]?.text ?? "")).toMatchObject({ metadata: { namespace: "reports" } });
    const back = readInto(id, ground, text);
    expect(specOf(back, "TcpRoute/production/ledger")).toMatchObject({
      rules: [{ matches: [{ caller: { namespace: "reports" } }], destinations: [{ service: { name: "archive" } }] }],
    });
  },
);

test("rules for requests as well", () => {
  const made = exportDocument("gateway-api", ledgerMesh(...reporter(), ofHttp({ labels })));
  expect(told(made, "Route").filter(({ path }) => path.endsWith("labels"))).toMatchObject([
    { path: "spec.rules[0].matches[0].caller.labels", verdict: "approximate" },
  ]);
});

const other = [make("Workload", "reporter-v2", "reports", { service: "reporter", version: "v2" })];
test.each([
  ["some of the callers there", { labels }, other],
  ["callers of the service's own namespace", { labels: { version: "v2" } }, []],
  ["nobody who is drawn", { labels: { team: "nobody" } }, []],
])("%s: they cannot be said, and are told as a change of meaning", (_, caller, more) => {
  const made = exportDocument("gateway-api", ledgerMesh(...reporter(), ...more, route(caller)));
  expect(told(made, "TcpRoute")).toMatchObject([{ path: "spec.rules[0]", verdict: "lost", changesMeaning: true }]);
  expect(made.resources.filter(({ kind }) => kind === "TCPRoute")).toEqual([]);
});

function readInto(
  id: "gateway-api" | "linkerd" | "kuma",
  ground: MeshDocument,
  texts: { text: string }[],
): MeshDocument {
  const kubernetes = exportDocument("kubernetes", ground).text;
  return imported(id, [{ text: kubernetes }, ...texts], "shop").document;
}
