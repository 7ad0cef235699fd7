// The proxy's own identity: loaded, enrolled, renewed.
export { type IdentityFile, readIdentityFile } from "./identity-file";
export { IdentityProvider } from "./identity-provider";
export type { Identity } from "./identity-store";
