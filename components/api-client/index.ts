export { useBinding } from "./binding";
export { type Connection, useConnection } from "./connection";
export type * from "./dto";
export { listenForEvents } from "./events";
export { useCertificateChange, useGatewayCertificates } from "./gateway-certificates";
export { keys } from "./keys";
export * from "./queries";
export { type Answer, ApiError, get, type Problem, request, send } from "./request";
export { useSteady } from "./steady";
