// Gateway API v1.6 with GAMMA, standard and experimental channel: in and out.
export { gatewayApi } from "./dialect";
