// AWS App Mesh: the JSON of its API in, for moving away.
export { appMesh } from "./dialect";
