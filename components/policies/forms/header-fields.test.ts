import { MantineProvider } from "@mantine/core";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { timedMesh } from "@/lib/compile/testing/rich";
import { buildIndex, type Route, type RouteRule } from "@/lib/mesh";
import { FormProvider, KindForm, type PolicyForm } from ".";
import { changed } from "./header-fields";

const rule: RouteRule = {
  matches: [],
  action: {
    type: "forward",
    destinations: [
      {
        service: { name: "inventory" },
        weight: 1,
        headers: { request: { set: { "x-a": "1" }, remove: ["x-b"] }, response: { add: { "x-c": "2" } } },
      },
    ],
  },
};

test("a destination and its rule each say how many headers they change, and which", () => {
  const document = timedMesh([rule]);
  const object = document.objects.find(
    (each): each is Route => each.kind === "Route" && each.metadata.name === "inventory",
  );
  if (!object) throw new Error("the mesh has no such route");
  const form: PolicyForm = { object, index: buildIndex(document), isReadOnly: false, set: () => null };
  const provided = FormProvider({ form, children: createElement(KindForm, { object }) });
  const html = renderToStaticMarkup(createElement(MantineProvider, null, provided));
  expect(html).toContain("Headers to inventory: 3 changes");
  expect(html).toContain("Headers of the rule</summary>");
  for (const text of ["x-a: 1", "x-b", "x-c: 2"]) expect(html).toContain(text);
});

test("what is emptied is gone, and the rest stays", () => {
  const headers = { request: { set: { "x-a": "1" }, remove: ["x-b"] }, response: { add: { "x-c": "2" } } };
  expect(changed(headers, "request", { set: {} })).toEqual({
    request: { remove: ["x-b"] },
    response: headers.response,
  });
  expect(changed(headers, "response", { add: {} })).toEqual({ request: headers.request });
  expect(changed({ request: { remove: ["x-b"] } }, "request", { remove: [] })).toBeUndefined();
  expect(changed(undefined, "response", { add: { "x-d": "3" } })).toEqual({ response: { add: { "x-d": "3" } } });
});
