import { MantineProvider } from "@mantine/core";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { ledgerMesh, ledgerRoute } from "@/lib/compile/testing/ledger";
import { buildIndex, type TcpRoute } from "@/lib/mesh";
import { FormProvider, KindForm, type PolicyForm } from ".";

function shown(object: TcpRoute, isReadOnly = false): string {
  const form: PolicyForm = { object, index: buildIndex(ledgerMesh(object)), isReadOnly, set: () => null };
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
