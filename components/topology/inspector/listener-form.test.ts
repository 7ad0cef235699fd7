import { MantineProvider } from "@mantine/core";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { clientEdgeMesh } from "@/lib/compile/testing/client-edge";
import { buildIndex, type Gateway, type Listener, violationsOfObject } from "@/lib/mesh";
import { ListenerForm } from "./listener-form";

const edge = clientEdgeMesh().objects.find(
  (each): each is Gateway => each.kind === "Gateway" && each.metadata.name === "edge",
) as Gateway;

/** The form of a gateway with these listeners; one alone stands open. */
function shown(listeners: readonly Listener[], editable = true): string {
  const gateway = { ...edge, spec: { ...edge.spec, listeners: [...listeners] } };
  const form = createElement(ListenerForm, {
    ...{ gateway, editable, change: () => [] },
    violations: violationsOfObject(gateway, buildIndex({ objects: [gateway] })),
    certificateState: (name) => createElement("i", null, `state of ${name}`),
  });
  return renderToStaticMarkup(createElement(MantineProvider, null, form));
}

const named = (name: string) => edge.spec.listeners.find((each) => each.name === name) as Listener;

test("each listener is told in a line, and can be opened and removed", () => {
  const html = shown(edge.spec.listeners);
  for (const { name, port } of edge.spec.listeners) {
    expect(html).toContain(`aria-label="Listener ${name}"`);
    expect(html).toContain(`aria-label="Remove listener ${name}"`);
    expect(html).toContain(` at ${port} for `);
  }
  expect(html).toContain("Add a listener");
  expect(html).not.toContain("<input");
});

test("a listener has the fields of its protocol, with what the design says and how its certificate stands", () => {
  const partners = shown([named("partners")]);
  for (const text of ["Names of clients", "spiffe://partners.example/one", "Certificates of clients", "state of wild"])
    expect(partners).toContain(text);
  expect(partners).not.toContain("on to HTTPS");
  const guarded: Listener = { ...named("web"), proxyProtocol: "required", connectionLimit: { maxConnections: 250 } };
  for (const value of ["250", "required"]) expect(shown([guarded])).toMatch(new RegExp(`<input[^>]*value="${value}"`));
  const web = shown([named("web")]);
  expect(web).toContain("Send plain HTTP on to HTTPS");
  expect(web.match(/<input[^>]*checked=""/g)).toHaveLength(1);
  for (const text of ["Certificate", "Names of clients"]) expect(web).not.toContain(text);
  const raw = shown([{ name: "raw", port: 5432, protocol: "tcp", hosts: ["*"] }]);
  for (const text of ["Certificate", "on to HTTPS"]) expect(raw).not.toContain(text);
});

test("what the model has against a listener stands at its field, and marks one that is closed", () => {
  const bare: Listener = { name: "bare", port: 443, protocol: "https", hosts: ["a.example.com"] };
  const open = shown([bare]);
  expect(open).toContain("Is missing: a listener of protocol https shows a certificate.");
  expect(open.match(/<input[^>]*aria-invalid="true"/g)).toHaveLength(1);
  const closed = shown([bare, named("web")]);
  expect(closed.match(/aria-label="does not fit"/g)).toHaveLength(1);
});

test("who may only read can change nothing", () => {
  const html = shown([named("partners")], false);
  const inputs = html.match(/<input[^>]*>/g) ?? [];
  const open = inputs.filter((input) => !input.includes("disabled") && !input.includes('type="hidden"'));
  expect([inputs.length > 0, open]).toEqual([true, []]);
  for (const text of ["Add a listener", "Remove listener"]) expect(html).not.toContain(text);
});
