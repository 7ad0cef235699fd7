// Which requests have a line, as Istio says it (CEL over Envoy's attributes) and as the model does.
// The rule: an expression is read only where it is one of those that are written, whatever its spaces.
import type { AccessLog } from "@/lib/mesh";

type Filter = NonNullable<AccessLog["filter"]>;

const ERRORS = "response.code >= 400 || response.code == 0 || response.flags != 0";
const RANGE = /^response\.code>=(\d{3})(?:&&response\.code<(=?)(\d{3}))?$/;
const ONE = /^response\.code==(\d{3})$/;

export function expressionOf(filter: Filter): string {
  if (filter.type === "errors") return ERRORS;
  const from = `response.code >= ${filter.from}`;
  return filter.to === undefined ? from : `${from} && response.code <= ${filter.to}`;
}

/** null: it says what the model cannot. */
export function filterIn(expression: string): Filter | null {
  const bare = expression.replaceAll(/\s+/g, "");
  if (bare === ERRORS.replaceAll(" ", "")) return { type: "errors" };
  const [one, code] = ONE.exec(bare) ?? [];
  if (one) return { type: "status", from: Number(code), to: Number(code) };
  const [range, from, orEqual, to] = RANGE.exec(bare) ?? [];
  if (!range) return null;
  if (to === undefined) return { type: "status", from: Number(from) };
  return { type: "status", from: Number(from), to: Number(to) - (orEqual === "=" ? 0 : 1) };
}
