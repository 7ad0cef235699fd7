// Manifests that others wrote: what is right in them gets no finding, and what is said of them is true and named here.
// The rule: a file stands alone or with what it belongs to; services and gateways that it refers to and does not bring are laid under it.
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { analyze } from "@/lib/analysis";
import { wrongValues } from "@/lib/dialects/field-types";
import { validateDocument } from "@/lib/mesh";
import { designOfManifests } from "./manifests";
import { files, folder, textOf, worldOf } from "./testing/foreign";

/** Said of nearly every sample, and true: no policy restricts who calls, and subsets stand ready for a route of another file. */
const OF_SAMPLES = ["warning MW1041", "info MW1044"];

/** Findings that are right, by file: what is so there. */
const RIGHT: readonly [RegExp, string, string][] = [
  [
    /bookinfo-networking\/|bookinfo-kube\/bookinfo-ratings/,
    "warning MW1014",
    "details-v2 and ratings-v2 run as the default account",
  ],
  [/bookinfo-networking\//, "info MW1004", "no workload has version v2-mysql-vm: it is a virtual machine"],
  [/ratings-mysql-vm/, "error MW1004", "calls are sent to that virtual machine, which these files lack"],
  [/certmanager-gateway/, "warning MW1013", "cert-manager makes that service while it solves a challenge"],
  [/fault-injection-details/, "warning MW1006", "the first rule aborts every call, so the second takes none"],
  [/fault-injection-details|ratings-test-(abort|delay)/, "warning MW1045", "faults are what the sample shows"],
  [
    /http-allow-(empty-rule|host-before|path)|http-multiple-policies|principal-with-wildcard|tcp-dry-run-mix/,
    "warning MW1019",
    "a rule without a source, or for every principal",
  ],
  [/http-trust-domains/, "warning MW1019", "everybody but two trust domains"],
  [/http-trust-domains/, "warning MW1020", "every identity of a trust domain"],
  [/http-allow-full-rule/, "warning MW1020", "*-suffix-principal, principal-prefix-*"],
  [/http-multiple-policies/, "error MW1019", "httpbin-4 lets anybody call its ports"],
  [/principal-with-wildcard/, "warning MW1020", "*/ns/foo/sa/..."],
  [/http-redirect-path/, "error MW1038", "every path is redirected to /foo, /foo too"],
  [
    /http-(multiple-policies|allow-full-rule|single-policy)|tcp-(allow|audit|deny)-(both-http-tcp|only-http)/,
    "warning MW1052",
    "they ask of tokens, and no RequestAuthentication stands beside them",
  ],
  [/http-request-mirroring/, "info MW1054", "the rule copies every method, and foo-v2 is a service of its own"],
  [/-custom-/, "error MW1060", "they name a provider, and no MeshConfig stands beside them"],
  [/gateway-api\/http-rewrite/, "warning MW1045", "a rule without a backend answers 500"],
];

function findingsOf(file: string): string[] {
  const choice = file.includes("gateway-api/") ? "gateway-api" : "istio";
  const read = designOfManifests({ choice, defaultNamespace: undefined }, worldOf(file));
  if (!read.ok) return read.violations.map(({ path: at, message }) => `${at} ${message}`);
  const { document, source } = read.design;
  const found = analyze(document, { source }).map(({ severity, code, message }) => `${severity} ${code} ${message}`);
  return [...validateDocument(document).map(({ path: at, message }) => `${at} ${message}`), ...found];
}

test("there are at least 150 documents of others, each with its licence", () => {
  const count = files.flatMap((file) => parseAllDocuments(textOf(file).text)).filter((each) => each.contents !== null);
  expect(count.length).toBeGreaterThanOrEqual(150);
  for (const project of ["istio", "gateway-api"])
    expect(readFileSync(path.join(folder, project, "LICENSE"), "utf8")).toContain("Apache License");
});

test("what is right in them gets no finding, and each finding is one that is known to be right", () => {
  const unexpected: string[] = [];
  const seen = new Set<number>();
  for (const file of files) {
    for (const finding of findingsOf(file)) {
      if (OF_SAMPLES.some((each) => finding.startsWith(each))) continue;
      const known = RIGHT.findIndex(([pattern, start]) => pattern.test(file) && finding.startsWith(start));
      if (known < 0) unexpected.push(`${file}: ${finding}`);
      seen.add(known);
    }
  }
  expect(unexpected).toEqual([]);
  // a line of the list that nothing needs any more is to be taken out
  expect(RIGHT.flatMap(([, start, why], i) => (seen.has(i) ? [] : [`${start}: ${why}`]))).toEqual([]);
});

test("every field of theirs is of the type that the published schemas have", () => {
  const wrong = files.flatMap((file) =>
    parseAllDocuments(textOf(file).text).flatMap((each) => {
      const value = each.toJS() as { apiVersion: string; kind: string } | null;
      const [group = ""] = value?.apiVersion.includes("/") ? value.apiVersion.split("/") : [];
      return value === null ? [] : wrongValues({ group, kind: value.kind, value, most: 10 }).map((one) => [file, one]);
    }),
  );
  expect(wrong).toEqual([]);
});
