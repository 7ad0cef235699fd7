// What a deployment does, before it does it. Pure: the control plane carries it out.
export * from "./binding";
export { localEndpoints } from "./local-endpoints";
export * from "./proxies";
export { changeSentences, type ResourceBytes } from "./sentences";
