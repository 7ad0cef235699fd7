// The label of generated resources, where the exporters of this folder look for it.
export { GENERATED_LABEL } from "../shared/generated";
