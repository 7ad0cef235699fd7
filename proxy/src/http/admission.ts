// What a request must be before anything decides about it. Rule: routes, RBAC and the upstream see one and the same path.

import type { HttpConnectionPlan } from "../plan/types";
import { normalizePath } from "../semantics";
import type { RequestHead } from "./h1/request-head";

const unusualPath = /[%\\]|\/[./]/;

/** Normalises the path in place; false: it cannot be. */
export function admitPath(head: RequestHead, plan: HttpConnectionPlan): boolean {
  const isAsked = plan.normalizePath || plan.mergeSlashes || plan.escapedSlashes !== "keep";
  if (!isAsked || !unusualPath.test(head.path)) return true;
  const path = normalizePath(head.path, plan);
  if (path === null) return false;
  head.path = path;
  return true;
}

/** Names with "_": some servers read them as "-". False: refused. */
export function admitUnderscores(head: RequestHead, plan: HttpConnectionPlan): boolean {
  if (plan.headersWithUnderscores === "allow") return true;
  for (let i = head.headers.length - 1; i >= 0; i--) {
    const name = head.headers.nameAt(i);
    if (!name.includes("_")) continue;
    if (plan.headersWithUnderscores === "reject") return false;
    head.headers.remove(name);
  }
  return true;
}
