import { describe, expect, test } from "vitest";
import { clientEdgeMesh } from "@/lib/compile/testing/client-edge";
import { demoMesh, demoPositions, digestOf, type MeshDocument, validateDocument } from "@/lib/mesh";
import { dataPlane } from "./diagrams";
import { designDocument, toMarkdown } from "./index";
import { demoInput } from "./testing/demo-input";

const document = demoMesh();

describe("the document", () => {
  const made = designDocument(demoInput());
  const headings = made.blocks.flatMap((block) => (block.kind === "heading" && block.level === 1 ? [block.text] : []));

  test("has its sections in a fixed order", () => {
    expect(headings).toEqual([
      "1 Purpose",
      "2 Control plane",
      "3 Data plane",
      "4 Who calls whom",
      "5 Proxy configuration",
      "6 Policies",
      "7 Identity",
      "8 Controls",
      "9 Risks",
      "10 Decisions",
      "11 Rollout plan",
      "Appendix: policies as YAML",
    ]);
  });

  test("names each service, each policy and each SPIFFE ID", () => {
    const text = toMarkdown(made);
    for (const { kind, metadata } of document.objects) {
      if (kind === "Service") expect(text).toContain(metadata.name.replaceAll("_", "\\_"));
    }
    expect(text).toContain("spiffe://shop.mesh.local/ns/production/sa/checkout");
    expect(text).toContain("```mermaid");
  });

  test("has no empty cell: what is not known is said so", () => {
    for (const block of made.blocks) {
      if (block.kind !== "table") continue;
      expect(block.rows.flat().filter((cell) => cell.trim() === "")).toEqual([]);
      expect(new Set(block.rows.map(({ length }) => length))).toEqual(new Set([block.head.length]));
    }
  });

  test("carries the digest at both ends", () => {
    const without = toMarkdown({ ...made, digest: "" });
    expect(toMarkdown(made).split(made.digest)).toHaveLength(2 + without.split(made.digest).length);
  });

  test("is the same for the same input", () => {
    expect(toMarkdown(designDocument(demoInput()))).toBe(toMarkdown(made));
  });
});

describe("Markdown", () => {
  const hostile = "x](http://evil) | y\n# not a heading `code` <script>";
  const text = toMarkdown({
    title: hostile,
    subtitle: "",
    digest: "d",
    blocks: [
      { kind: "table", head: ["a"], rows: [[hostile]], widths: ["*"] },
      { kind: "code", language: "yaml", text: "```\nescape" },
    ],
  });

  test("keeps text of the design text", () => {
    expect(text).not.toMatch(/[^\\]\]\(http/);
    expect(text).not.toContain("<script>");
    expect(text).not.toMatch(/^# not a heading/m);
    expect(text).toContain("\\|");
    expect(text).toContain("````yaml");
  });
});

describe("the diagram of the data plane", () => {
  test("draws each box and line once, in one colour scheme that paper takes", () => {
    const { svg, mermaid } = dataPlane(document, demoPositions());
    const dependencies = document.objects.filter(({ kind }) => kind === "Dependency").length;
    expect(svg.match(/<polygon /g)).toHaveLength(dependencies);
    expect(mermaid.match(/-->/g)).toHaveLength(dependencies);
    expect(svg).not.toContain("NaN");
  });

  test("lays out what nobody placed, also in a circle", () => {
    const places = [...dataPlane(document, {}).svg.matchAll(/<rect x="(\d+)" y="(\d+)" width="128"/g)].map(
      ([, x, y]) => `${x} ${y}`,
    );
    expect(new Set(places).size).toBe(places.length);
    const circle: MeshDocument = { objects: document.objects.map((each) => each) };
    expect(validateDocument(circle)).toEqual([]);
  });

  test("escapes names", () => {
    const named = structuredClone(document);
    const service = named.objects.find(({ kind }) => kind === "Service");
    if (service?.kind === "Service") service.spec.owner = '<"&>';
    const { svg, mermaid } = dataPlane(named, {});
    expect(svg).toContain("&lt;&quot;&amp;&gt;");
    expect(mermaid).not.toContain('<"');
  });

  test("of a large mesh is drawn by namespace, with the dependencies counted", () => {
    const large: MeshDocument = {
      objects: [1, 2, 3, 4, 5].flatMap((place) =>
        demoMesh().objects.map((object) =>
          object.kind === "Mesh"
            ? object
            : ({ ...object, metadata: { ...object.metadata, namespace: `n${place}` } } as typeof object),
        ),
      ),
    };
    const { svg, note } = dataPlane(large, {});
    expect(svg).toContain("namespace n3");
    expect(note).toMatch(/by namespace/);
  });
});

test("says of each listener of a gateway what is asked of its clients, and where plain HTTP goes", () => {
  const text = toMarkdown(designDocument({ ...demoInput(), document: clientEdgeMesh() }));
  expect(text).toContain("https 443 for shop.example.com (clients have to show a certificate)");
  expect(text).toMatch(/http 80 for .*\.example\.com \(sent on to HTTPS\)/);
});

test("the digest is that of the design", () => {
  expect(demoInput().digest).toBe(digestOf(document));
});
