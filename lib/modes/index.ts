// Adoption of the mesh service by service. Pure: the server feeds it what was seen, screens draw it.
// Screens take the steps from ./steps, which does not bring the simulator into the page.
export { type Adoption, adoptionOf, type Blocker, type PlaintextCalls } from "./adoption";
export { goToStep, optIn, optOut } from "./steps";
