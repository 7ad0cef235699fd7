export { Brand } from "./brand";
export { Home } from "./home";
export { CrashScreen, NotFoundScreen } from "./lost";
export { useMesh } from "./mesh-context";
export { MeshShell } from "./mesh-shell";
export { Providers } from "./providers";
export { useMe, useMeshes } from "./session";
export { useUrlParameters, useUrlState, useView } from "./use-view";
export { baseOf, rangeWord, sharedSearch, writeParameters } from "./view";
