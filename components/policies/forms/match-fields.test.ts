import { MantineProvider } from "@mantine/core";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { timedMesh } from "@/lib/compile/testing/rich";
import { buildIndex, type HeaderMatch, type Route, type RouteMatch } from "@/lib/mesh";
import { FormProvider, KindForm, type PolicyForm } from ".";
import { comparedAs } from "./match-fields";

function shown(match: RouteMatch): string {
  const document = timedMesh([{ matches: [match], action: { type: "respond", status: 418 } }]);
  const object = document.objects.find(
    (each): each is Route => each.kind === "Route" && each.metadata.name === "inventory",
  );
  if (!object) throw new Error("the mesh has no such route");
  const form: PolicyForm = { object, index: buildIndex(document), isReadOnly: false, set: () => null };
  const provided = FormProvider({ form, children: createElement(KindForm, { object }) });
  return renderToStaticMarkup(createElement(MantineProvider, null, provided));
}

test("a header as a number in a range has the fields of its ends", () => {
  const html = shown({ headers: [{ name: "x-size", type: "range", start: -7, end: 93 }] });
  expect(html).toContain("header x-size from -7 to below 93");
  expect(html).toMatch(/<input[^>]*value="-7"/);
  expect(html).toMatch(/<input[^>]*value="93"/);
  expect(html).toContain("To below");
});

test("another way of comparing keeps what it takes, and nothing else", () => {
  const exact: HeaderMatch = { name: "x-size", type: "exact", value: "7", invert: true };
  const range = comparedAs(exact, "range");
  expect(range).toEqual({ name: "x-size", type: "range", start: 0, end: 100, invert: true });
  expect(comparedAs(range as HeaderMatch, "prefix")).toEqual({
    name: "x-size",
    type: "prefix",
    value: "",
    invert: true,
  });
  expect(comparedAs(exact, "present")).toEqual({ name: "x-size", type: "present", invert: true });
  expect(comparedAs({ name: "q", type: "exact", value: "1" }, "regex")).toEqual({
    name: "q",
    type: "regex",
    value: "1",
  });
});
