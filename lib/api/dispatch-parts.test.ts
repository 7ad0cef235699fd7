import { describe, expect, test } from "vitest";
import { manualClock } from "@/lib/clock";
import { AppError } from "@/lib/errors";
import { demoMesh } from "@/lib/mesh";
import { addressOf } from "./authenticate";
import { baseVersionOf } from "./etag";
import { eventSentence } from "./event-sentence";
import { isOpenedBy } from "./granted";
import { PathTable } from "./match-path";
import { openApiDocument } from "./openapi";
import { RateLimiter } from "./rate-limit";
import { routes } from "./registry";
import { ROLES } from "./schema";

const codeOf = (run: () => unknown) => {
  try {
    run();
    return "none";
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
};

describe("paths", () => {
  const table = new PathTable(routes);
  const idOf = (path: string, method = "GET") => table.match(`/api/v1${path}`).routes.get(method)?.id;

  test("fixed words win over parameters, the rest of a path is one parameter", () => {
    expect(idOf("/invites/accept", "POST")).toBe("acceptInvite");
    expect(idOf("/invites/x", "DELETE")).toBe("revokeInvite");
    const rest = table.match("/api/v1/meshes/shop/environments/local/proxies/production/cart-v1/0");
    expect(rest.params).toEqual({ mesh: "shop", environment: "local", proxyKey: "production/cart-v1/0" });
    expect(
      table.match("/api/v1/meshes/shop/environments/local/proxies/production%2Fcart-v1%2F0").params["proxyKey"],
    ).toBe("production/cart-v1/0");
  });

  test.each(["/meshes/../users", "/meshes/a%2f..%2fb", "/meshes/%00", "/meshes/a%5cb", "/meshes/%"])(
    "%s is refused",
    (path) => {
      expect(codeOf(() => table.match(`/api/v1${path}`))).toBe("invalid-path");
    },
  );

  test("two routes at one place are a mistake that stops the process", () => {
    const [route] = routes;
    if (!route) throw new Error("no routes");
    expect(() => new PathTable([route, route])).toThrow(/Two routes/);
  });
});

describe("If-Match", () => {
  test("is a version, any, or refused", () => {
    expect(baseVersionOf('"v12"')).toBe(12);
    expect(baseVersionOf('W/"v12"')).toBe(12);
    expect(baseVersionOf("*")).toBeNull();
    expect(codeOf(() => baseVersionOf("12"))).toBe("version-mismatch");
  });
});

describe("limits", () => {
  test("a burst is let through, then as much as time gives back", () => {
    const clock = manualClock();
    const limiter = new RateLimiter(clock);
    const limit = { perSecond: 2, burst: 3 };
    expect([1, 2, 3].map(() => limiter.take("a", limit))).toEqual([0, 0, 0]);
    expect(limiter.take("a", limit)).toBe(1);
    expect(limiter.take("b", limit)).toBe(0);
    clock.advance(500);
    expect(limiter.take("a", limit)).toBe(0);
    expect(limiter.take("a", limit)).toBe(1);
  });

  test("an address is taken from the believed proxies only", () => {
    const headers = new Headers({ "x-forwarded-for": "6.6.6.6, 10.0.0.1, 10.0.0.2" });
    expect(addressOf(headers, 0)).toBe("10.0.0.2");
    expect(addressOf(headers, 2)).toBe("10.0.0.1");
    expect(addressOf(new Headers(), 2)).toBe("unknown");
  });
});

describe("granted", () => {
  const key = (name: string) => `Service/production/${name}`;
  test("what is drawn in the running design is granted, and nothing else", () => {
    expect(isOpenedBy(demoMesh(), key("checkout"), key("payment-service"))).toBe(true);
    expect(isOpenedBy(demoMesh(), key("cart"), key("payment-service"))).toBe(false);
    expect(isOpenedBy(demoMesh(), key("shipping"), "ExternalService/production/carrier-api")).toBe(true);
    expect(isOpenedBy(demoMesh(), key("cart"), "ExternalService/production/carrier-api")).toBe(false);
  });

  test("a denial of everything wins over a drawn line", () => {
    const document = demoMesh();
    document.objects.push({
      apiVersion: "meshwright.dev/v1",
      kind: "AuthorizationPolicy",
      metadata: { name: "closed", namespace: "production" },
      spec: { target: { service: "payment-service" }, action: "deny", rules: [{}] },
    });
    expect(isOpenedBy(document, key("checkout"), key("payment-service"))).toBe(false);
  });
});

describe("OpenAPI", () => {
  const document = openApiDocument(routes, "http://localhost:3000") as {
    paths: Record<string, Record<string, { operationId: string; parameters: { name: string; required: boolean }[] }>>;
  };
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path));

  test("lists every route once", () => {
    expect(operations.map(({ operationId }) => operationId).sort()).toEqual(routes.map(({ id }) => id).sort());
  });

  test("says where If-Match is needed", () => {
    const edit = operations.find(({ operationId }) => operationId === "editDraft");
    expect(edit?.parameters.find(({ name }) => name === "If-Match")).toMatchObject({ required: true });
  });

  test("is JSON, with every path parameter described", () => {
    expect(() => JSON.stringify(document)).not.toThrow();
    for (const [path, methods] of Object.entries(document.paths)) {
      const names = [...path.matchAll(/\{([a-zA-Z]+)\}/g)].map(([, name]) => name);
      for (const { parameters } of Object.values(methods)) {
        expect(parameters.map(({ name }) => name)).toEqual(expect.arrayContaining(names as string[]));
      }
    }
  });
});

test("events are sentences, unknown ones too", () => {
  expect(eventSentence({ kind: "revision.created", actorName: "Ada", subject: "r2" })).toBe(
    "Ada froze the draft as r2.",
  );
  const submitted = { kind: "review.submitted", actorName: "Ada", subject: "review #4" };
  const payload = { round: 1, revision: 3, tests: { total: 5, failed: 2, notRun: 0 } };
  expect(eventSentence({ ...submitted, payload })).toBe(
    "Ada submitted round 1 of review #4: r3. 2 of 5 policy tests do not hold.",
  );
  expect(eventSentence({ ...submitted, payload: { round: 1, revision: 3 } })).toBe(
    "Ada submitted round 1 of review #4: r3.",
  );
  expect(eventSentence({ kind: "some.thing-new", actorName: "Ada", subject: "x" })).toContain("x");
});

test("roles are the five of the product", () => {
  expect(ROLES).toEqual(["viewer", "author", "reviewer", "operator", "administrator"]);
});
