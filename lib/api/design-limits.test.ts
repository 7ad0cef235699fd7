// What the API takes is enough for a design of 1,000 services, 3,000 dependencies and 2,000 policies as YAML.
import { expect, test } from "vitest";
import { toYaml } from "@/lib/mesh";
import { benchMesh } from "@/lib/start/testing/bench-mesh";
import { DESIGN_BODY_BYTES } from "./route";
import { draftRoutes } from "./routes/drafts";
import { exchangeRoutes } from "./routes/exchange";
import * as schema from "./schema";

const text = toYaml(benchMesh(1000));

test("a whole design of that size can be merged, imported and pushed", () => {
  const bodies = [
    { shape: schema.mergeRequest, body: { base: "r1", mine: { text } } },
    { shape: schema.importRequest, body: { text } },
    { shape: schema.draftReplace, body: { text } },
  ];
  for (const { shape, body } of bodies) {
    expect(shape.safeParse(body).error).toBeUndefined();
    expect(Buffer.byteLength(JSON.stringify(body))).toBeLessThan(DESIGN_BODY_BYTES);
  }
  const routes = [...draftRoutes, ...exchangeRoutes].filter(({ maxBodyBytes }) => maxBodyBytes === DESIGN_BODY_BYTES);
  expect(routes.map(({ id }) => id).sort()).toEqual(["importText", "mergeDraft", "replaceDraft"]);
});
