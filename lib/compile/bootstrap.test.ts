import { expect, test } from "vitest";
import { compileStaticBootstrap } from "./bootstrap";
import { compile } from "./compile";
import { demoInput } from "./testing/inputs";

const identityFiles = { certificateChain: "cert.pem", privateKey: "key.pem", bundle: "bundle.pem" };
const named = () => {
  const input = demoInput();
  const endpoints = input.endpoints.map((each) =>
    each.workload === "catalog-v1" ? { ...each, host: "catalog.example" } : each,
  );
  return { ...input, endpoints };
};

test("a place by name is resolved by the proxy of a static file, and refused where it goes over EDS", () => {
  const made = compileStaticBootstrap(named(), "production/storefront-v1/0", { identityFiles });
  if (!made.ok) throw new Error(JSON.stringify(made.violations));
  const { clusters } = made.bootstrap["static_resources"] as { clusters: { name: string; type: string }[] };
  const typeOf = (service: string) => clusters.find(({ name }) => name.endsWith(`|${service}.production`))?.type;
  expect([typeOf("catalog"), typeOf("cart")]).toEqual(["STRICT_DNS", "STATIC"]);
  const sent = compile(named(), "production/storefront-v1/0");
  const refused = sent.ok ? [] : sent.violations.map(({ path, message }) => [path, message]);
  expect(refused).toEqual(
    [0, 1].map((n) => [`endpoints["production/catalog-v1/${n}"].host`, '"catalog.example" is not an IP address']),
  );
});

test("what is for the own machine only listens there: the outbound listener and the admin", () => {
  const input = { ...demoInput(), overrides: { listenHost: "0.0.0.0", localHost: "127.0.0.1" } };
  const made = compileStaticBootstrap(input, "production/storefront-v1/0", { identityFiles });
  if (!made.ok) throw new Error(JSON.stringify(made.violations));
  type Place = { address: { socket_address: { address: string } } };
  const { admin, static_resources } = made.bootstrap as unknown as {
    admin: Place;
    static_resources: { listeners: (Place & { name: string })[] };
  };
  const places = Object.fromEntries(
    static_resources.listeners.map(({ name, address }) => [name, address.socket_address.address]),
  );
  expect({ ...places, admin: admin.address.socket_address.address }).toEqual({
    inbound: "0.0.0.0",
    outbound: "127.0.0.1",
    admin: "127.0.0.1",
  });
});
