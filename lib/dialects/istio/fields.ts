// The field reader of all dialects, under the name that the importers of this folder know.
export * from "../shared/fields";
