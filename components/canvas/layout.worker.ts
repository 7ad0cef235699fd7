// Lays a graph out off the main thread. Job: elkjs' layered algorithm on plain boxes. Rule: in, out, nothing kept.
import ELK from "elkjs/lib/elk.bundled.js";
import type { LayoutAnswer, LayoutQuestion } from "./layout";

const elk = new ELK();

self.onmessage = async (message: MessageEvent<LayoutQuestion>) => {
  const { id, nodes, edges, width, height } = message.data;
  const answer: LayoutAnswer = await elk
    .layout({
      id: "root",
      layoutOptions: {
        "elk.algorithm": "layered",
        "elk.direction": "RIGHT",
        "elk.layered.spacing.nodeNodeBetweenLayers": "140",
        "elk.spacing.nodeNode": "44",
        "elk.spacing.componentComponent": "80",
        "elk.aspectRatio": "1.6",
        "elk.layered.nodePlacement.strategy": nodes.length > 300 ? "SIMPLE" : "NETWORK_SIMPLEX",
        "elk.layered.thoroughness": nodes.length > 300 ? "2" : "7",
      },
      children: nodes.map((node) => ({ id: node, width, height })),
      edges: edges.map(({ from, to }, index) => ({ id: `e${index}`, sources: [from], targets: [to] })),
    })
    .then(
      (graph) => ({
        id,
        positions: Object.fromEntries(
          (graph.children ?? []).map((child) => [
            child.id,
            { x: Math.round(child.x ?? 0), y: Math.round(child.y ?? 0) },
          ]),
        ),
      }),
      (error: unknown) => ({ id, error: error instanceof Error ? error.message : String(error) }),
    );
  self.postMessage(answer);
};
