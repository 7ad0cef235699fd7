import { expect, test } from "vitest";
import type { EventDto } from "@/components/api-client";
import { eventGroups } from "./event-groups";

const event = (id: number, kind: string, subject: string): EventDto => ({
  id: String(id),
  kind,
  at: "2026-11-21T00:00:00.000Z",
  mesh: "shop",
  environment: "local",
  actorName: "control plane",
  subject,
  payload: {},
  sentence: `${kind} ${subject}`,
  hash: "",
});

test("certificates of one deployment are one line, in their place among what else happened", () => {
  const events = [
    event(5, "deployment.finished", "shop/local"),
    event(4, "certificate.issued", "production/cart-v1/0"),
    event(3, "certificate.issued", "production/catalog-v1/0"),
    event(2, "certificate.issued", "production/catalog-v1/1"),
    event(1, "deployment.queued", "shop/local"),
    event(0, "certificate.issued", "production/cart-v1/0"),
  ];
  expect(eventGroups(events, 10).map(({ sentence }) => sentence)).toEqual([
    "deployment.finished shop/local",
    "3 certificates were issued: production/cart-v1/0, production/catalog-v1/0 and production/catalog-v1/1.",
    "deployment.queued shop/local",
    "certificate.issued production/cart-v1/0",
  ]);
  expect(eventGroups(events, 2)).toHaveLength(2);
});

test("two deployments in a row stay two lines, and one proxy's two certificates keep their own sentence", () => {
  const twice = [event(2, "deployment.finished", "shop/local"), event(1, "deployment.finished", "shop/local")];
  expect(eventGroups(twice, 10)).toHaveLength(2);
  const same = [event(2, "certificate.issued", "a"), event(1, "certificate.issued", "a")];
  expect(eventGroups(same, 10).map(({ sentence }) => sentence)).toEqual(["certificate.issued a"]);
});
