// Who may import whom: the arrows of ARCHITECTURE.md, by machine. `npm run boundaries` runs it; every rule here has a case in
// lib/start/boundaries.test.mjs that breaks it on purpose, because a rule that cannot fire protects nothing.
const PURE_FOLDERS = "mesh|analysis|compile|simulate|dialects|compliance|document|review|signals|modes|selection";
const PURE = `^lib/(${PURE_FOLDERS})/`;
const DEPLOY_PLAN = "^lib/deploy/";
const SERVER =
  "^lib/(data|auth|control-plane|agent|observability|start|demo|cli)/|^lib/(env|errors)\\.ts$|^lib/api/(?!schema/)";
const TEST =
  "\\.(integration\\.)?(test|spec)\\.(ts|tsx|mjs)$|/(testing|__golden__|fixtures)/|^e2e/|^proxy/(test|bench)/";
const NPM = [
  "npm",
  "npm-dev",
  "npm-peer",
  "npm-optional",
  "npm-bundled",
  "npm-no-pkg",
  "npm-unknown",
  "core",
  "unknown",
];
const npm = (...names) => `(^|node_modules/)(${names.join("|")})(/|$)`;
const PROXY_ENTRY = "^proxy/src/((contract|plan|semantics)/index|contract/bootstrap)\\.ts$";

const rule = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });

module.exports = {
  forbidden: [
    rule(
      "no-cycles",
      "a cycle has no order in which it can be read or tested",
      { pathNot: "^lib/data/generated/" },
      { circular: true },
    ),
    rule(
      "mesh-is-a-leaf",
      "the model is what everything else leans on",
      { path: "^lib/mesh/", pathNot: TEST },
      { path: "^(app|components|lib|proxy|prisma)/", pathNot: "^lib/mesh/" },
    ),
    rule(
      "pure-imports-pure",
      "pure folders run in the browser, the worker, the server and the CLI alike",
      { path: `${PURE}|${DEPLOY_PLAN}`, pathNot: TEST },
      {
        path: "^(app|components|lib|proxy|prisma)/",
        pathNot: `${PURE}|${DEPLOY_PLAN}|^lib/clock\\.ts$|${PROXY_ENTRY}`,
      },
    ),
    rule(
      "pure-npm-allow-list",
      "no Next, React, Prisma, network or Node in pure folders",
      { path: `${PURE}|${DEPLOY_PLAN}`, pathNot: TEST },
      {
        dependencyTypes: NPM,
        pathNot: npm("zod", "yaml", "canonicalize", "re2js", "@bufbuild/protobuf", "@noble/hashes"),
      },
    ),
    rule(
      "api-schema-is-pure",
      "request and answer shapes are shared with the browser",
      { path: "^lib/api/schema/", pathNot: TEST },
      { path: "^(app|components|lib|proxy|prisma)/", pathNot: `${PURE}|^lib/api/schema/` },
    ),
    rule(
      "components-reach-server-by-type-only",
      "server code must not end up in the browser",
      { path: "^components/" },
      { path: SERVER, dependencyTypesNot: ["type-only"] },
    ),
    rule(
      "surfaces-know-no-domain",
      "ui, charts and canvas can be understood and reused without knowing what a mesh is",
      { path: "^components/(ui|charts|canvas)/", pathNot: TEST },
      { path: "^(lib|app)/|^components/(?!(ui|charts|canvas)/)" },
    ),
    rule(
      "feature-surface-only",
      "a feature is used through its index, so that its inside can change",
      { path: "^components/([^/]+)/" },
      { path: "^components/[^/]+/", pathNot: "^components/($1|ui|charts|canvas)/|^components/[^/]+/index\\.tsx?$" },
    ),
    rule(
      "only-the-canvas-imports-react-flow",
      "one place adapts React Flow to us",
      { path: "^(app|components|lib)/", pathNot: "^components/canvas/" },
      { path: npm("@xyflow") },
    ),
    rule(
      "lib-knows-no-screen",
      "logic does not depend on what shows it",
      { path: "^lib/" },
      { path: "^(app|components)/" },
    ),
    rule("components-know-no-route", "routes render components", { path: "^components/" }, { path: "^app/" }),
    rule(
      "only-data-touches-prisma",
      "authorisation checks live in lib/data, so nothing may walk around it",
      { path: "^(app|components|lib|e2e)/", pathNot: "^lib/data/" },
      { path: `^prisma/|${npm("@prisma", "\\.prisma", "prisma")}|^lib/data/generated/` },
    ),
    rule(
      "proxy-is-standalone",
      "the proxy can be used without this application",
      { path: "^proxy/" },
      { path: "^(app|components|lib|prisma|e2e)/" },
    ),
    rule(
      "proxy-by-its-entry-points",
      "the application sees contract, plan and semantics of the proxy and nothing else",
      { path: "^(app|components|lib)/", pathNot: TEST },
      { path: "^proxy/", pathNot: PROXY_ENTRY },
    ),
    rule(
      "proxy-entry-points-are-pure",
      "what the browser's worker loads must not need Node",
      { path: "^proxy/src/(contract|plan|semantics)/", pathNot: TEST },
      { path: "^proxy/src/", pathNot: "^proxy/src/(contract|plan|semantics)/|^proxy/src/(errors|clock)\\.ts$" },
    ),
    rule(
      "no-test-code-in-product",
      "test helpers are allowed to be careless",
      { path: "^(app|components|lib|proxy)/", pathNot: TEST },
      { path: TEST },
    ),
    rule(
      "no-unresolved-import",
      "an import that resolves nowhere escapes all the rules above",
      { path: "^(app|components|lib|proxy/src|e2e)/", pathNot: "^lib/start/.*\\.mjs$" },
      { couldNotResolve: true, pathNot: "\\.css$" },
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(dist|proxy/dist|\\.next)/" },
    // Without these an import of the workspace by name stays unresolved and escapes the proxy rules.
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "types", "default"],
    },
    cache: { folder: "node_modules/.cache/dependency-cruiser", strategy: "content" },
  },
};
