// Whatever is drawn, both exports are what the products' published schemas take, and every object of the design has a verdict.
import { expect, test } from "vitest";
import { type MeshDocument, objectKey, validateDocument } from "@/lib/mesh";
import { seedMesh } from "../simulate/testing/designs";
import { randomOf, randomPolicies } from "../simulate/testing/random";
import { buildBundle, dialectOf, exportDocument } from ".";
import { apiErrors } from "./app-mesh/testing/api";
import { bootstrapErrors } from "./envoy/testing/bootstraps";
import { wrongValues } from "./field-types";
import { schemaErrors } from "./gateway-api/testing/schemas";
import type { Manifest } from "./shared/dialect";

const SEED = Number(process.env["SEED"] ?? 1);
const DESIGNS = 3;

/** Every rule that forwards copies its requests, too. */
const withMirrors = ({ objects }: MeshDocument): MeshDocument => ({
  objects: objects.map((each) => {
    if (each.kind !== "Route") return each;
    const service = { name: "payment-service" };
    const mirrors = [
      { service, percent: 12.5 },
      { service, subset: "v2", percent: 100 },
    ];
    const rules = each.spec.rules.map((rule) => (rule.action.type === "forward" ? { ...rule, mirrors } : rule));
    return { ...each, spec: { ...each.spec, rules } };
  }),
});

/** As an import would warn of them. */
const typeErrors = (value: Manifest) => {
  const group = value.apiVersion?.includes("/") ? (value.apiVersion.split("/")[0] ?? "") : "";
  // App Mesh: what is written makes it, what is read describes it
  const read = group === "appmesh" ? { ...value, spec: value.spec?.["spec"] } : value;
  return wrongValues({ group, kind: value.kind, value: read, most: 10 });
};

test(`${DESIGNS} random designs from seed ${SEED} go out as the schemas have it, with a verdict for each object`, () => {
  const random = randomOf(SEED);
  for (let i = 0; i < DESIGNS; i++) {
    const design = withMirrors(randomPolicies(seedMesh(), random));
    expect(validateDocument(design)).toEqual([]);
    const forms = [
      { id: "istio", schema: "istio", channel: undefined },
      { id: "gateway-api", schema: "standard", channel: "standard" },
      { id: "gateway-api", schema: "experimental", channel: "experimental" },
      { id: "linkerd", schema: "linkerd", channel: undefined },
      { id: "consul", schema: "consul", channel: undefined },
      { id: "cilium", schema: "cilium", channel: undefined },
      { id: "kubernetes", schema: "kubernetes", channel: undefined },
      { id: "kuma", schema: "kuma-2.x", channel: "2.x" },
      { id: "kuma", schema: "kuma-3.x", channel: "3.x" },
      { id: "envoy", schema: "envoy", channel: "hosts" },
      { id: "envoy", schema: "envoy", channel: "one-machine" },
      { id: "app-mesh", schema: "app-mesh", channel: undefined },
    ] as const;
    for (const { id, schema, channel } of forms) {
      const made = exportDocument(id, design, channel === undefined ? {} : { channel });
      const errorsOf = { envoy: bootstrapErrors, "app-mesh": apiErrors };
      const errors =
        schema === "envoy" || schema === "app-mesh"
          ? errorsOf[schema](made.resources)
          : schemaErrors(made.resources, schema);
      expect(errors).toEqual([]);
      expect(made.resources.flatMap(typeErrors)).toEqual([]);
      const judged = new Set(made.report.map(({ key }) => key));
      const silent = design.objects.filter((object) => object.kind !== "Mesh" && !judged.has(objectKey(object)));
      expect(silent.map(objectKey)).toEqual([]);
      const names = made.resources.map(({ kind, metadata, spec }) =>
        schema === "app-mesh"
          ? `${kind} ${JSON.stringify({ ...spec, spec: undefined })}`
          : `${kind} ${metadata.namespace}/${metadata.name}`,
      );
      expect(names.length).toBe(new Set(names).size);
      const input = { dialect: dialectOf(id), channel, document: design, made };
      expect(buildBundle(input)).toEqual(buildBundle(input));
    }
  }
}, 120_000);
