// The label of resources that an export makes of drawn dependencies and mesh defaults.
// The rule: an import passes over them, for they come back from the design itself.
export const GENERATED_LABEL = "meshwright.dev/generated";
