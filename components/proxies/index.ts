export { Proxies } from "./proxies";
export { resourcesInWords } from "./proxy-details";
export { certificateStatus, proxyState } from "./words";
