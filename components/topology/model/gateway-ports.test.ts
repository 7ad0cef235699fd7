import { describe, expect, it } from "vitest";
import type { BindingDto } from "@/components/api-client";
import { API_VERSION, type Gateway } from "@/lib/mesh";
import { gatewayPorts, isUnserved, portProblems, withGatewayPorts } from "./gateway-ports";

const gateway: Gateway = {
  apiVersion: API_VERSION,
  kind: "Gateway",
  metadata: { namespace: "production", name: "edge" },
  spec: {
    type: "ingress",
    listeners: [
      { name: "http", port: 80, protocol: "http", hosts: ["*"] },
      { name: "secure", port: 443, protocol: "tls", hosts: ["*.example.com"] },
      { name: "raw", port: 5432, protocol: "tcp", hosts: ["*"] },
    ],
  },
};
const other = { namespace: "production", name: "partners", publicPort: 9000, listenerPorts: { sql: 9001 } };
const binding: BindingDto = {
  instances: [],
  externals: [],
  gateways: [
    { namespace: "production", name: "edge", publicPort: 8080, listenerPorts: { secure: 8443, old: 8444 } },
    other,
  ],
};
const ports = (listeners: Record<string, string | number>, publicPort: string | number = 8080) => ({
  publicPort,
  listeners: { secure: "", raw: "", ...listeners },
});
const problemsOf = (of: ReturnType<typeof ports>) => portProblems(gateway, of, binding.gateways);

describe("ports of a gateway in an environment", () => {
  it("has a field for each listener of connections, and for what is bound without being drawn", () => {
    expect(gatewayPorts(gateway, binding.gateways[0])).toEqual({
      publicPort: 8080,
      listeners: { secure: 8443, raw: "", old: 8444 },
    });
    expect(gatewayPorts(gateway, undefined)).toEqual({ publicPort: "", listeners: { secure: "", raw: "" } });
  });

  it("refuses what is no port, at its field", () => {
    expect(problemsOf(ports({ raw: 70_000 }, 0))).toEqual({
      publicPort: "A port is from 1 to 65535.",
      listeners: { raw: "A port is from 1 to 65535." },
    });
  });

  it("refuses a port of another gateway, but not its own", () => {
    expect(problemsOf(ports({ secure: 9001 }, 9000))).toEqual({
      publicPort: "Gateway partners is served at 9000 here. Choose another port.",
      listeners: { secure: "Gateway partners is served at 9001 here. Choose another port." },
    });
    expect(problemsOf(ports({ secure: 8444, raw: 8443 }))).toEqual({ listeners: {} });
  });

  it("lets TLS share a port with requests, and plain TCP with nobody", () => {
    expect(problemsOf(ports({ secure: 8080 }))).toEqual({ listeners: {} });
    expect(problemsOf(ports({ raw: 8080 })).listeners).toEqual({
      raw: "Nothing tells its connections from those of http, secure at the same port. Choose another port.",
    });
    expect(Object.keys(problemsOf(ports({ secure: 8443, raw: 8443 })).listeners)).toEqual(["raw"]);
  });

  it("tells of plain TCP that is left at the public port of others", () => {
    expect(isUnserved(gateway, ports({}), "raw")).toBe(true);
    expect(isUnserved(gateway, ports({ raw: 5433 }), "raw")).toBe(false);
    expect(isUnserved(gateway, ports({}), "secure")).toBe(false);
    const [, , raw] = gateway.spec.listeners;
    const alone: Gateway = { ...gateway, spec: { ...gateway.spec, listeners: raw ? [raw] : [] } };
    expect(isUnserved(alone, { publicPort: "", listeners: { raw: "" } }, "raw")).toBe(false);
  });

  it("has a field for each listener in TLS, and keeps the certificates that are bound", () => {
    const shop = { name: "shop", port: 8443, protocol: "https", hosts: ["*"], tls: { certificate: "shop" } } as const;
    const listeners = [...gateway.spec.listeners, { ...shop, hosts: [...shop.hosts] }];
    const served: Gateway = { ...gateway, spec: { ...gateway.spec, listeners } };
    expect(gatewayPorts(served, undefined).listeners).toEqual({ secure: "", raw: "", shop: "" });
    const certificates = { shop: { chain: "/shop.pem", key: "/shop-key.pem" } };
    const gateways = binding.gateways.map((each) => (each === other ? each : { ...each, certificates }));
    const written = withGatewayPorts({ ...binding, gateways }, served, ports({ shop: 8445 }));
    expect(written.gateways[1]).toEqual({
      ...{ namespace: "production", name: "edge", publicPort: 8080 },
      ...{ listenerPorts: { shop: 8445 }, certificates },
    });
  });

  it("writes numbers, takes emptied fields out, and keeps what others have", () => {
    expect(withGatewayPorts(binding, gateway, ports({ secure: "8445", old: "" }, "")).gateways).toEqual([
      other,
      { namespace: "production", name: "edge", listenerPorts: { secure: 8445 } },
    ]);
    expect(withGatewayPorts({ ...binding, gateways: [] }, gateway, ports({}, "")).gateways).toEqual([
      { namespace: "production", name: "edge" },
    ]);
  });
});
