import { MantineProvider } from "@mantine/core";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { buildIndex, demoMesh, type MeshRoot, type Tracing } from "@/lib/mesh";
import { FormProvider, type PolicyForm } from "../forms/form-context";
import { CollectorFields, LOCAL_COLLECTOR } from "./collector-fields";

const document = demoMesh();
const mesh = document.objects.find((each): each is MeshRoot => each.kind === "Mesh") as MeshRoot;

function shown(tls?: Tracing["collector"]["tls"]): string {
  const form: PolicyForm = { object: mesh, index: buildIndex(document), isReadOnly: false, set: () => null };
  const collector = { ...LOCAL_COLLECTOR, ...(tls ? { tls } : {}) };
  const fields = createElement(CollectorFields, { path: ["spec", "tracing", "collector"], collector });
  return renderToStaticMarkup(createElement(MantineProvider, null, FormProvider({ form, children: fields })));
}

test("a collector without TLS says so, and asks for no name", () => {
  const html = shown();
  expect(html).toContain("none: plain text (default)");
  expect(html).not.toContain("Name in its certificate");
});

test("each kind of authority shows what belongs to it", () => {
  expect(shown({})).toContain("signed by a public authority");
  const file = shown({ ca: { type: "file", path: "/etc/otel/ca.pem" }, serverName: "otel.test" });
  for (const text of ["/etc/otel/ca.pem", "otel.test"]) expect(file).toMatch(new RegExp(`value="${text}"`));
  const pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  const inline = shown({ ca: { type: "inline", pem } });
  expect(inline).toContain("Certificates in PEM");
  expect(inline).toContain("-----BEGIN CERTIFICATE-----\nAAAA");
});
