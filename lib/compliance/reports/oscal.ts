// OSCAL assessment results (1.2): what was examined and tested, what it says about NIST SP 800-53 controls, and open risks.
// One rule: only what was measured becomes a finding; a waiver leaves the finding as it is and becomes the risk's deadline.
import type { Waiver } from "../standing";
import type { Evidence, Layer } from "../types";
import { uuidOf } from "../uuid";
import { LAYER_WORDS, STATE_WORDS } from "../words";
import { applying, type ChecklistReport, type ReportRow, rowsOf } from "./checklist";

const OSCAL_VERSION = "1.2.3";
const NIST = "nist-800-53";

type Json = Record<string, unknown>;

export function checklistToOscal(report: ChecklistReport): Json {
  const rows = rowsOf({ ...report, framework: NIST });
  const id = (...parts: string[]) =>
    uuidOf(report.run?.id ?? `${report.design.digest} ${report.environment}`, ...parts);
  const plan = id("assessment-plan");
  const observations = rows.flatMap((row) => observationsOf(row, report, id));
  const measured = rows.filter(({ standing }) => ["pass", "fail", "waived"].includes(standing.state));
  const findings = measured.flatMap((row) => findingsOf(row, id));
  const risks = measured.filter(({ standing }) => standing.state !== "pass").map((row) => riskOf(row, id));
  const reviewed = [...new Set(rows.flatMap(idsOf))].sort();
  return {
    "assessment-results": {
      uuid: id("assessment-results"),
      metadata: {
        title: `Checklist of ${report.meshName} in ${report.environment}`,
        "last-modified": report.at,
        version: report.design.at,
        "oscal-version": OSCAL_VERSION,
        props: [
          { name: "design-digest", ns: NS, value: report.design.digest },
          { name: "tool", ns: NS, value: `Meshwright ${report.toolVersion}` },
        ],
      },
      "import-ap": { href: `#${plan}` },
      results: [
        {
          uuid: id("result"),
          title: `Controls of ${report.meshName}, ${report.design.at} in ${report.environment}`,
          description: "Each control is looked at in the design, in the compiled configuration and on running proxies.",
          start: report.run?.startedAt ?? report.at,
          ...(report.run ? { end: report.run.finishedAt } : {}),
          "reviewed-controls": {
            "control-selections": [
              reviewed.length > 0
                ? { "include-controls": reviewed.map((each) => ({ "control-id": each })) }
                : { description: "Nothing could be measured.", "include-all": {} },
            ],
          },
          ...list("observations", observations),
          ...list("findings", findings),
          ...list("risks", risks),
        },
      ],
      "back-matter": {
        resources: [
          {
            uuid: plan,
            title: "Assessment plan",
            description: "The catalogue of controls and probes that Meshwright ships: docs/reference/controls.md.",
          },
        ],
      },
    },
  };
}

const NS = "https://meshwright.dev/ns/oscal";

/** Empty arrays are refused by the schema. */
const list = (name: string, items: readonly unknown[]): Json => (items.length > 0 ? { [name]: items } : {});

/** `SC-8(1)` is `sc-8.1` in NIST's catalog. */
function idsOf({ mappings }: ReportRow): string[] {
  return mappings
    .filter(({ confidence }) => confidence === "primary")
    .flatMap(({ ids }) => ids.map((each) => each.toLowerCase().replace(/\((\d+)\)/, ".$1")));
}

type Id = (...parts: string[]) => string;

function observationsOf({ control, standing }: ReportRow, report: ChecklistReport, id: Id): Json[] {
  return applying(standing).map((layer) => {
    const { state, summary, measuredAt, expiresAt } = standing.layers[layer];
    const used =
      layer === "live"
        ? evidenceOf(
            standing.layers.live.subjects.flatMap((each) => each.evidence ?? []),
            report.evidence,
          )
        : [];
    return {
      uuid: id("observation", control.id, layer),
      title: `${control.id} ${LAYER_WORDS[layer]}: ${STATE_WORDS[state]}`,
      description: summary,
      methods: [methodOf(layer)],
      collected: measuredAt ?? report.at,
      ...(expiresAt ? { expires: expiresAt } : {}),
      props: [
        { name: "control", ns: NS, value: control.id },
        { name: "layer", ns: NS, value: layer },
        { name: "state", ns: NS, value: state },
      ],
      ...list(
        "relevant-evidence",
        used.map((each) => ({
          description: `${each.sentence} (${each.transcript.join("; ")})`,
          props: [{ name: "evidence-id", ns: NS, value: each.id }],
        })),
      ),
    };
  });
}

const methodOf = (layer: Layer) => (layer === "live" ? "TEST" : "EXAMINE");

function evidenceOf(ids: readonly string[], all: readonly Evidence[]): Evidence[] {
  const wanted = new Set(ids);
  return all.filter((each) => wanted.has(each.id));
}

function findingsOf(row: ReportRow, id: Id): Json[] {
  const { control, standing } = row;
  const isSatisfied = standing.state === "pass";
  return idsOf(row).map((target) => ({
    uuid: id("finding", control.id, target),
    title: `${control.id} ${control.title}`,
    description: `${control.asks} Supports ${target}: it does not satisfy the whole of it.`,
    target: {
      type: "statement-id",
      "target-id": `${target}_smt`,
      status: { state: isSatisfied ? "satisfied" : "not-satisfied", reason: isSatisfied ? "pass" : "fail" },
    },
    "related-observations": applying(standing).map((layer) => ({
      "observation-uuid": id("observation", control.id, layer),
    })),
    ...(isSatisfied ? {} : { "related-risks": [{ "risk-uuid": id("risk", control.id) }] }),
  }));
}

function riskOf({ control, standing }: ReportRow, id: Id): Json {
  const live = standing.waivers.filter(({ isLive }) => isLive).map(({ waiver }) => waiver);
  const isWaived = standing.state === "waived";
  const failing = applying(standing).flatMap((layer) =>
    standing.layers[layer].subjects.filter((each) => (each.was ?? each.state) === "fail").map(({ text }) => text),
  );
  return {
    uuid: id("risk", control.id),
    title: `${control.id} ${control.title}`,
    description: failing[0] ?? `${control.title} does not pass.`,
    statement: failing.join(" ") || control.asks,
    status: isWaived ? "deviation-approved" : "open",
    ...(isWaived ? { deadline: soonest(live) } : {}),
    ...list(
      "mitigating-factors",
      live.map((waiver) => ({
        uuid: id("mitigation", waiver.id),
        description: `${waiver.compensatingControl} (waived by ${waiver.grantedBy}: ${waiver.reason})`,
      })),
    ),
  };
}

const soonest = (waivers: readonly Waiver[]) => waivers.map(({ expiresAt }) => expiresAt).sort()[0];
