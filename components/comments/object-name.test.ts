import { expect, test } from "vitest";
import { objectName } from "./object-name";

test("objects are named as people name them", () => {
  expect(objectName("Service/production/cart")).toBe("cart");
  expect(objectName("AuthorizationPolicy/production/no-cards")).toBe("authorization policy no-cards");
  expect(objectName("MutualTls/production/all")).toBe("mutual tls all");
  expect(objectName("nothing")).toBe("nothing");
});
