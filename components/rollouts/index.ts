export { Rollouts } from "./rollouts";
