import { MantineProvider } from "@mantine/core";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { timedMesh } from "@/lib/compile/testing/rich";
import { buildIndex, type Route, type RouteRule } from "@/lib/mesh";
import { FormProvider, KindForm, type PolicyForm } from ".";

function shown(internalRedirects: RouteRule["internalRedirects"]): string {
  const document = timedMesh([
    {
      matches: [],
      action: { type: "forward", destinations: [{ service: { name: "inventory" }, weight: 1 }] },
      ...(internalRedirects ? { internalRedirects } : {}),
    },
  ]);
  const object = document.objects.find(
    (each): each is Route => each.kind === "Route" && each.metadata.name === "inventory",
  );
  if (!object) throw new Error("the mesh has no such route");
  const form: PolicyForm = { object, index: buildIndex(document), isReadOnly: false, set: () => null };
  const provided = FormProvider({ form, children: createElement(KindForm, { object }) });
  return renderToStaticMarkup(createElement(MantineProvider, null, provided));
}

test("a rule that follows redirects shows how many, which and what goes along, and another one only the switch", () => {
  const followed = shown({ max: 3, codes: [303, 307], copyHeaders: ["x-session"] });
  expect(followed).toContain("redirects are followed, at most 3 with 303 or 307");
  for (const text of ["Most redirects", 'value="3"', ">303<", ">307<", ">x-session<", "not followed (default)"]) {
    expect(followed).toContain(text);
  }
  const plain = shown(undefined);
  expect(plain).toContain("Follow the destination&#x27;s redirects");
  expect(plain).not.toContain("Most redirects");
});
