// AWS App Mesh: the JSON of its API in, for moving away, and out, in its last form.
export { appMesh } from "./dialect";
