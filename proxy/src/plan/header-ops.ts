// Header changes of one level (route config, virtual host, route, weighted cluster) as operations in order.
// One rule: removals come before additions, as in Envoy's HeaderParser.

import { HeaderValueOption_HeaderAppendAction as Action, type HeaderValueOption } from "../contract/messages";
import type { Scope } from "./scope";
import type { HeaderOp } from "./types";

/** Levels are given most specific first. */
export interface HeaderLevel {
  readonly requestHeaders: readonly HeaderOp[];
  readonly responseHeaders: readonly HeaderOp[];
}

interface HeaderFields {
  readonly requestHeadersToAdd: readonly HeaderValueOption[];
  readonly requestHeadersToRemove: readonly string[];
  readonly responseHeadersToAdd: readonly HeaderValueOption[];
  readonly responseHeadersToRemove: readonly string[];
}

export function headerLevel(message: HeaderFields, scope: Scope): HeaderLevel {
  return {
    requestHeaders: operations(message.requestHeadersToAdd, message.requestHeadersToRemove, "request", scope),
    responseHeaders: operations(message.responseHeadersToAdd, message.responseHeadersToRemove, "response", scope),
  };
}

/** All levels in the order in which Envoy applies them: the last one to touch a header wins. */
export function mergeLevels(levels: readonly HeaderLevel[], mostSpecificWins: boolean): HeaderLevel {
  const ordered = mostSpecificWins ? levels.toReversed() : levels;
  return {
    requestHeaders: ordered.flatMap(({ requestHeaders }) => requestHeaders),
    responseHeaders: ordered.flatMap(({ responseHeaders }) => responseHeaders),
  };
}

function operations(
  added: readonly HeaderValueOption[],
  removed: readonly string[],
  side: "request" | "response",
  scope: Scope,
): HeaderOp[] {
  const removals = removed.map((name, index) => headerRemoval(name, scope.item(`${side}_headers_to_remove`, index)));
  return [...removals, ...headerAdditions(added, `${side}_headers_to_add`, scope)];
}

/** Those that replace come first, as in Envoy's HeaderParser. */
export function headerAdditions(added: readonly HeaderValueOption[], field: string, scope: Scope): HeaderOp[] {
  const additions = added.flatMap((option, index) => headerAddition(option, scope.item(field, index)));
  const isOverwrite = ({ op }: HeaderOp): boolean => op === "set" || op === "set-if-present";
  return [...additions.filter(isOverwrite), ...additions.filter((op) => !isOverwrite(op))];
}

export function headerRemoval(name: string, scope: Scope): HeaderOp {
  checkName(name, scope);
  return { op: "remove", name: name.toLowerCase() };
}

function checkName(name: string, scope: Scope): void {
  if (name.startsWith(":") || name.toLowerCase() === "host") {
    scope.fail("pseudo-headers and host cannot be changed here; use the rewrites of the route");
  }
}

/** Empty where an empty value is not kept. */
export function headerAddition(option: HeaderValueOption, scope: Scope): HeaderOp[] {
  const { header } = option;
  if (!header) {
    return []; // the constraints report it
  }
  const at = scope.field("header");
  checkName(header.key, at.field("key"));
  if (header.value.replaceAll("%%", "").includes("%")) {
    at.field("value").fail("command operators are not supported by this proxy; write %% for a percent sign");
  }
  if (option.append !== undefined && option.appendAction !== Action.APPEND_IF_EXISTS_OR_ADD) {
    scope.field("append").fail("cannot be set together with append_action; keep append_action");
  }
  const value = header.value.replaceAll("%%", "%");
  if (value === "" && !option.keepEmptyValue) {
    return [];
  }
  return [
    { op: option.append === false ? "set" : OPERATIONS[option.appendAction], name: header.key.toLowerCase(), value },
  ];
}

const OPERATIONS = {
  [Action.APPEND_IF_EXISTS_OR_ADD]: "append",
  [Action.ADD_IF_ABSENT]: "add-if-absent",
  [Action.OVERWRITE_IF_EXISTS_OR_ADD]: "set",
  [Action.OVERWRITE_IF_EXISTS]: "set-if-present",
} as const;
