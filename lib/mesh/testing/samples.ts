// What tests begin from. The samples themselves are product code (the seed uses them) and live in ../samples.
export { demoMesh, demoPositions } from "../samples/demo";
export { emptyMesh } from "../samples/empty";
