// The sentence over the topology. Rule: says the worst first, in numbers; says "not measured" when nothing was.
import { listInWords, plural } from "@/components/ui/format";
import type { Status } from "@/components/ui/status-words";
import { type Changes, changesInWords } from "./changes";

export interface AnswerInput {
  nodes: readonly { title: string; tone: Status; shape: string }[];
  edges: readonly { tone: Status; warning: string | null; line: string; sentence: string }[];
  /** Of the design, whatever is grouped on the picture. */
  services: number;
  dependencies: number;
  changes: Changes | null;
  /** Live state has not answered yet. */
  isReading: boolean;
  /** Live state could not be read. */
  liveError?: Error | null;
}

export function answerOf(input: AnswerInput, comparedWith: string | null): { status: Status; text: string } {
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
  const strangers = edges.filter((edge) => edge.warning?.includes("not drawn")).length;
  if (failing.length > 0)
    return {
      status: "failing",
      text: `${listInWords(failing.map((node) => node.title))} ${failing.length === 1 ? "is" : "are"} failing.`,
    };
  if (isStale) return { status: "stale", text: `${size}; what was measured is stale.` };
  if (plain > 0)
    return {
      status: "attention",
      text: `${plain === 1 ? endsOf(plainEdges[0]?.sentence) : plural(plain, "dependency", "dependencies")} ${plain === 1 ? "carries" : "carry"} plain text.`,
    };
  if (strangers > 0) return { status: "attention", text: `${plural(strangers, "call")} seen that nobody drew.` };
  const slow = edges.filter((edge) => edge.tone === "failing" || edge.tone === "attention").length;
  if (slow > 0)
    return {
      status: "attention",
      text: `${plural(slow, "dependency", "dependencies")} ${slow === 1 ? "returns" : "return"} errors.`,
    };
  if (nodes.some((node) => node.tone === "stale"))
    return { status: "stale", text: `${size}; what was measured is stale.` };
  if (nodes.every((node) => node.tone === "unmeasured"))
    return { status: "unmeasured", text: `${size}, drawn; nothing is measured yet.` };
  return { status: "ok", text: `${size}: traffic flows as drawn.` };
}

/** "shipping to carrier-api" of a line's sentence. */
const endsOf = (sentence: string | undefined): string => sentence?.split(": ")[0] ?? "1 dependency";
