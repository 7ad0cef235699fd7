// Istio: networking and security resources of v1, v1beta1 and v1alpha3 in, v1 out.
export type { ImportWarning, Understood } from "./context";
export { exportIstio, type IstioExport, type Loss } from "./export";
export { type ImportOptions, type IstioImport, importIstio, type KeptField } from "./import";
