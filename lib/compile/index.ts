// The compiler: design, binding, endpoints, rollout and overrides -> Envoy v3 resources of one proxy. Pure.
export { type BootstrapOptions, type BootstrapResult, compileStaticBootstrap, type IdentityFiles } from "./bootstrap";
export { compile } from "./compile";
export { encodeResources, resourceDigest, resourcesToJson, type VersionedResource } from "./resources";
export * from "./types";
