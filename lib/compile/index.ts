// The compiler: design, binding, endpoints, rollout and overrides -> Envoy v3 resources of one proxy. Pure.
export { type BootstrapOptions, type BootstrapResult, compileStaticBootstrap, type IdentityFiles } from "./bootstrap";
export { compile, compileToBytes } from "./compile";
export { settledEndpoints } from "./places";
export { encodeResources, resourceDigest, resourcesToJson, type VersionedResource } from "./resources";
export { Reads } from "./run";
export { keepPieces } from "./shared";
export { comparedWith, type IsAnsweredAlike, takeOver } from "./touched";
export { storedCertificateSecret, storedClientsSecret } from "./transport";
export * from "./types";
