// What a deployment does, before it does it. Pure: the control plane carries it out.
export * from "./binding";
export { localEndpoints, localPlaces, type Places } from "./local-places";
export * from "./proxies";
export { changeSentences, type ResourceBytes } from "./sentences";
