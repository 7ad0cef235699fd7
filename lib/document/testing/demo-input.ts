// What is known of the demo shop, written down: input for the tests of the document. Rule: times are fixed, so documents are equal.
import { analyze } from "@/lib/analysis";
import { demoMesh, demoPositions, digestOf } from "@/lib/mesh";
import type { DocumentInput } from "../types";

export function demoInput(): DocumentInput {
  const document = demoMesh();
  const digest = digestOf(document);
  return {
    mesh: { name: "Demo shop", slug: "shop" },
    at: "r3",
    digest,
    frozenAt: "2026-11-21T08:00:00.000Z",
    author: "Ada Author",
    message: "25 % of payments go to v2",
    madeAt: "2026-11-21T09:00:00.000Z",
    document,
    positions: demoPositions(),
    proxies: [
      { owner: "checkout-v1", listeners: ["inbound", "outbound"], routes: 2, clusters: 6 },
      { owner: "shop-gateway", listeners: ["gateway-shop-gateway"], routes: 1, clusters: 2 },
    ],
    reviews: [
      {
        number: 4,
        title: "25 % of payments go to v2",
        what: "A quarter of checkout's calls to payment go to version 2; catalog may not call payment at all.",
        why: "Version 2 books in half the time. Catalog has never called payment, and now it cannot.",
        state: "approved-with-conditions",
        author: "Ada Author",
        decidedAt: "2026-11-21T08:30:00.000Z",
        revision: 3,
        digest,
        votes: [
          { voter: "Rita Reviewer", role: "reviewer", decision: "approve-with-conditions", comment: "Watch p99." },
        ],
        conditions: [
          {
            id: "c1",
            text: "An alert on 403 of payment",
            owner: "payments",
            dueOn: "2026-12-01",
            beforeDeploy: true,
            metAt: "2026-11-21T08:45:00.000Z",
            metBy: "Olga Operator",
            setBy: "Rita Reviewer",
          },
        ],
        openQuestions: ["When does version 1 go away?"],
      },
    ],
    environments: [
      {
        name: "local",
        rule: { kind: "approved", quorum: 1, roles: ["reviewer", "administrator"] },
        running: 3,
        instances: 11,
        proxies: { total: 11, ready: 11 },
        lastDeployments: [{ revision: 3, state: "done", by: "Olga Operator", at: "2026-11-21T08:50:00.000Z" }],
      },
    ],
    controls: [
      {
        id: "TLS-01",
        title: "Mutual TLS everywhere",
        design: "pass",
        compiled: "pass",
        live: "pass",
        provedAt: "2026-11-21T08:52:00.000Z",
        summary: "All services are strict.",
      },
      {
        id: "RL-03",
        title: "Every call ends",
        design: "fail",
        compiled: "fail",
        live: "not-measured",
        provedAt: null,
        summary: "cart has no timeout.",
      },
    ],
    risks: analyze(document).map(({ code, severity, message, cause }) => ({
      code,
      severity,
      message,
      cause,
      accepted: null,
    })),
  };
}
