// The sentence over the topology. Rule: says the worst first, in numbers; says "not measured" when nothing was.
import { listInWords, plural } from "@/components/ui/format";
import type { Status } from "@/components/ui/status-words";
import { type Changes, changesInWords } from "./changes";

export interface AnswerInput {
  nodes: readonly { id: string; title: string; tone: Status; shape: string }[];
  edges: readonly { id: string; tone: Status; warning: string | null; line: string; sentence: string }[];
  /** Of the design, whatever is grouped on the picture. */
  services: number;
  dependencies: number;
  changes: Changes | null;
  /** Live state has not answered yet. */
  isReading: boolean;
  /** Live state could not be read. */
  liveError?: Error | null;
}

export interface TopologyAnswer {
  status: Status;
  text: string;
  /** What the sentence is about, where it is not everything: to be shown at a click. */
  about?: readonly string[];
}

const idsOf = (of: readonly { id: string }[]) => of.map(({ id }) => id);

export function answerOf(input: AnswerInput, comparedWith: string | null): TopologyAnswer {
  const { nodes, edges, changes } = input;
  if (changes && comparedWith)
    return { status: changes.marks.size > 0 ? "attention" : "ok", text: changesInWords(changes, comparedWith) };
  const size = `${plural(input.services, "service")}, ${plural(input.dependencies, "dependency", "dependencies")}`;
  if (nodes.length === 0) return { status: "unmeasured", text: "Nothing is drawn yet." };
  if (input.liveError)
    return { status: "stale", text: `${size}; the traffic cannot be read at the moment. It is tried again by itself.` };
  if (input.isReading) return { status: "unmeasured", text: `${size}; reading the traffic.` };
  const failing = nodes.filter((node) => node.tone === "failing");
  const measured = nodes.filter((node) => node.tone !== "unmeasured");
  // What was plain text or slow is not what is: old figures are told as old.
  const isStale = measured.length > 0 && measured.every((node) => node.tone === "stale");
  const plainEdges = edges.filter((edge) => edge.line === "dotted" || edge.line === "dash-dot");
  const plain = plainEdges.length;
  const strangers = edges.filter((edge) => edge.warning?.includes("not drawn"));
  if (failing.length > 0)
    return {
      status: "failing",
      text: `${listInWords(failing.map((node) => node.title))} ${failing.length === 1 ? "is" : "are"} failing.`,
      about: idsOf(failing),
    };
  if (isStale) return { status: "stale", text: `${size}; what was measured is stale.` };
  if (plain > 0)
    return {
      status: "attention",
      text: `${plain === 1 ? endsOf(plainEdges[0]?.sentence) : plural(plain, "dependency", "dependencies")} ${plain === 1 ? "carries" : "carry"} plain text.`,
      about: idsOf(plainEdges),
    };
  if (strangers.length > 0)
    return {
      status: "attention",
      text: `${plural(strangers.length, "call")} seen that nobody drew.`,
      about: idsOf(strangers),
    };
  const slow = edges.filter((edge) => edge.tone === "failing" || edge.tone === "attention");
  if (slow.length > 0)
    return {
      status: "attention",
      text: `${plural(slow.length, "dependency", "dependencies")} ${slow.length === 1 ? "returns" : "return"} errors.`,
      about: idsOf(slow),
    };
  if (nodes.some((node) => node.tone === "stale"))
    return { status: "stale", text: `${size}; what was measured is stale.` };
  if (nodes.every((node) => node.tone === "unmeasured"))
    return { status: "unmeasured", text: `${size}, drawn; nothing is measured yet.` };
  return { status: "ok", text: `${size}: traffic flows as drawn.` };
}

/** "shipping to carrier-api" of a line's sentence. */
const endsOf = (sentence: string | undefined): string => sentence?.split(": ")[0] ?? "1 dependency";
