// Redirects of routes: where to, with which code. Rule: a path that is redirected, with a query and with a port, and one that is not.

import { web } from "../config";
import type { Case, Config } from "../types";

const redirects = (id: string, redirect: Config, more: Partial<Case>, match: Config = { prefix: "/old" }): Case => ({
  id: `redirect ${id}`,
  config: web({ routes: [{ match, redirect }] }),
  run: (wire) => wire.calls(["/old", "/old/a?b=c", { path: "/old", headers: { host: "app.test:80" } }, "/none"]),
  ...more,
});

export const redirectCases: readonly Case[] = [
  redirects(
    "to a path",
    { path_redirect: "/new" },
    { proves: ["RedirectAction.path_redirect", "Route.redirect"].slice(0, 1) },
  ),
  redirects("to a path with a query", { path_redirect: "/new?q=1" }, {}),
  redirects("to another prefix", { prefix_rewrite: "/new" }, { proves: ["RedirectAction.prefix_rewrite"] }),
  redirects(
    "by a regex",
    { regex_rewrite: { pattern: { regex: "/o(l)d" }, substitution: "/\\1" } },
    {
      proves: ["RedirectAction.regex_rewrite"],
    },
  ),
  redirects("to https", { https_redirect: true }, { proves: ["RedirectAction.https_redirect"] }),
  redirects("to a scheme", { scheme_redirect: "HTTPS" }, { proves: ["RedirectAction.scheme_redirect"] }),
  redirects("to a host", { host_redirect: "new.test" }, { proves: ["RedirectAction.host_redirect"] }),
  redirects("to a port", { port_redirect: 8443 }, { proves: ["RedirectAction.port_redirect"] }),
  redirects(
    "without the query",
    { path_redirect: "/new", strip_query: true },
    { proves: ["RedirectAction.strip_query"] },
  ),
  ...["FOUND", "SEE_OTHER", "TEMPORARY_REDIRECT", "PERMANENT_REDIRECT"].map((code) =>
    redirects(
      `with ${code}`,
      { path_redirect: "/new", response_code: code },
      { proves: ["RedirectAction.response_code"] },
    ),
  ),
  {
    id: "redirect is required",
    config: web({ routes: [{ match: { prefix: "/" }, redirect: { path_redirect: "/x" }, name: "moved" }] }),
    run: (wire) => wire.call("/"),
    needs: ["Route.redirect"],
  },
];
