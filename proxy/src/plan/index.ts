// Pure entry point: Envoy v3 messages in, runtime plan out.
export * from "./types";
export { headerViewOf } from "./views";
