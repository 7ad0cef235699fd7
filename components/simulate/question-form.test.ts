import { MantineProvider } from "@mantine/core";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { clientEdgeMesh } from "@/lib/compile/testing/client-edge";
import { QuestionSentence } from "./question-form";
import { formFrom, type QuestionForm } from "./question-url";

function shown(change: Partial<QuestionForm>): string {
  const form = { ...formFrom(new URLSearchParams()), ...change };
  const fields = createElement(QuestionSentence, { document: clientEdgeMesh(), form, onChange: () => {} });
  return renderToStaticMarkup(createElement(MantineProvider, null, fields));
}

test("a client's certificate is asked about where a gateway looks at one, and where the form has one", () => {
  expect(shown({ from: "Workload/production/catalog-v1" })).not.toContain("with a certificate");
  expect(shown({ from: "Gateway/production/edge" })).toContain("with a certificate");
  const html = shown({ from: "Gateway/production/shop-gateway", certificate: "forged", names: "a.example" });
  for (const text of ["with a certificate", 'value="a.example"', "signed by somebody else"])
    expect(html).toContain(text);
});

test("names without a certificate are told at their field", () => {
  const html = shown({ from: "Gateway/production/edge", host: "shop.example.com", names: "a.example" });
  expect(html).toContain("There is no certificate yet: say who signed it.");
});
