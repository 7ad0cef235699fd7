import { expect, it } from "vitest";
import { concerns } from "./history";

it("takes the events of its own proxies and every deployment, not those of a service whose name begins alike", () => {
  const of = (kind: string, subject: string) => concerns({ kind, subject }, "shop", "cart");
  expect(of("certificate.issued", "shop/cart-v1/0")).toBe(true);
  expect(of("deployment.finished", "shop/local")).toBe(true);
  expect(of("certificate.issued", "shop/cart-admin-v1/0")).toBe(false);
  expect(of("certificate.issued", "other/cart-v1/0")).toBe(false);
});
