// Istio: networking and security resources of v1, v1beta1 and v1alpha3 in, v1 out.
export { istio } from "./dialect";
export { exportIstio, type IstioExport } from "./export";
export { importIstio } from "./import";
