// How the control plane and a sidecar stand to each other: the same for every mesh, with this mesh's names in it.
// The rule: it says what is true of the product that serves the mesh; what another product does is not drawn as ours.
import { escapeXml, svg } from "./diagrams";

export function controlPlane({ trustDomain, workloads }: { trustDomain: string; workloads: number }): {
  svg: string;
  mermaid: string;
} {
  const box = (x: number, y: number, width: number, title: string, lines: string[], fill = "#f4f5f8") =>
    `<rect x="${x}" y="${y}" width="${width}" height="${28 + lines.length * 14}" fill="${fill}" stroke="#8a93a3"/><text x="${x + 10}" y="${y + 19}" font-size="12.5" font-weight="bold" fill="#171b22">${escapeXml(title)}</text>${lines
      .map(
        (line, place) =>
          `<text x="${x + 10}" y="${y + 36 + place * 14}" font-size="10.5" fill="#171b22">${escapeXml(line)}</text>`,
      )
      .join("")}`;
  const arrow = (x1: number, y1: number, x2: number, y2: number, label: string, lx: number, ly: number) => {
    const angle = Math.atan2(y2 - y1, x2 - x1);
    const tip = (turn: number) =>
      `${(x2 - 7 * Math.cos(angle + turn)).toFixed(1)},${(y2 - 7 * Math.sin(angle + turn)).toFixed(1)}`;
    return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="#545d6b" stroke-width="1.2"/><polygon points="${x2},${y2} ${tip(0.45)} ${tip(-0.45)}" fill="#545d6b"/><text x="${lx}" y="${ly}" font-size="10" fill="#545d6b">${escapeXml(label)}</text>`;
  };
  return {
    svg: svg(560, 262, [
      box(6, 16, 146, "Web and API", ["drafts, revisions, reviews", "write what is wanted"]),
      box(206, 16, 146, "PostgreSQL", ["design, desired state,", "events, hash-chained"]),
      box(406, 16, 148, "Control plane", ["compiles per proxy", "ADS, SDS, scraper, CA", `of ${trustDomain}`]),
      box(206, 176, 146, "Agent", ["one per machine,", "starts and adopts sidecars"]),
      box(
        406,
        176,
        148,
        `${workloads} workloads`,
        ["app on loopback; sidecar:", "inbound in mutual TLS,", "outbound by Host"],
        "#eceaff",
      ),
      arrow(152, 48, 206, 48, "desired", 160, 42),
      arrow(352, 48, 406, 48, "notify", 364, 42),
      arrow(500, 92, 500, 176, "ADS, SDS", 506, 128),
      arrow(450, 176, 450, 92, "ACK, metrics", 384, 142),
      arrow(352, 208, 406, 208, "runs", 368, 202),
    ]),
    mermaid: [
      "flowchart LR",
      '  web["Web and API"] -->|desired state| db[("PostgreSQL")]',
      '  db -->|notify| cp["Control plane: compile, ADS, SDS, CA"]',
      `  cp -->|xDS over mTLS| side["${workloads} sidecars of ${trustDomain}"]`,
      "  side -->|ACK, NACK, metrics| cp",
      '  agent["Agent, one per machine"] -->|starts| side',
    ].join("\n"),
  };
}
