import { expect, test } from "vitest";
import { applyCommand, buildIndex, demoMesh, digestOf, type MeshDocument } from "@/lib/mesh";
import { ruleWords } from "@/lib/mesh/policies/effect-authorization";
import { exportIstio, importIstio } from ".";

const written = (rules: object[], action = "ALLOW") =>
  JSON.stringify({
    apiVersion: "security.istio.io/v1",
    kind: "AuthorizationPolicy",
    metadata: { name: "exceptions", namespace: "production" },
    spec: { selector: { matchLabels: { app: "cart" } }, action, rules },
  });

function imported(text: string, document = demoMesh()) {
  const { commands, violations, warnings } = importIstio(text, { document });
  expect(violations).toEqual([]);
  const applied = applyCommand(document, {}, { type: "batch", commands });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  const policy = policyOf(applied.document);
  return { document: applied.document, policy, warnings };
}

const policyOf = (document: MeshDocument) =>
  buildIndex(document).find("AuthorizationPolicy", "AuthorizationPolicy/production/exceptions");

const exported = (document: MeshDocument) =>
  exportIstio(document).resources.find(({ metadata }) => metadata.name === "exceptions")?.spec["rules"];

const FULL = [
  {
    from: [
      {
        source: {
          principals: ["cluster.local/ns/a/sa/*"],
          notPrincipals: ["cluster.local/ns/a/sa/b"],
          namespaces: ["shop-*"],
          notNamespaces: ["edge", "*-test"],
          ipBlocks: ["10.0.0.0/8", "192.168.7.9", "2001:db8::/32"],
          notIpBlocks: ["10.9.0.0/16"],
          remoteIpBlocks: ["203.0.113.0/24"],
          notRemoteIpBlocks: ["203.0.113.9"],
        },
      },
    ],
    to: [
      {
        operation: {
          methods: ["P*"],
          notMethods: ["PATCH"],
          paths: ["/a/{*}/b", "/c/{**}"],
          notPaths: ["*/secret"],
          ports: ["8080"],
          notPorts: ["9090"],
          hosts: ["cart.*"],
          notHosts: ["*.test"],
        },
      },
    ],
    when: [
      { key: "request.headers[:method]", values: ["POST"] },
      { key: "source.ip", values: ["10.1.0.0/16"], notValues: ["10.1.1.1"] },
      { key: "remote.ip", notValues: ["203.0.113.77"] },
      { key: "source.principal", values: ["*/sa/c"] },
      { key: "source.namespace", notValues: ["edge"] },
      { key: "destination.ip", values: ["10.2.0.0/16"] },
      { key: "destination.port", values: ["8080"], notValues: ["8081"] },
      { key: "connection.sni", values: ["*.cart"] },
      { key: "experimental.envoy.filters.http.acme[tenant][name]", values: ["blue*"] },
    ],
  },
];

test("exceptions, addresses, templates and conditions come in and go out as they were", () => {
  const { document, policy, warnings } = imported(written(FULL));
  expect(warnings).toEqual([]);
  expect(policy?.spec.rules[0]).toMatchObject({
    from: [{ addresses: ["10.0.0.0/8", "192.168.7.9", "2001:db8::/32"], notClientAddresses: ["203.0.113.9"] }],
    to: [
      {
        notPorts: [9090],
        hosts: ["cart.*"],
        headers: [
          { name: ":authority", type: "regex", values: ["(?i).+\\.test"], invert: true },
          { name: ":method", type: "exact", values: ["POST"] },
        ],
      },
    ],
    when: [
      { of: "address" },
      { of: "clientAddress" },
      {},
      {},
      {},
      {},
      {},
      { name: "envoy.filters.http.acme[tenant][name]" },
    ],
  });
  expect(policy?.metadata.origin?.kept).toBeUndefined();
  expect(exported(document)).toEqual(FULL);
  const again = imported(exportIstio(document).text, document);
  expect(digestOf({ objects: again.policy ? [again.policy] : [] })).toBe(digestOf({ objects: policy ? [policy] : [] }));
});

test("accounts and trust domains are patterns of principals, alone and as exceptions", () => {
  const from = (source: object) => imported(written([{ from: [{ source }] }])).policy?.spec.rules[0]?.from;
  expect(from({ trustDomains: ["a.local", "b*"] })).toEqual([{ principals: ["a.local/*", "b*"] }]);
  expect(from({ notTrustDomains: ["a.local"], notServiceAccounts: ["x/y"], notPrincipals: ["p"] })).toEqual([
    { notPrincipals: ["p", "shop.mesh.local/ns/x/sa/y", "a.local/*"] },
  ]);
});

test("a trust domain beside principals would be another condition: the policy is left out whole", () => {
  const { policy, warnings } = imported(
    written([{ from: [{ source: { principals: ["a"], trustDomains: ["a.local"] } }] }]),
  );
  expect(policy).toBeUndefined();
  expect(warnings[0]).toMatchObject({ verdict: "lost", changesMeaning: true });
});

test("two lists for the token are two conditions", () => {
  const rules = [
    {
      from: [{ source: { requestPrincipals: ["a/b"] } }],
      when: [{ key: "request.auth.principal", values: ["c/d"], notValues: ["e/f"] }],
    },
  ];
  const { document, policy } = imported(written(rules));
  expect(policy?.spec.rules[0]?.when).toEqual([{ of: "token", values: ["c/d"], notValues: ["e/f"] }]);
  expect(exported(document)).toEqual(rules);
});

test.each([
  [{ ipBlocks: ["10.0.0.300"] }, "addresses"],
  [{ notIpBlocks: ["10.0.0.0/33"] }, "notAddresses"],
  [{ remoteIpBlocks: ["somewhere"] }, "clientAddresses"],
])("%j is refused with its place", (source, field) => {
  const { violations } = importIstio(written([{ from: [{ source }] }]), { document: demoMesh() });
  expect(violations[0]).toMatchObject({ message: expect.stringContaining("must be an IP address or a range") });
  expect(violations[0]?.path).toContain(`from[0].${field}[0]`);
});

test("metadata that no Istio filter leaves is told, and refuses more", () => {
  const { document } = imported(written([{}]));
  const objects = document.objects.map((each) =>
    each.kind === "AuthorizationPolicy" && each.metadata.name === "exceptions"
      ? {
          ...each,
          spec: { ...each.spec, rules: [{ when: [{ of: "metadata" as const, name: "acme[x]", values: ["y"] }] }] },
        }
      : each,
  );
  expect(exported({ objects })).toEqual([]);
  const { losses } = exportIstio({ objects });
  expect(losses).toContainEqual(expect.objectContaining({ path: "spec.rules[0].when", verdict: "lost" }));
});

test("a rule with exceptions is one sentence", () => {
  const { policy } = imported(
    written(
      [
        {
          from: [{ source: { ipBlocks: ["10.0.0.0/8"], notNamespaces: ["edge"] } }],
          to: [{ operation: { notPaths: ["/healthz"] } }],
          when: [{ key: "destination.port", values: ["8080"] }],
        },
      ],
      "DENY",
    ),
  );
  const [rule] = policy?.spec.rules ?? [];
  expect(policy && rule && ruleWords(rule, policy)).toBe(
    "Anybody from 10.0.0.0/8 except namespace edge may not use anything except /healthz of cart where the port is 8080",
  );
});
