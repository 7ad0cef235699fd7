// The operators of access log formats (%REQ(X)% and the like), parsed once. Rule: an operator that this proxy does not write is a violation.

import type { Scope } from "./scope";
import type { AccessLogOperator, AccessLogPart } from "./types";

/** Does the operator take an argument in parentheses? */
export const OPERATORS: Readonly<Record<AccessLogOperator, "none" | "header" | "optional">> = {
  BYTES_RECEIVED: "none",
  BYTES_SENT: "none",
  CONNECTION_TERMINATION_DETAILS: "none",
  DOWNSTREAM_DIRECT_REMOTE_ADDRESS: "none",
  DOWNSTREAM_LOCAL_ADDRESS: "none",
  DOWNSTREAM_PEER_URI_SAN: "none",
  DOWNSTREAM_REMOTE_ADDRESS: "none",
  DOWNSTREAM_TLS_VERSION: "none",
  DOWNSTREAM_TRANSPORT_FAILURE_REASON: "none",
  DURATION: "none",
  GRPC_STATUS: "none",
  GRPC_STATUS_NUMBER: "none",
  PROTOCOL: "none",
  REQ: "header",
  REQUEST_DURATION: "none",
  REQUESTED_SERVER_NAME: "none",
  RESP: "header",
  RESPONSE_CODE: "none",
  RESPONSE_CODE_DETAILS: "none",
  RESPONSE_DURATION: "none",
  RESPONSE_FLAGS: "none",
  ROUTE_NAME: "none",
  SPAN_ID: "none",
  START_TIME: "optional",
  TRACE_ID: "none",
  TRAILER: "header",
  UPSTREAM_CLUSTER: "none",
  UPSTREAM_HOST: "none",
  UPSTREAM_LOCAL_ADDRESS: "none",
  UPSTREAM_REQUEST_ATTEMPT_COUNT: "none",
  UPSTREAM_TRANSPORT_FAILURE_REASON: "none",
};

const OPERATOR = /^%([A-Z0-9_]+)(?:\(([^)]*)\))?(?::(\d+))?%/;

export function formatParts(text: string, scope: Scope): AccessLogPart[] {
  const parts: AccessLogPart[] = [];
  let literal = "";
  let rest = text;
  while (rest !== "") {
    const percent = rest.indexOf("%");
    literal += percent < 0 ? rest : rest.slice(0, percent);
    rest = percent < 0 ? "" : rest.slice(percent);
    if (rest.startsWith("%%")) {
      literal += "%";
      rest = rest.slice(2);
    } else if (rest !== "") {
      const found = OPERATOR.exec(rest);
      const part = found ? operatorPart(found) : null;
      if (!found || !part) {
        const name = found?.[0] ?? rest.slice(0, 40);
        scope.fail(`${name} is not supported by this proxy; use ${Object.keys(OPERATORS).join(", ")}`);
        return parts;
      }
      if (literal !== "") {
        parts.push({ literal });
        literal = "";
      }
      parts.push(part);
      rest = rest.slice(found[0].length);
    }
  }
  return literal === "" ? parts : [...parts, { literal }];
}

function operatorPart([, name = "", argument, maxLength]: RegExpExecArray): AccessLogPart | null {
  const takes = Object.hasOwn(OPERATORS, name) ? OPERATORS[name as AccessLogOperator] : undefined;
  const isWrong = !takes || (takes === "header" && !argument) || (takes === "none" && argument !== undefined);
  if (isWrong || (takes !== "header" && maxLength !== undefined)) {
    return null;
  }
  const [first = "", second] = takes === "header" ? (argument ?? "").toLowerCase().split("?") : [argument ?? ""];
  return {
    operator: name as AccessLogOperator,
    argument: first,
    alternative: second ?? null,
    maxLength: maxLength === undefined ? null : Number(maxLength),
  };
}
