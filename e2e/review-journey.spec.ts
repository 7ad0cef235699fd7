// A change's whole way with three people: made, submitted, walked through by keyboard, blocked, answered, approved on a condition,
// deployed and proved; and every way around it refused, in the screen and by the API. It leaves the mesh as it found it.
import { readdirSync, readFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import type { Browser, Page } from "playwright/test";
import { test } from "./journey";
import { expectSoundScreen, expect as impatient, type Person, preparePage, signIn } from "./meshwright";
import { subject } from "./subject";

/** Four browsers, a control plane and eleven sidecars share one machine: a screen may take its time. */
const PATIENCE_MS = 150_000;
const expect = impatient.configure({ timeout: PATIENCE_MS });
const DEPLOYED_MS = 150_000;
const POLICY = "catalog-never-pays";
const STATIONS = [
  "What is this change, and why is it made?",
  "What is added, removed and changed?",
  "Where does trust end, and is every crossing encrypted?",
  "Who gains access, and who loses it?",
  "Which calls are answered differently?",
  "What does the analysis say, and what was accepted?",
  "Would we pass, and can we prove it?",
  "How does it get live, and how does it get back?",
  "What do we decide?",
];

interface Answer<T = Record<string, unknown>> {
  status: number;
  body: T;
}

/** The API as this person, with their own session. */
function api<T = Record<string, unknown>>(
  page: Page,
  method: string,
  route: string,
  body?: unknown,
  ifMatch?: string,
): Promise<Answer<T>> {
  return page.evaluate(
    async ([verb, address, text, version]) => {
      const headers: Record<string, string> = { "content-type": "application/json" };
      if (version) headers["if-match"] = version;
      const response = await fetch(`/api/v1/meshes/shop${address}`, {
        method: verb,
        headers,
        ...(text === null ? {} : { body: text }),
      });
      return { status: response.status, body: await response.json().catch(() => ({})) };
    },
    [method, route, body === undefined ? null : JSON.stringify(body), ifMatch ?? null] as const,
  ) as Promise<Answer<T>>;
}

async function enter(browser: Browser, person: Person): Promise<Page> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await preparePage(page);
  page.setDefaultTimeout(PATIENCE_MS);
  await signIn(page, person);
  return page;
}

const edit = async (page: Page, commands: unknown[]) => {
  const answer = await api(page, "POST", "/draft/commands", { clientId: "review-journey", commands }, "*");
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
};
const payment = (first: number, second: number) => ({
  type: "patchSpec",
  key: "Route/production/payment-service",
  path: ["rules", 0, "action", "destinations"],
  value: [
    { service: { name: "payment-service" }, subset: "v1", weight: first },
    { service: { name: "payment-service" }, subset: "v2", weight: second },
  ],
});
const object = (kind: string, name: string, spec: unknown) => ({
  type: "addObject",
  object: { apiVersion: "meshwright.dev/v1", kind, metadata: { name, namespace: "production" }, spec },
});
const subset = (version: string) =>
  object("Subset", `payment-service-${version}`, {
    service: { name: "payment-service" },
    name: version,
    labels: { version },
  });

interface Deployment {
  id: string;
  state: string;
  revision: number;
}

async function deployed(page: Page, revision: number): Promise<void> {
  const started = await api<Deployment>(page, "POST", "/environments/local/deployments", { revision });
  expect(started.status, JSON.stringify(started.body)).toBe(201);
  await expectDone(page, started.body.id);
}

async function expectDone(page: Page, id: string): Promise<void> {
  await expect
    .poll(async () => (await api<Deployment>(page, "GET", `/environments/local/deployments/${id}`)).body.state, {
      timeout: DEPLOYED_MS,
      intervals: [1_000],
    })
    .toBe("done");
}

/** What catalog's app would do: a request over its sidecar's outbound port. */
function callFromCatalog(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.get(
      { host: "127.0.0.1", port, path: "/", headers: { host: "payment-service.production:8080" } },
      (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode ?? 0));
      },
    );
    request.on("error", reject);
  });
}

function accessLogsOfPayment(): string {
  const root = path.join(subject().home, "proxies");
  return readdirSync(root)
    .filter((name) => name.startsWith("production~payment-service-"))
    .map((name) => readFileSync(path.join(root, name, "access.log"), "utf8"))
    .join("\n");
}

interface Review {
  number: number;
  state: string;
  round: { number: number; revision: number; digest: string };
  conditions: { id: string }[];
}

test("a change is made, reviewed, approved on a condition, deployed and proved", { tag: "@once" }, async ({
  browser,
}) => {
  test.setTimeout(12 * DEPLOYED_MS);
  const author = await enter(browser, "author");
  const reviewer = await enter(browser, "reviewer");
  const operator = await enter(browser, "operator");
  const administrator = await enter(browser, "administrator");
  const anyVersion = "*";
  const readReview = async (number: number) => (await api<Review>(author, "GET", `/reviews/${number}`)).body;

  const original = (await api<{ text: string }>(administrator, "GET", "/export?at=draft&format=yaml")).body.text;

  await test.step("before: catalog may call payment, and the environment asks for nothing", async () => {
    await edit(administrator, [
      subset("v1"),
      subset("v2"),
      payment(90, 10),
      object("Dependency", "catalog-to-payment-service", {
        from: { kind: "Service", name: "catalog" },
        to: { kind: "Service", name: "payment-service" },
        port: 8080,
        protocol: "http",
      }),
    ]);
    const frozen = await api<{ number: number }>(administrator, "POST", "/revisions", { message: "Before the review" });
    expect(frozen.status).toBe(201);
    await deployed(operator, frozen.body.number);
  });

  await test.step("an administrator asks for approval in Settings", async () => {
    await administrator.goto("/meshes/shop/settings?tab=environments");
    await administrator.getByRole("switch", { name: /Only revisions that a review approved/ }).check({ force: true });
    await administrator.getByRole("button", { name: "Save the rule" }).first().click();
    await expect
      .poll(async () => (await api(administrator, "GET", "/environments/local/approval-rule")).body["kind"])
      .toBe("approved");
  });

  await test.step("the author makes the change, sees its consequence and submits it", async () => {
    await edit(author, [
      payment(75, 25),
      object("AuthorizationPolicy", POLICY, {
        target: { service: "payment-service" },
        action: "deny",
        rules: [{ from: [{ services: [{ kind: "Service", name: "catalog" }] }] }],
      }),
    ]);
    await author.goto("/meshes/shop/reviews/new");
    await expect(author.getByText(/v2 goes from 10 % to 25 %/)).toBeVisible();
    await author.getByLabel("Title").fill("25 % of payments go to v2");
    await author.getByLabel("What is it?").fill("A quarter of the calls; catalog may not call payment.");
    await author.getByLabel(/Why is it made/).fill("Version 2 books faster.");
    await author.getByRole("button", { name: "Freeze and submit for review" }).click();
    await author.waitForURL(/\/reviews\/\d+\/purpose/);
  });
  const number = Number(/reviews\/(\d+)/.exec(author.url())?.[1]);
  const first = await readReview(number);

  await test.step("the author cannot approve, in the screen nor by API; nor can an unapproved revision be deployed", async () => {
    await author.goto(`/meshes/shop/reviews/${number}/decision`);
    await expect(author.getByText("You are an author of this change")).toBeVisible();
    await expect(author.getByRole("button", { name: "Vote" })).toHaveCount(0);
    const own = await api(author, "POST", `/reviews/${number}/votes`, {
      digest: first.round.digest,
      decision: "approve",
    });
    expect(own.status).toBe(403);
    const early = await api(operator, "POST", "/environments/local/deployments", { revision: first.round.revision });
    expect([early.status, early.body["code"]]).toEqual([403, "approval-required"]);
    await operator.goto("/meshes/shop/rollouts");
    await expect(operator.getByText(`Review #${number} of this revision is not decided yet.`)).toBeVisible();
  });

  await test.step("the reviewer walks the nine stations by keyboard and blocks with a comment", async () => {
    await reviewer.goto(`/meshes/shop/reviews/${number}/purpose`);
    const question = reviewer.getByRole("heading", { level: 1 });
    for (const [place, text] of STATIONS.entries()) {
      await expect(question).toHaveText(text);
      if (place > 0) await expect(question).toBeFocused();
      if (place === 3)
        await expect(reviewer.getByText(/catalog → payment-service: allowed before, denied after/)).toBeVisible();
      if (place === 4) await expect(reviewer.getByText(/25 %/).first()).toBeVisible();
      await expect(reviewer.locator("[aria-busy=true]")).toHaveCount(0);
      if (place === 1 || place === 8) await expectSoundScreen(reviewer);
      if (place < STATIONS.length - 1) await reviewer.keyboard.press("ArrowRight");
    }
    await reviewer.keyboard.press("4");
    await expect(question).toHaveText(STATIONS[3] ?? "");
    await expect(question).toBeFocused();
    // The content of a station may still be on its way; the key works as soon as the comments are there.
    await expect(async () => {
      await reviewer.keyboard.press("m");
      await expect(reviewer.getByLabel("New comment")).toBeFocused({ timeout: 2_000 });
    }).toPass({ timeout: PATIENCE_MS });
    await reviewer.keyboard.type("Who sees it when catalog is refused? Say so in the policy's description.");
    await reviewer.keyboard.press("Tab");
    await reviewer.keyboard.press("Tab");
    await reviewer.keyboard.press("Space");
    await reviewer.keyboard.press("Shift+Tab");
    await reviewer.keyboard.press("Enter");
    await expect(reviewer.getByText("blocks", { exact: true })).toBeVisible();
    const held = await api(reviewer, "POST", `/reviews/${number}/votes`, {
      digest: first.round.digest,
      decision: "approve",
    });
    expect([held.status, held.body["code"]]).toEqual([409, "review-blocked"]);
  });

  await test.step("the author answers with a new revision; a vote on the old digest is refused", async () => {
    await edit(author, [
      { type: "patchSpec", key: "Route/production/payment-service", path: ["rules", 0, "timeoutMs"], value: 3_500 },
    ]);
    await author.goto(`/meshes/shop/reviews/${number}/decision`);
    await author.getByLabel(/What did you change/).fill("The access log names the policy; the timeout is shorter now.");
    await author.getByRole("button", { name: "Submit round 2" }).click();
    await expect.poll(async () => (await readReview(number)).round.number).toBe(2);
    const late = await api(reviewer, "POST", `/reviews/${number}/votes`, {
      digest: first.round.digest,
      decision: "changes",
    });
    expect([late.status, late.body["code"]]).toEqual([409, "old-digest"]);
  });
  const second = await readReview(number);

  await test.step("the reviewer settles the comment and approves on a condition", async () => {
    await reviewer.goto(`/meshes/shop/reviews/${number}/decision`);
    await expect(reviewer.getByText("From round 1. Does it still hold?").first()).toBeVisible();
    await reviewer.getByRole("main").getByRole("button", { name: "Resolve" }).first().click();
    await expect(reviewer.getByText("Every comment is answered.")).toBeVisible();
    await reviewer.getByLabel("Approve with conditions").check();
    await reviewer.getByLabel("Condition 1: what is checked").fill("An alert fires on refused payments");
    await reviewer.getByLabel("Owner").fill("payments");
    await reviewer.getByRole("button", { name: "Vote", exact: true }).click();
    await expect.poll(async () => (await readReview(number)).state).toBe("approved-with-conditions");
  });

  await test.step("an unmet condition is refused, in the screen and by API", async () => {
    const early = await api(operator, "POST", "/environments/local/deployments", { revision: second.round.revision });
    expect([early.status, early.body["code"]]).toEqual([403, "approval-required"]);
    await operator.goto("/meshes/shop/rollouts");
    await expect(operator.getByText(/An alert fires on refused payments/)).toBeVisible();
  });

  await test.step("the operator meets it and deploys", async () => {
    await operator.goto(`/meshes/shop/reviews/${number}/decision`);
    await operator.getByLabel("How was it checked?").fill("Alert 17 fired in a rehearsal.");
    await operator.getByRole("button", { name: "Mark as met" }).click();
    await expect(operator.getByText("All are met")).toBeVisible();
    await deployed(operator, second.round.revision);
  });

  await test.step("golden signals show 25 %", async () => {
    const share = async () => {
      const name = encodeURIComponent("Service/production/payment-service");
      const { body } = await api<{ versions: { version: string; share: number | null }[] }>(
        operator,
        "GET",
        `/environments/local/signals?scope=service&name=${name}&range=1m`,
      );
      return body.versions.find(({ version }) => version === "v2")?.share ?? 0;
    };
    await expect
      .poll(async () => Math.abs((await share()) - 0.25), { timeout: 180_000, intervals: [5_000] })
      .toBeLessThan(0.08);
  });

  await test.step("the forbidden call gets 403, and the access log names the policy", async () => {
    const { body } = await api<{ items: { workload: string; ports: { outbound: number } }[] }>(
      operator,
      "GET",
      "/environments/local/proxies?limit=100",
    );
    const port = body.items.find(({ workload }) => workload === "catalog-v1")?.ports.outbound ?? 0;
    expect(await callFromCatalog(port)).toBe(403);
    await expect
      .poll(
        () =>
          accessLogsOfPayment()
            .split("\n")
            .filter((line) => line.includes("403") && line.includes(POLICY)).length,
      )
      .toBeGreaterThan(0);
  });

  await test.step("the checklist proves it", async () => {
    const run = await api<{ id: string }>(operator, "POST", "/environments/local/checks");
    expect(run.status, JSON.stringify(run.body)).toBe(201);
    interface Now {
      run: { id: string } | null;
      controls: {
        id: string;
        layers: { live: { state: string; subjects: { subject: string; state: string; text: string }[] } };
      }[];
    }
    const latest = async () => (await api<Now>(operator, "GET", "/environments/local/checks/latest")).body;
    await expect.poll(async () => (await latest()).run?.id, { timeout: 180_000, intervals: [2_000] }).toBe(run.body.id);
    const proof = (await latest()).controls.find(({ id }) => id === "AZ-06")?.layers.live;
    expect(proof?.state).toBe("pass");
    const own = proof?.subjects.filter(({ subject: of }) => of === "Service/production/payment-service") ?? [];
    expect(own.map(({ state }) => state)).not.toContain("fail");
    expect(own.length).toBeGreaterThan(0);
  });

  await test.step("afterwards: going back stays possible, and the mesh is as it was", async () => {
    await administrator.goto(`/meshes/shop/reviews/${number}/decision`);
    const read = await api<{ items: Deployment[] }>(operator, "GET", "/environments/local/deployments?limit=1");
    const [last] = read.body.items;
    const back = await api<Deployment>(operator, "POST", `/environments/local/deployments/${last?.id}/rollback`);
    expect(back.status, JSON.stringify(back.body)).toBe(201);
    await expectDone(operator, back.body.id);
    await api(administrator, "PUT", "/environments/local/approval-rule", { kind: "none" }, anyVersion);
    const restored = await api(administrator, "PUT", "/draft", { text: original }, anyVersion);
    expect(restored.status, JSON.stringify(restored.body)).toBe(200);
    const frozen = await api<{ number: number }>(administrator, "POST", "/revisions", { message: "As it was" });
    if (frozen.status === 201) await deployed(operator, frozen.body.number);
  });
  await Promise.all([author, reviewer, operator, administrator].map((page) => page.context().close()));
});
