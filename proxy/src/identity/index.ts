// The proxy's identity and the checks of others'.
export { writeFileAtomic } from "./atomic-file";
export { BackOff } from "./back-off";
export { expectSpiffeId } from "./enroll-client";
export { type IdentityFile, readIdentityFile } from "./identity-file";
export { IdentityProvider } from "./identity-provider";
export type { Identity } from "./identity-store";
export { parseSpiffeId, type SpiffeId } from "./spiffe-id";
export { checkSvid, type Svid, type SvidCheck } from "./svid";
