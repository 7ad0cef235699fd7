// Docker Compose: the services of a project in, for the first design of a mesh.
export { compose } from "./dialect";
