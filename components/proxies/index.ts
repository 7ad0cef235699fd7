export { Proxies } from "./proxies";
