import { expect, test } from "vitest";
import { isOfEntry, navigation } from "./navigation";

const lit = (pathname: string) => navigation.filter((entry) => isOfEntry(entry, pathname)).map(({ id }) => id);

test.each([
  ["/meshes/shop/services", ["services"]],
  ["/meshes/shop/services/production/cart", ["services"]],
  ["/meshes/shop/policies/new", ["policies"]],
  ["/meshes/shop/merge", ["import"]],
  ["/meshes/shop/selection", ["selection"]],
  ["/meshes/shop", []],
])("at %s one entry of the rail is lit: %j", (pathname, ids) => {
  expect(lit(pathname)).toEqual(ids);
});
