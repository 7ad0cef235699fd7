export { MeshAuthorizers } from "./authorizers/mesh-authorizers";
export { PolicyEditor } from "./edit/policy-editor";
export { NewPolicy } from "./list/new-policy";
export { Policies } from "./list/policies";
export { MeshTelemetry } from "./telemetry/mesh-telemetry";
