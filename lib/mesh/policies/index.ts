// Policies as people speak of them: kinds, effects in words, templates, shares, fields with descriptions. Pure.
export { effectOf, ruleEffect, targetOf, tcpRuleEffect } from "./effect";
export { type FieldChange, withField } from "./form";
export {
  familyOf,
  isPolicy,
  isPolicyKind,
  POLICY_FAMILIES,
  POLICY_WORDS,
  type PolicyFamily,
  type PolicyKind,
  type PolicyObject,
} from "./kinds";
export { fieldAt, fieldsAt, type SchemaField, valuesAt } from "./schema-tree";
export { withScope } from "./scope";
export { toPercents, withShare } from "./shares";
export { POLICY_TEMPLATES, type PolicyTemplate, type TemplateInput, type TemplateNeed } from "./templates";
