// SARIF 2.1.0: what code scanning and editors read. Findings and controls become results of one run.
// One rule: a rule id and a fingerprint never change for the same thing, so that a platform can tell new from old.

export type SarifLevel = "error" | "warning" | "note" | "none";
type Kind = "pass" | "fail" | "notApplicable" | "review" | "open";

export interface SarifRule {
  id: string;
  title: string;
  description?: string;
  helpUri?: string;
}

export interface SarifResult {
  ruleId: string;
  level: SarifLevel;
  kind?: Kind;
  message: string;
  /** Names the same problem in every run. */
  fingerprint: string;
  /** Object keys of the design, the one to change first. */
  objects?: readonly string[];
  file?: { uri: string; line?: number | undefined } | undefined;
  /** Why it is accepted, when it is. */
  suppression?: { justification: string; status: "accepted" | "underReview" } | undefined;
  properties?: Readonly<Record<string, string | number | boolean | null>>;
}

export interface SarifOptions {
  toolVersion: string;
  /** Tells this analysis from others of the same commit; the same in every run. */
  category: string;
  rules: readonly SarifRule[];
  at?: string;
  properties?: Readonly<Record<string, string | number | boolean | null>>;
}

export const SARIF_SCHEMA =
  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/** A SARIF log with one run. Plain data: JSON.stringify it. */
export function sarifLog(results: readonly SarifResult[], options: SarifOptions): Record<string, unknown> {
  const indexOf = new Map(options.rules.map((rule, index) => [rule.id, index]));
  return {
    $schema: SARIF_SCHEMA,
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "Meshwright",
            version: options.toolVersion,
            rules: options.rules.map((rule) => ({
              id: rule.id,
              shortDescription: { text: rule.title },
              ...(rule.description ? { fullDescription: { text: rule.description } } : {}),
              ...(rule.helpUri ? { helpUri: rule.helpUri } : {}),
            })),
          },
        },
        automationDetails: { id: `${options.category}/` },
        columnKind: "utf16CodeUnits",
        invocations: [{ executionSuccessful: true, ...(options.at ? { endTimeUtc: options.at } : {}) }],
        results: results.map((result) => toResult(result, indexOf)),
        ...(options.properties ? { properties: options.properties } : {}),
      },
    ],
  };
}

function toResult(result: SarifResult, indexOf: ReadonlyMap<string, number>): Record<string, unknown> {
  const { ruleId, level, kind, message, fingerprint, suppression, properties } = result;
  const ruleIndex = indexOf.get(ruleId);
  const locations = locationsOf(result);
  return {
    ruleId,
    ...(ruleIndex === undefined ? {} : { ruleIndex }),
    // A result that is no failure has no level (SARIF 2.1.0, section 3.27.10).
    level: kind && kind !== "fail" ? "none" : level,
    ...(kind ? { kind } : {}),
    message: { text: message },
    partialFingerprints: { "meshwright/v1": fingerprint },
    ...(locations.length > 0 ? { locations } : {}),
    ...(suppression ? { suppressions: [{ kind: "external", ...suppression }] } : {}),
    ...(properties ? { properties } : {}),
  };
}

function locationsOf({ objects = [], file }: SarifResult): unknown[] {
  const logicalLocations = objects.map((key) => ({
    name: key.split("/").at(-1) ?? key,
    fullyQualifiedName: key,
    kind: "resource",
  }));
  if (!file && logicalLocations.length === 0) return [];
  const region = file?.line === undefined ? {} : { region: { startLine: file.line } };
  return [
    {
      ...(file ? { physicalLocation: { artifactLocation: { uri: file.uri }, ...region } } : {}),
      ...(logicalLocations.length > 0 ? { logicalLocations } : {}),
    },
  ];
}

/** What an analyzer says, as far as SARIF needs it. */
export interface SarifFinding {
  code: string;
  severity: "error" | "warning" | "info";
  message: string;
  cause: string;
  refs: readonly string[];
  path?: string | undefined;
  id?: string | undefined;
}

export interface FindingsOptions {
  toolVersion: string;
  category?: string;
  rules: readonly SarifRule[];
  /** Where a finding stands in the text that was read; absent: the object's key alone says it. */
  placeOf?(finding: SarifFinding): { uri: string; line?: number | undefined } | undefined;
  /** Findings that somebody accepted. */
  acceptedOf?(finding: SarifFinding): { reason: string } | undefined;
}

const LEVEL: Readonly<Record<SarifFinding["severity"], SarifLevel>> = {
  error: "error",
  warning: "warning",
  info: "note",
};

/** Findings of a design as a SARIF log. */
export function findingsToSarif(findings: readonly SarifFinding[], options: FindingsOptions): Record<string, unknown> {
  const results = findings.map((finding): SarifResult => {
    const accepted = options.acceptedOf?.(finding);
    return {
      ruleId: finding.code,
      level: LEVEL[finding.severity],
      message: `${finding.message} ${finding.cause}`,
      fingerprint: finding.id ?? [finding.code, finding.refs[0] ?? "", finding.path ?? ""].join("|"),
      objects: finding.refs,
      file: options.placeOf?.(finding),
      suppression: accepted && { justification: accepted.reason, status: "accepted" },
      ...(finding.path ? { properties: { path: finding.path } } : {}),
    };
  });
  const known = new Set(options.rules.map((rule) => rule.id));
  const missing = [...new Set(findings.map((finding) => finding.code))].filter((code) => !known.has(code));
  const rules = [...options.rules, ...missing.map((id) => ({ id, title: id }))];
  return sarifLog(results, {
    toolVersion: options.toolVersion,
    category: options.category ?? "meshwright/findings",
    rules,
  });
}
