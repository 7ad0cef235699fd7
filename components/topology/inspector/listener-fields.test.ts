import { MantineProvider } from "@mantine/core";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { clientEdgeMesh } from "@/lib/compile/testing/client-edge";
import type { Gateway } from "@/lib/mesh";
import { ListenerFields } from "./listener-fields";

function shown(editable: boolean): string {
  const gateway = clientEdgeMesh().objects.find(
    (each): each is Gateway => each.kind === "Gateway" && each.metadata.name === "edge",
  );
  if (!gateway) throw new Error("the design lost its edge");
  const more = { name: "raw", port: 5432, protocol: "tcp" as const, hosts: ["*"] };
  const drawn = { ...gateway, spec: { ...gateway.spec, listeners: [...gateway.spec.listeners, more] } };
  const fields = createElement(ListenerFields, { gateway: drawn, editable, patch: () => true });
  return renderToStaticMarkup(createElement(MantineProvider, null, fields));
}

test("each listener has what can be asked of its clients, as the design has it", () => {
  const html = shown(true);
  for (const text of [
    "Certificates of clients at shop",
    "Names of clients at partners",
    "spiffe://partners.example/one, one.partners.example",
    "Send plain HTTP at web on to HTTPS",
    "Send plain HTTP at status on to HTTPS",
    "https at port 443 for shop.example.com",
  ])
    expect(html).toContain(text);
  expect(html.match(/<input[^>]*checked=""/g)).toHaveLength(1);
  // nobody is asked there, and connections have no clients to ask
  for (const text of ["Names of clients at open", "at raw"]) expect(html).not.toContain(text);
  expect(html).not.toContain("disabled=");
});

test("who may only read can change nothing", () => {
  const inputs = shown(false).match(/<input[^>]*>/g) ?? [];
  const open = inputs.filter((input) => !input.includes("disabled") && !input.includes('type="hidden"'));
  expect([inputs.length > 0, open]).toEqual([true, []]);
});
