// Adoption of the mesh service by service. Pure: the server feeds it what was seen, screens draw it.
export { type Adoption, adoptionOf, type Blocker, type PlaintextCalls } from "./adoption";
export { goToStep, optIn, optOut, STEP_WORDS, STEPS, type Step } from "./steps";
