import { MantineProvider } from "@mantine/core";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { object } from "@/lib/compile/testing/rich";
import { buildIndex, type ExternalService, type ExternalTls, type SpecOf, violationsOfObject } from "@/lib/mesh";
import { ExternalConnectionsForm } from "./external-connections";
import { ExternalTlsForm } from "./external-tls";

function shown(tls: ExternalTls | undefined, { editable = true, hosts = ["pay.bank.example:80"] } = {}): string {
  const external = object("ExternalService", "bank", {
    hosts,
    ports: [{ name: "http", port: 80, protocol: "http" }],
    ...(tls ? { tls } : {}),
  }) as ExternalService;
  const violations = violationsOfObject(external, buildIndex({ objects: [external] }));
  const form = createElement(ExternalTlsForm, { external, editable, violations, change: () => [] });
  return renderToStaticMarkup(createElement(MantineProvider, null, form));
}

test("without TLS there is one choice, which says what that means", () => {
  const html = shown(undefined);
  expect(html).toContain("none: calls leave as the app makes them");
  for (const text of ["Server name", "Do not verify", "Names of its certificate"]) expect(html).not.toContain(text);
});

test("with TLS its fields have what the design says", () => {
  const html = shown({ mode: "mutual", subjectAltNames: ["a.bank.example"], authorities: "environment" });
  for (const text of ["show the environment&#x27;s certificate", "a.bank.example", 'placeholder="pay.bank.example"'])
    expect(html).toContain(text);
  for (const value of ["mutual", "environment"]) expect(html).toMatch(new RegExp(`<input[^>]*value="${value}"`));
});

test("TLS that nobody verifies says so, and asks for nothing to verify by", () => {
  const html = shown({ mode: "simple", insecureSkipVerify: true });
  expect(html).toContain("Whoever is on the way can read and change every call.");
  expect(html).not.toContain("Names of its certificate");
});

test("what the model has against it stands at the field", () => {
  const html = shown({ mode: "simple" }, { hosts: ["*.bank.example"] });
  expect(html).toContain("Is missing: host *.bank.example is a pattern");
  expect(html.match(/<input[^>]*aria-invalid="true"/g)).toHaveLength(1);
  expect(shown({ mode: "simple", insecureSkipVerify: true, authorities: "public" })).toContain(
    "Verifies nothing, and authorities says by what to verify.",
  );
});

test("who may only read can change nothing", () => {
  const html = shown({ mode: "simple", subjectAltNames: ["a.example"] }, { editable: false });
  const inputs = html.match(/<input[^>]*>/g) ?? [];
  const open = inputs.filter((input) => !input.includes("disabled") && !input.includes('type="hidden"'));
  expect([inputs.length > 0, open]).toEqual([true, []]);
});

function connections(more: Partial<SpecOf<"ExternalService">>, editable = true): string {
  const external = object("ExternalService", "bank", {
    hosts: ["bank.example"],
    ports: [{ name: "http", port: 80, protocol: "http" }],
    ...more,
  }) as ExternalService;
  const violations = violationsOfObject(external, buildIndex({ objects: [external] }));
  const form = createElement(ExternalConnectionsForm, { external, editable, violations, change: () => [] });
  return renderToStaticMarkup(createElement(MantineProvider, null, form));
}

test("what connections begin with and where they go has what the design says, and what is wrong with it", () => {
  const html = connections({ proxyProtocol: "v2", resolution: "dns-round-robin" });
  for (const value of ["v2", "dns-round-robin"]) expect(html).toMatch(new RegExp(`<input[^>]*value="${value}"`));
  const endpoints = ["a.example", "b.example"].map((address) => ({ address, port: 80 }));
  expect(connections({ resolution: "dns-round-robin", endpoints })).toContain("Uses one address at a time");
  const unset = connections({});
  for (const text of ["not sent (default)", "all share the calls (default)"]) expect(unset).toContain(text);
  const inputs = connections({ proxyProtocol: "v1" }, false).match(/<input[^>]*>/g) ?? [];
  expect(inputs.filter((input) => !input.includes("disabled") && !input.includes('type="hidden"'))).toEqual([]);
});
