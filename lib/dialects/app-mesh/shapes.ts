// What App Mesh's fields hold, by their names: numbers, texts, lists and objects.
// The rule: a value of another type is refused at its place; fields that nothing here reads are not looked at.
import type { Path } from "@/lib/mesh";
import { isRecord, type Sink } from "../shared/fields";

type Shape = "number" | "text" | "list" | "object";
const NAMES: Record<Shape, string> = {
  number: `port weight priority maxRetries maxConnections maxPendingRequests maxRequests maxServerErrors
    maxEjectionPercent start end healthyThreshold unhealthyThreshold intervalMillis timeoutMillis`,
  text: `protocol unit method virtualNodeName virtualRouterName virtualServiceName exact prefix suffix regex scheme`,
  list: `listeners backends weightedTargets headers queryParameters httpRetryEvents tcpRetryEvents grpcRetryEvents`,
  object: `portMapping connectionPool outlierDetection interval baseEjectionDuration httpRoute http2Route grpcRoute
    tcpRoute match action retryPolicy timeout perRequest perRetryTimeout idle provider target virtualService
    virtualRouter rewrite range healthCheck`,
};
const SHAPES = new Map(
  Object.entries(NAMES).flatMap(([shape, names]) => names.split(/\s+/).map((name) => [name, shape as Shape])),
);
const WORDS: Record<Shape, [message: string, fix: string]> = {
  number: ["must be a number", "Write a number, without quotes."],
  text: ["must be a text", "Put it in quotes."],
  list: ["must be a list", "Put it in brackets."],
  object: ["must be an object", "Write fields below it."],
};
const PROTOCOLS = ["http", "http2", "grpc", "tcp"];

/** One problem for each value that cannot be what its field says. */
export function tellShapes(value: unknown, path: Path, sink: Sink): void {
  if (Array.isArray(value)) {
    for (const [i, each] of value.entries()) tellShapes(each, [...path, i], sink);
  } else if (isRecord(value)) {
    for (const [name, each] of Object.entries(value)) tellField(name, each, value, [...path, name], sink);
  }
}

function tellField(name: string, value: unknown, holder: Record<string, unknown>, path: Path, sink: Sink): void {
  if (value === null || value === undefined) return;
  const shape = shapeOf(name, holder, path);
  if (shape && !isOf(shape, value)) {
    const [message, fix] = WORDS[shape];
    sink.problems.push({ path, message, fix });
  } else if (name === "protocol" && path.at(-2) === "portMapping" && !PROTOCOLS.includes(String(value))) {
    const message = `${JSON.stringify(value)} is no protocol of App Mesh`;
    sink.problems.push({ path, message, fix: `Write one of ${PROTOCOLS.join(", ")}.` });
  } else tellShapes(value, path, sink);
}

function shapeOf(name: string, holder: Record<string, unknown>, path: Path): Shape | undefined {
  // a duration has its unit beside it
  if (name === "value") return "unit" in holder ? "number" : undefined;
  if (name === "exact" && path.includes("subjectAlternativeNames")) return "list";
  if (name === "virtualNode") return path.includes("weightedTargets") ? "text" : "object";
  // of a gateway route, where `prefix` is what it is rewritten to
  return name === "prefix" && path.includes("rewrite") ? "object" : SHAPES.get(name);
}

function isOf(shape: Shape, value: unknown): boolean {
  if (shape === "list") return Array.isArray(value);
  if (shape === "object") return isRecord(value);
  return shape === "number" ? typeof value === "number" : typeof value === "string";
}
