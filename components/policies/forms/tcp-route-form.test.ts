import { MantineProvider } from "@mantine/core";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { edgeMesh, edgeRoute } from "@/lib/compile/testing/edge";
import { ledgerRoute } from "@/lib/compile/testing/ledger";
import { buildIndex, type TcpRoute } from "@/lib/mesh";
import { FormProvider, KindForm, type PolicyForm } from ".";

function shown(object: TcpRoute, isReadOnly = false): string {
  const form: PolicyForm = { object, index: buildIndex(edgeMesh(object)), isReadOnly, set: () => null };
  const fields = createElement(KindForm, { object });
  const provided = FormProvider({ form, children: fields });
  return renderToStaticMarkup(createElement(MantineProvider, null, provided));
}

test("the form of a TCP route shows its rules in words, with ports, callers and shares", () => {
  const html = shown(ledgerRoute());
  for (const text of [
    "1. port 5432 and caller with version=v2: to archive",
    "2. 75\u00a0% to v1, 25\u00a0% to v2",
    "To port",
    "Caller&#x27;s version",
    "Every connection that reaches this rule.",
    "Add a rule",
  ])
    expect(html).toContain(text);
  expect(html).toMatch(/<input[^>]*value="5432"/);
});

test("who may only read is offered nothing to add", () => {
  expect(shown(ledgerRoute(), true)).not.toContain("Add a rule");
});

test("of a gateway the form offers the server names that its listeners serve, and no callers", () => {
  const html = shown(edgeRoute());
  for (const text of [
    "1. TLS for archive.example.com: to archive",
    "TLS for these server names",
    "archive.example.com",
    "What none takes is closed.",
  ])
    expect(html).toContain(text);
  expect(html).not.toContain("Only some callers");
  expect(html).not.toContain("Caller&#x27;s");
});
