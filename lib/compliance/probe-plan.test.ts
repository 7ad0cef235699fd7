// Which requests probes may ask: those whose answer a design decides.
import { expect, test } from "vitest";
import { AUTHORIZERS, askingMesh } from "../simulate/testing/asking";
import { planProbes } from "./probe-plan";

const requestsOf = (service: string, document = askingMesh()) =>
  planProbes(document)
    .filter((probe) => probe.service === service)
    .flatMap(({ allowed, forbidden, forbiddenRequest }) => [allowed, forbiddenRequest, ...forbidden])
    .flatMap((each) => (each ? [each.request.path] : []));

test("a request that an authorizer decides proves nothing, so it is not asked", () => {
  const asked = requestsOf("Service/production/catalog");
  expect(asked.length).toBeGreaterThan(0);
  expect(asked.filter((path) => /^\/(grpc|http)/.test(path))).toEqual([]);
});

test("what is refused because nobody can be asked is refused by the design", () => {
  const document = askingMesh(AUTHORIZERS.map(({ name }) => ({ name })));
  expect(requestsOf("Service/production/catalog", document)).not.toEqual([]);
});
