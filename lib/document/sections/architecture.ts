// Sections 1 to 4: purpose, control plane, data plane, who calls whom.
import { buildIndex, type Listener, type ObjectKey, objectKey, parseKey, refKey, serviceAccountOf } from "@/lib/mesh";
import { clientsText } from "@/lib/mesh/diff/gateway-sentences";
import { controlPlane } from "../control-plane-diagram";
import { dataPlane } from "../diagrams";
import type { Block } from "../schema";
import type { DocumentInput } from "../types";
import { count, day, NOT_STATED, orNot } from "../words";

const MOST_ROWS = 300;
const nameOf = (key: ObjectKey) => parseKey(key)?.name ?? key;

export function purpose(input: DocumentInput): Block[] {
  const index = buildIndex(input.document);
  const mesh = index.mesh;
  const review = input.reviews.find(({ digest }) => digest === input.digest);
  return [
    { kind: "heading", level: 1, text: "1 Purpose" },
    { kind: "paragraph", text: mesh?.spec.description ?? "The design does not say what this mesh is for." },
    ...(review
      ? ([
          { kind: "paragraph", text: `This revision: ${review.title}. ${review.what}`.trim() },
          ...(review.why ? ([{ kind: "paragraph", text: `Why: ${review.why}` }] as const) : []),
        ] satisfies Block[])
      : input.message
        ? ([{ kind: "paragraph", text: `This revision: ${input.message}` }] satisfies Block[])
        : []),
    {
      kind: "facts",
      rows: [
        ["Mesh", `${input.mesh.name} (${input.mesh.slug})`],
        ["Owner", orNot(mesh?.spec.ownerTeam)],
        ["Product", orNot(mesh?.spec.product)],
        ["Revision", input.at],
        [
          "Frozen",
          input.frozenAt ? `${day(input.frozenAt)} by ${orNot(input.author)}` : "not frozen: this is the draft",
        ],
        [
          "Size",
          [
            count(index.all("Service").length, "service"),
            count(index.all("Workload").length, "workload"),
            count(index.all("Dependency").length, "dependency", "dependencies"),
            count(index.all("Gateway").length, "gateway"),
            count(index.all("ExternalService").length, "external service"),
          ].join(", "),
        ],
        ["Review", review ? `#${review.number}, ${review.state.replaceAll("-", " ")}` : "none of this revision"],
      ],
    },
  ];
}

export function architecture(input: DocumentInput): Block[] {
  const index = buildIndex(input.document);
  const trustDomain = index.mesh?.spec.trustDomain ?? NOT_STATED;
  const plane = controlPlane({ trustDomain, workloads: index.all("Workload").length });
  const data = dataPlane(input.document, input.positions);
  return [
    { kind: "heading", level: 1, text: "2 Control plane" },
    {
      kind: "paragraph",
      text: "The design is compiled per proxy to Envoy v3 resources and served over ADS; certificates come over SDS. The control plane never carries traffic: when it stops, proxies keep their last accepted configuration and their certificates until these end. What counts as running is the digest that a proxy reports, never the one that was sent.",
    },
    { kind: "diagram", title: "Control plane and sidecars", wide: false, ...plane },
    { kind: "heading", level: 1, text: "3 Data plane" },
    {
      kind: "paragraph",
      text: "Each workload instance has one sidecar. Capture is explicit: the app listens on loopback, its sidecar takes inbound calls in mutual TLS and outbound calls by their Host.",
    },
    { kind: "diagram", title: "Services and dependencies", wide: true, svg: data.svg, mermaid: data.mermaid },
    { kind: "paragraph", text: data.note },
    ...gateways(input),
    ...boundaries(input),
    ...services(input),
    ...sidecars(input),
    ...dependencies(input),
  ];
}

/** `https 443 for shop.example.com (clients have to show a certificate)` */
function listenerText({ protocol, port, hosts, tls, httpsRedirect }: Listener): string {
  const asked = tls?.clients ? [clientsText(tls.clients)] : [];
  const said = [...asked, ...(httpsRedirect ? ["sent on to HTTPS"] : [])];
  return `${protocol} ${port} for ${hosts.join(", ")}${said.length > 0 ? ` (${said.join(", ")})` : ""}`;
}

function gateways({ document }: DocumentInput): Block[] {
  const rows = buildIndex(document)
    .all("Gateway")
    .map(({ metadata, spec }) => [
      metadata.name,
      spec.type,
      spec.listeners.map(listenerText).join("; "),
      orNot(spec.owner),
    ]);
  return [
    { kind: "heading", level: 2, text: "3.1 Gateways" },
    rows.length > 0
      ? { kind: "table", head: ["Gateway", "Type", "Listeners", "Owner"], rows, widths: ["auto", "auto", "*", "auto"] }
      : { kind: "paragraph", text: "The mesh has no gateway: nothing enters it from outside." },
  ];
}

function boundaries({ document }: DocumentInput): Block[] {
  const all = buildIndex(document).all("TrustBoundary");
  return [
    { kind: "heading", level: 2, text: "3.2 Trust boundaries" },
    all.length > 0
      ? {
          kind: "list",
          items: all.map(({ metadata, spec }) => {
            const members = spec.members.map((member) =>
              "namespace" in member ? `namespace ${member.namespace}` : member.service.name,
            );
            return `${metadata.name}: ${members.join(", ") || "nobody yet"}. ${spec.description ?? ""}`.trim();
          }),
        }
      : {
          kind: "paragraph",
          text: "No trust boundary is drawn. The mesh's own edge is the only one: its gateways and its external services.",
        },
  ];
}

function services({ document }: DocumentInput): Block[] {
  const rows = buildIndex(document)
    .all("Service")
    .slice(0, MOST_ROWS)
    .map(({ metadata, spec }) => [
      metadata.name,
      orNot(spec.owner),
      orNot(spec.criticality),
      orNot(spec.dataClass),
      spec.ports.map(({ protocol, port }) => `${protocol} ${port}`).join(", "),
      spec.slo ? sloText(spec.slo) : NOT_STATED,
    ]);
  return [
    { kind: "heading", level: 2, text: "3.3 Services" },
    {
      kind: "table",
      head: ["Service", "Owner", "Criticality", "Data", "Ports", "Objective"],
      rows,
      widths: ["*", "auto", "auto", "auto", "auto", "*"],
    },
  ];
}

function sloText(slo: {
  availability?: number | undefined;
  latency?: { thresholdMs: number; percentile: number } | undefined;
  windowDays?: number | undefined;
}): string {
  const parts = [
    slo.availability === undefined ? "" : `${Math.round(slo.availability * 100_000) / 1_000} % available`,
    slo.latency ? `p${slo.latency.percentile} under ${slo.latency.thresholdMs} ms` : "",
  ].filter(Boolean);
  return parts.length > 0 ? `${parts.join(", ")}${slo.windowDays ? ` in ${slo.windowDays} days` : ""}` : NOT_STATED;
}

function sidecars({ document }: DocumentInput): Block[] {
  const rows = buildIndex(document)
    .all("Workload")
    .slice(0, MOST_ROWS)
    .map((workload) => ({ workload, metadata: workload.metadata, spec: workload.spec }))
    .map(({ workload, metadata, spec }) => [
      metadata.name,
      `${spec.service ?? "no service"} ${spec.version}`,
      String(spec.replicas ?? 1),
      serviceAccountOf(workload) ?? metadata.name,
      spec.sidecar
        ? [
            spec.sidecar.cpuMillicores === undefined ? "" : `${spec.sidecar.cpuMillicores} m CPU`,
            spec.sidecar.memoryMb === undefined ? "" : `${spec.sidecar.memoryMb} MB`,
          ]
            .filter(Boolean)
            .join(", ")
        : NOT_STATED,
    ]);
  return [
    { kind: "heading", level: 2, text: "3.4 Workloads and their sidecars" },
    {
      kind: "table",
      head: ["Workload", "Runs", "Replicas", "Service account", "Sidecar's budget"],
      rows,
      widths: ["*", "*", "auto", "auto", "auto"],
    },
  ];
}

function dependencies({ document }: DocumentInput): Block[] {
  const all = buildIndex(document).all("Dependency");
  const rows = all
    .slice(0, MOST_ROWS)
    .map((each) => [
      `${nameOf(refKey(each.spec.from, each))} to ${nameOf(refKey(each.spec.to, each))}`,
      [each.spec.protocol, each.spec.port].filter((part) => part !== undefined).join(" ") || NOT_STATED,
      each.spec.expectedRequestsPerSecond === undefined ? NOT_STATED : `${each.spec.expectedRequestsPerSecond}/s`,
      orNot(each.spec.purpose),
    ]);
  return [
    { kind: "heading", level: 1, text: "4 Who calls whom" },
    {
      kind: "table",
      head: ["Dependency", "Protocol", "Expected", "Purpose"],
      rows,
      widths: ["auto", "auto", "auto", "*"],
    },
    ...(all.length > rows.length
      ? ([{ kind: "paragraph", text: `and ${all.length - rows.length} more, in the design itself.` }] satisfies Block[])
      : []),
  ];
}

/** Keys of services by service account. */
export function accountsOf({ document }: DocumentInput): Map<string, string[]> {
  const out = new Map<string, string[]>();
  for (const workload of buildIndex(document).all("Workload")) {
    const account = `${workload.metadata.namespace}/${serviceAccountOf(workload)}`;
    out.set(account, [...(out.get(account) ?? []), workload.metadata.name]);
  }
  for (const gateway of buildIndex(document).all("Gateway")) {
    const account = `${gateway.metadata.namespace}/${gateway.spec.serviceAccount ?? gateway.metadata.name}`;
    out.set(account, [...(out.get(account) ?? []), nameOf(objectKey(gateway))]);
  }
  return out;
}
