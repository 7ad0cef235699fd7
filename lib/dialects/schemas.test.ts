// Whatever is drawn, both exports are what the products' published schemas take, and every object of the design has a verdict.
import { expect, test } from "vitest";
import { objectKey, validateDocument } from "@/lib/mesh";
import { seedMesh } from "../simulate/testing/designs";
import { randomOf, randomPolicies } from "../simulate/testing/random";
import { buildBundle, dialectOf, exportDocument } from ".";
import { schemaErrors } from "./gateway-api/testing/schemas";

const SEED = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
const DESIGNS = 6;

test(`${DESIGNS} random designs from seed ${SEED} go out as the schemas have it, with a verdict for each object`, () => {
  const random = randomOf(SEED);
  for (let i = 0; i < DESIGNS; i++) {
    const design = randomPolicies(seedMesh(), random);
    expect(validateDocument(design)).toEqual([]);
    const forms = [
      { id: "istio", schema: "istio", channel: undefined },
      { id: "gateway-api", schema: "standard", channel: "standard" },
      { id: "gateway-api", schema: "experimental", channel: "experimental" },
      { id: "linkerd", schema: "linkerd", channel: undefined },
      { id: "kuma", schema: "kuma-2.x", channel: "2.x" },
      { id: "kuma", schema: "kuma-3.x", channel: "3.x" },
    ] as const;
    for (const { id, schema, channel } of forms) {
      const made = exportDocument(id, design, channel === undefined ? {} : { channel });
      expect(schemaErrors(made.resources, schema)).toEqual([]);
      const judged = new Set(made.report.map(({ key }) => key));
      const silent = design.objects.filter((object) => object.kind !== "Mesh" && !judged.has(objectKey(object)));
      expect(silent.map(objectKey)).toEqual([]);
      const names = made.resources.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`);
      expect(names.length).toBe(new Set(names).size);
      const input = { dialect: dialectOf(id), channel, document: design, made };
      expect(buildBundle(input)).toEqual(buildBundle(input));
    }
  }
}, 60_000);
